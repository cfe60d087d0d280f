// Owns the tests of delivery to Slack: over real HTTP, to a server that refuses what Slack refuses.
import { createServer as createTlsServer } from 'node:https'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSlack, slack } from '../../src/notify/slack.ts'
import { BLOCKS_LENGTH_MAX } from '../../src/notify/slack-blocks.ts'
import { collectGarbage } from '../garbage.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'
import { createConnectProxy } from './connect-proxy.ts'
import {
  type Bench,
  describeReceiver,
  expectNoSecret,
  failureOf,
  recordingLog,
  testContext,
} from './contract.ts'
import { listen, stop } from './listen.ts'
import { notificationOf } from './notifications.ts'
import { createSlackServer, type SlackServer } from './slack-server.ts'

const NEVER = new AbortController().signal
const TIMEOUTS = { connectMs: 5_000, totalMs: 5_000 }
/** Short enough for a test, long enough for a loaded machine to connect. */
const IMPATIENT = { connectMs: 5_000, totalMs: 300 }

type SlackBench = Bench & { readonly server: SlackServer; readonly down: () => Promise<void> }

const status = (code: number, body: string, headers = {}) => ({ status: code, body, headers })

describeReceiver<SlackBench>({
  type: 'slack',
  async open(context) {
    const server = await createSlackServer()
    const receiver = createSlack({ url: server.url }, context, TIMEOUTS)
    return {
      server,
      receiver,
      delivered: () =>
        server.requests
          .filter((request) => request.answer === '200 ok' && 'blocks' in request.payload)
          .map((request) => textsOf(request.payload).join('\n'))
          // Ours, and what breaks "@here" in the text; slack-blocks.test.ts looks at it.
          .map((text) => text.replaceAll('@\u200B', '@')),
      hang() {
        server.behave('hang')
        return server.arrived()
      },
      down: () => server.close(),
      async close() {
        await receiver.close()
        await server.close()
      },
    }
  },
  secrets: () => ['s3cr3tWebhookToken0123', 'T0123ABCD', '/services/'],
  failureNames: [
    '429 with a wait',
    '429 without a wait',
    '500',
    '502 of a gateway',
    '503 with a wait',
    '400 for blocks and for text',
    '403',
    '404',
    '410',
    'a redirect',
    'a log-in page with 200',
    'a cut connection',
  ],
  failures: ({ server }) => [
    {
      name: '429 with a wait',
      provoke: () => server.behave(status(429, 'rate_limited', { 'Retry-After': '7' })),
      expected: { reason: 'rate-limited', retryable: true, retryAfterMs: 7_000 },
    },
    {
      name: '429 without a wait',
      provoke: () => server.behave(status(429, 'rate_limited')),
      expected: { reason: 'rate-limited', retryable: true, retryAfterMs: undefined },
    },
    {
      name: '500',
      provoke: () => server.behave(status(500, 'rollup_error')),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: false },
    },
    {
      name: '502 of a gateway',
      provoke: () => server.behave(status(502, '<html>')),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: true },
    },
    {
      name: '503 with a wait',
      provoke: () => server.behave(status(503, '', { 'Retry-After': '20' })),
      expected: { reason: 'server-error', retryable: true, retryAfterMs: 20_000 },
    },
    {
      name: '400 for blocks and for text',
      provoke: () => server.behave(status(400, 'invalid_payload')),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: '403',
      provoke: () => server.behave(status(403, 'invalid_token')),
      expected: { reason: 'unauthorized', retryable: false },
    },
    {
      name: '404',
      provoke: () => server.behave(status(404, 'no_service')),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: '410',
      provoke: () => server.behave(status(410, 'channel_is_archived')),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: 'a redirect',
      provoke: () => server.behave(status(302, '', { Location: `${server.url}/x` })),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: 'a log-in page with 200',
      provoke: () => server.behave(status(200, '<html>Welcome to our guest network')),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: true },
    },
    {
      name: 'a cut connection',
      provoke: () => server.behave('cut'),
      expected: { reason: 'network', retryable: true, maybeAccepted: true },
    },
  ],
  heal: ({ server }) => server.behave(undefined),
  checkHarmless(delivered) {
    // What remains of < is ours: references, which the rule names.
    expect(delivered.replaceAll('<https://attack.mitre.org/techniques/T1485/>', '')).not.toMatch(
      /[<>]/,
    )
    expect(delivered.replace(/&(amp|lt|gt);/g, '')).not.toContain('&')
  },
  lengthMax: 16_000,
})

/** Every text of a payload: what could be parsed by Slack, wherever it is. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return []
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'text' && typeof inner === 'string' ? [inner] : textsOf(inner),
  )
}

describe('Slack', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })
  const openServer = async () => {
    const server = await createSlackServer()
    closing.push(() => server.close())
    return server
  }

  it('sends JSON once, with a text and blocks, without unfolding links', async () => {
    const server = await openServer()
    await createSlack({ url: server.url }, testContext(), TIMEOUTS).send(notificationOf(), NEVER)
    expect(server.requests).toHaveLength(1)
    const [request] = server.requests
    expect(request?.headers['content-type']).toBe('application/json')
    expect(request?.payload).toMatchObject({
      mrkdwn: false,
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    })
    expect(JSON.stringify(request?.payload.blocks).length).toBeLessThanOrEqual(BLOCKS_LENGTH_MAX)
    expect(request?.payload.text).toContain('[HIGH] mallory@example.com deleted 12 resources')
  })

  it.each(['hang', 'drip'] as const)('gives up when the server does not end: %s', async (how) => {
    const server = await openServer()
    server.behave(how)
    const receiver = createSlack({ url: server.url }, testContext(), IMPATIENT)
    const arrived = server.arrived()
    const sending = failureOf(receiver.send(notificationOf(), NEVER))
    await arrived
    await collectGarbage()
    const error = await sending
    expect(error).toMatchObject({ reason: 'timeout', retryable: true, maybeAccepted: true })
    expect(error.message).toBe('post to receiver secops: no answer in time')
  })

  it('says for sure that nothing arrived where nobody listens', async () => {
    const server = await createSlackServer()
    await server.close()
    const receiver = createSlack({ url: server.url }, testContext(), TIMEOUTS)
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'network', retryable: true, maybeAccepted: false })
    expect(error.message).toBe('post to receiver secops: no connection (ECONNREFUSED)')
  })

  it('repeats the word with which Slack refuses, and nothing longer', async () => {
    const server = await openServer()
    const receiver = createSlack({ url: server.url }, testContext(), TIMEOUTS)
    server.behave(status(404, 'no_service'))
    expect((await failureOf(receiver.send(notificationOf(), NEVER))).message).toBe(
      'post to receiver secops: 404 no_service',
    )
    server.behave(status(404, `<p>${server.url}</p>`))
    expect((await failureOf(receiver.send(notificationOf(), NEVER))).message).toBe(
      'post to receiver secops: 404',
    )
  })

  it('does not read an answer that has no end to its end', async () => {
    const server = await openServer()
    server.behave('flood')
    const receiver = createSlack({ url: server.url }, testContext(), TIMEOUTS)
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'server-error', message: 'post to receiver secops: 500' })
  })

  it('sends the text alone when Slack does not take the blocks', async () => {
    const server = await openServer()
    const { log, lines } = recordingLog()
    server.behave(status(400, 'invalid_blocks'))
    const receiver = createSlack({ url: server.url }, testContext({ log }), TIMEOUTS)
    const sending = failureOf(receiver.send(notificationOf(), NEVER))
    expect(await sending).toMatchObject({ reason: 'refused', retryable: false })
    const kinds = server.requests.map((request) => 'blocks' in request.payload)
    expect(kinds).toEqual([true, false])
    expect(lines.join('')).toContain('invalid_blocks')
  })

  it('asks the proxy for https, with a login that stays secret', async () => {
    const proxy = await createConnectProxy()
    closing.push(() => proxy.close())
    const { log, lines } = recordingLog()
    const url = 'https://hooks.slack.test/services/T0123ABCD/B0456EFGH/s3cr3tWebhookToken0123'
    const context = testContext({ log, httpsProxy: proxy.url })
    const error = await failureOf(
      createSlack({ url }, context, TIMEOUTS).send(notificationOf(), NEVER),
    )
    expect(proxy.targets).toEqual(['hooks.slack.test:443'])
    expect(error).toMatchObject({ reason: 'network', retryable: true })
    expectNoSecret([error], ['s3cr3t', 'pr0xyPassw0rd'], lines)
  })

  it('goes past the proxy to this machine over http', async () => {
    const proxy = await createConnectProxy()
    closing.push(() => proxy.close())
    const server = await openServer()
    const context = testContext({ httpsProxy: proxy.url })
    await createSlack({ url: server.url }, context, TIMEOUTS).send(notificationOf(), NEVER)
    expect(server.requests).toHaveLength(1)
    expect(proxy.targets).toEqual([])
  })

  it('goes past the proxy to the hosts that no_proxy names', async () => {
    const proxy = await createConnectProxy()
    closing.push(() => proxy.close())
    const server = await createSlackServer()
    await server.close()
    const url = server.url.replace('http:', 'https:')
    const context = testContext({ httpsProxy: proxy.url, noProxy: '127.0.0.1' })
    const error = await failureOf(
      createSlack({ url }, context, TIMEOUTS).send(notificationOf(), NEVER),
    )
    expect(proxy.targets).toEqual([])
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('trusts no certificate that nobody it knows has signed, also through a proxy', async () => {
    let asked = 0
    const server = createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, () => {
      asked += 1
    })
    const port = await listen(server)
    closing.push(() => stop(server))
    const proxy = await createConnectProxy(port)
    closing.push(() => proxy.close())
    const receivers = [
      createSlack({ url: `https://127.0.0.1:${port}/x` }, testContext(), TIMEOUTS),
      createSlack({ url: 'https://localhost/x' }, testContext({ httpsProxy: proxy.url }), TIMEOUTS),
    ]
    for (const receiver of receivers) {
      const error = await failureOf(receiver.send(notificationOf(), NEVER))
      expect(error).toMatchObject({ reason: 'network', retryable: true, maybeAccepted: false })
      expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    }
    expect(asked).toBe(0)
  })
})

describe('the configuration of Slack', () => {
  it.each([
    ['https', 'https://hooks.slack.com/services/T/B/x', true],
    ['http to this machine', 'http://127.0.0.1:8080/services/x', true],
    ['http to localhost', 'http://localhost/services/x', true],
    ['http to loopback in IPv6', 'http://[::1]:1/x', true],
    ['http to elsewhere', 'http://hooks.slack.com/services/T/B/x', false],
    ['http to a name that looks like loopback', 'http://127.0.0.1.evil.example/', false],
    ['a login in the URL', 'https://user:pass@hooks.slack.com/services/x', false],
    ['another scheme', 'file:///etc/passwd', false],
    ['no URL', 'T0123/B0456/x', false],
    ['nothing', '', false],
  ])('takes or refuses: %s', (_name, url, ok) => {
    expect(slack.schema.safeParse({ url }).success).toBe(ok)
  })

  it('says what is wrong without repeating the secret', () => {
    const outcome = slack.schema.safeParse({ url: 'http://hooks.slack.com/services/T/B/s3cr3t' })
    expect(JSON.stringify(outcome.error)).not.toContain('s3cr3t')
    expect(outcome.error?.issues[0]?.message).toContain('https://')
  })

  it('refuses keys it does not know, and describes itself for editors', () => {
    expect(slack.schema.safeParse({ url: 'https://a.example/', chanel: 'x' }).success).toBe(false)
    expect(z.toJSONSchema(slack.schema)).toMatchObject({ additionalProperties: false })
  })
})

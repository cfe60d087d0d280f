// Owns the tests of delivery to webhooks: over real HTTP, with a receiver that checks signatures as
// the standard's libraries do.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isLinkLocal, lookUpGuarded } from '../../src/notify/link-local.ts'
import { createWebhook, type WebhookConfig, webhook } from '../../src/notify/webhook.ts'
import { parseWebhookSecret } from '../../src/notify/webhook-secret.ts'
import { type Bench, describeReceiver, failureOf, testContext } from './contract.ts'
import { digestSample } from './message-kinds.ts'
import { notificationOf } from './notifications.ts'
import { createPostServer, type PostServer, type PostServerRequest } from './post-server.ts'

const NEVER = new AbortController().signal
const TIMEOUTS = { connectMs: 5_000, totalMs: 5_000 }
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G'
const PATH = '/hooks/s3cr3tPathOfTheHook'

/** What the standard says a receiver does (standard-webhooks/spec, "Verifying"). */
function hasValidSignature({ headers, body }: PostServerRequest, secret = SECRET): boolean {
  const id = String(headers['webhook-id'])
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`
  const wanted = createHmac('sha256', key).update(signed).digest()
  return String(headers['webhook-signature'])
    .split(' ')
    .map((one) => Buffer.from(one.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted))
}

const openServer = () =>
  createPostServer((request) => {
    if (request.method !== 'POST' || request.path !== PATH) return { status: 404 }
    return { status: hasValidSignature(request) ? 204 : 401 }
  })

type WebhookBench = Bench & { readonly server: PostServer }

const status = (code: number, headers = {}) => ({ status: code, headers })

describeReceiver<WebhookBench>({
  type: 'webhook',
  async open(context) {
    const server = await openServer()
    const config = { url: `${server.origin}${PATH}`, secret: SECRET }
    const receiver = createWebhook(config, context, { timeouts: TIMEOUTS })
    return {
      server,
      receiver,
      delivered: () =>
        server.requests.filter(({ answer }) => answer === '204 ').map(({ body }) => body),
      hang() {
        server.behave('hang')
        return server.arrived()
      },
      async close() {
        await receiver.close()
        await server.close()
      },
    }
  },
  secrets: () => ['MfKQ9r8GKYqrTwjU', 's3cr3tPathOfTheHook'],
  failureNames: ['429', '500', '502', '503', '408', '400', '401', '410', 'a redirect', 'a cut'],
  failures: ({ server }) => [
    {
      name: '429',
      provoke: () => server.behave(status(429, { 'Retry-After': '7' })),
      expected: { reason: 'rate-limited', retryable: true, retryAfterMs: 7_000 },
    },
    {
      name: '500',
      provoke: () => server.behave(status(500)),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: false },
    },
    {
      name: '502',
      provoke: () => server.behave(status(502)),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: true },
    },
    {
      name: '503',
      provoke: () => server.behave(status(503, { 'Retry-After': '20' })),
      expected: { reason: 'server-error', retryable: true, retryAfterMs: 20_000 },
    },
    {
      name: '408',
      provoke: () => server.behave(status(408)),
      expected: { reason: 'timeout', retryable: true },
    },
    {
      name: '400',
      provoke: () => server.behave(status(400)),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: '401',
      provoke: () => server.behave(status(401)),
      expected: { reason: 'unauthorized', retryable: false },
    },
    {
      name: '410',
      provoke: () => server.behave(status(410)),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: 'a redirect',
      provoke: () => server.behave(status(307, { Location: `${server.origin}${PATH}` })),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: 'a cut',
      provoke: () => server.behave('cut'),
      expected: { reason: 'network', retryable: true, maybeAccepted: true },
    },
  ],
  heal: ({ server }) => server.behave(undefined),
  checkHarmless(delivered) {
    expect(delivered).not.toContain('\n')
    expect(JSON.parse(delivered)).toMatchObject({ data: { receiver: 'secops' } })
  },
  lengthMax: 200_000,
  told: [
    '"severity":"high"',
    'mallory@example.com deleted 12 resources',
    'A-1042',
    'ionos-bulk-delete',
    '203.0.113.42',
    '31720001',
    '"count":12',
    '2026-11-20T09:14:07.000Z',
    'Ask the user',
    'operation is',
  ],
  reasonWords: (reason) => `"type":"alert.${reason}"`,
  noteWords: ['"possibleRepeat":true', '"disputed":true'],
})

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(
  over: Partial<WebhookConfig> = {},
  settings: Partial<Parameters<typeof createWebhook>[2]> = {},
) {
  const server = await openServer()
  const config = { url: `${server.origin}${PATH}`, secret: SECRET, ...over }
  const receiver = createWebhook(config, testContext(), { timeouts: TIMEOUTS, ...settings })
  closing.push(
    () => server.close(),
    () => receiver.close(),
  )
  return { server, receiver }
}

describe('a webhook', () => {
  it('has one id for all tries of a notice, and another for another', async () => {
    const { server, receiver } = await open()
    await receiver.send(notificationOf(), NEVER)
    await receiver.send(notificationOf({ possibleRepeat: true }), NEVER)
    await receiver.send(notificationOf({ reason: 'severity' }), NEVER)
    await receiver.send(digestSample(), NEVER)
    const ids = server.requests.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toMatch(/^msg_[0-9a-f]{40}$/)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual(ids)
  })

  it('is signed with each of its secrets, so that one can replace another', async () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const { server, receiver } = await open({ secret: [other, SECRET] })
    await receiver.send(notificationOf(), NEVER)
    const [request] = server.requests
    if (request === undefined) throw new Error('nothing arrived')
    expect(hasValidSignature(request)).toBe(true)
    expect(hasValidSignature(request, other)).toBe(true)
    expect(hasValidSignature({ ...request, body: `${request.body} ` })).toBe(false)
  })

  it('goes to no name that leads to a link-local address, whatever else it leads to', async () => {
    const answers: string[] = []
    const lookup: LookupFunction = lookUpGuarded((host, _options, callback) => {
      answers.push(host)
      callback(null, [{ address: '169.254.169.254', family: 4 }])
    })
    const url = 'https://metadata.example.com/latest'
    const { receiver } = await open({ url }, { lookup })
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(answers).toEqual(['metadata.example.com'])
    expect(error).toMatchObject({ reason: 'refused', retryable: false, maybeAccepted: false })
    expect(error.message).toBe(
      'post to receiver secops: its address is link-local, where nothing is sent',
    )
  })

  it('goes to the other addresses of such a name', async () => {
    const lookup: LookupFunction = lookUpGuarded((_host, _options, callback) => {
      callback(null, [
        { address: 'fe80::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ])
    })
    const { server } = await open()
    const url = `http://soar.example.com:${new URL(server.origin).port}${PATH}`
    const other = await open({ url, plainHttp: true }, { lookup })
    await other.receiver.send(notificationOf(), NEVER)
    expect(server.requests).toHaveLength(1)
  })

  const ADDRESSES: readonly (readonly [string, boolean])[] = [
    ['169.254.169.254', true],
    ['169.254.0.1', true],
    ['[fe80::1]', true],
    ['fe80::1%eth0', true],
    ['::ffff:169.254.169.254', true],
    ['[::ffff:a9fe:a9fe]', true],
    ['fd00:ec2::254', true],
    ['169.253.1.1', false],
    ['127.0.0.1', false],
    ['::1', false],
    ['10.0.0.1', false],
    ['example.com', false],
  ]
  it.each(ADDRESSES)('%s is link-local: %s', (address, expected) => {
    expect(isLinkLocal(address)).toBe(expected)
  })

  const CONFIGS: readonly (readonly [string, object, string | undefined])[] = [
    ['https', { url: 'https://soar.example.com/hook' }, undefined],
    ['http to this machine', { url: 'http://127.0.0.1:1234/hook' }, undefined],
    ['http to another', { url: 'http://soar.example.com/hook' }, 'plainHttp'],
    ['http on purpose', { url: 'http://soar/hook', plainHttp: true }, undefined],
    ['a link-local address', { url: 'https://169.254.169.254/' }, 'without a login'],
    ['a number that is one', { url: 'https://2852039166/' }, 'without a login'],
    ['a login in the address', { url: 'https://a:b@example.com/' }, 'without a login'],
    ['no address', { url: 'soar' }, 'https://'],
    ['a short secret', { secret: 'whsec_c2hvcnQ=' }, 'whsec_'],
    ['a secret that is no base64', { secret: 'whsec_this is no secret at all, is it?' }, 'whsec_'],
    ['no secret', { secret: undefined }, 'expected'],
  ]
  it.each(CONFIGS)('configured with %s', (_name, over, problem) => {
    const config = { url: 'https://soar.example.com/hook', secret: SECRET, ...over }
    const parsed = webhook.schema.safeParse(config)
    expect(parsed.success).toBe(problem === undefined)
    if (problem !== undefined) expect(JSON.stringify(parsed.error?.issues)).toContain(problem)
    expect(JSON.stringify(parsed.error ?? '')).not.toContain('c2hvcnQ')
  })

  it('takes a secret with or without its prefix, as the standard’s libraries do', () => {
    const bytes = parseWebhookSecret(SECRET)
    expect(bytes).toHaveLength(30)
    expect(parseWebhookSecret(SECRET.slice(6))).toEqual(bytes)
  })
})

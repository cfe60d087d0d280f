// Owns the tests of delivery to Slack with a bot token: over real HTTP, to a server that keeps
// messages, threads and updates as Slack's Web API does.
import { afterEach, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/core/alert.ts'
import { createSlackBot } from '../../src/notify/slack-bot.ts'
import { slack } from '../../src/notify/slack.ts'
import { type Bench, describeReceiver, failureOf, openMemory, testContext } from './contract.ts'
import { digestSample } from './message-kinds.ts'
import { alertOf, notificationOf } from './notifications.ts'
import { createSlackApi, type SlackApi } from './slack-api.ts'

const NEVER = new AbortController().signal
const TIMEOUTS = { connectMs: 5_000, totalMs: 5_000 }
const TOKEN = 'xoxb-0123456789-s3cr3tB0tT0ken'

type BotBench = Bench & { readonly api: SlackApi }

const refused = (error: string) => ({ status: 200, body: JSON.stringify({ ok: false, error }) })
const word = (name: string, reason: string, retryable: boolean, more = {}) => ({
  name,
  expected: { reason, retryable, ...more } as object,
})

const WORDS = [
  word('ratelimited', 'rate-limited', true),
  word('internal_error', 'server-error', true, { maybeAccepted: true }),
  word('service_unavailable', 'server-error', true, { maybeAccepted: false }),
  word('invalid_auth', 'unauthorized', false),
  word('missing_scope', 'unauthorized', false),
  word('is_archived', 'refused', false),
  word('not_in_channel', 'refused', false),
]

describeReceiver<BotBench>({
  type: 'slack',
  async open(context) {
    const api = await createSlackApi(TOKEN)
    const config = { token: TOKEN, channel: '#alerts', apiUrl: api.url }
    const receiver = createSlackBot(config, context, TIMEOUTS)
    return {
      api,
      receiver,
      // Threads repeat what the message says.
      delivered: () =>
        api.accepted
          .filter(({ thread_ts: thread }) => thread === undefined)
          .map((payload) => textsOf(payload).join('\n'))
          .map((text) => text.replaceAll('@\u200B', '@')),
      hang() {
        api.behave('hang')
        return api.arrived()
      },
      async close() {
        await receiver.close()
        await api.close()
      },
    }
  },
  secrets: () => [TOKEN, 's3cr3tB0tT0ken'],
  failureNames: [...WORDS.map(({ name }) => name), '429 with a wait', '500', 'a cut', 'a page'],
  failures: ({ api }) => [
    ...WORDS.map(({ name, expected }) => ({
      name,
      expected,
      provoke: () => api.behave(refused(name)),
    })),
    {
      name: '429 with a wait',
      provoke: () =>
        api.behave({ ...refused('ratelimited'), status: 429, headers: { 'Retry-After': '30' } }),
      expected: { reason: 'rate-limited', retryable: true, retryAfterMs: 30_000 },
    },
    {
      name: '500',
      provoke: () => api.behave({ status: 500 }),
      expected: { reason: 'server-error', retryable: true },
    },
    {
      name: 'a cut',
      provoke: () => api.behave('cut'),
      expected: { reason: 'network', retryable: true, maybeAccepted: true },
    },
    {
      name: 'a page',
      provoke: () => api.behave({ status: 200, body: '<html>Welcome' }),
      expected: { reason: 'server-error', retryable: true, maybeAccepted: true },
    },
  ],
  heal: ({ api }) => api.behave(undefined),
  checkHarmless(delivered) {
    expect(delivered.replaceAll('<https://attack.mitre.org/techniques/T1485/>', '')).not.toMatch(
      /[<>]/,
    )
    expect(delivered.replace(/&(amp|lt|gt);/g, '')).not.toContain('&')
  },
  lengthMax: 16_000,
})

function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'text' && typeof inner === 'string' ? [inner] : textsOf(inner),
  )
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open() {
  const api = await createSlackApi(TOKEN)
  closing.push(() => api.close())
  const memory = openMemory()
  const start = () => {
    const config = { token: TOKEN, channel: '#alerts', apiUrl: api.url }
    const receiver = createSlackBot(config, testContext({ memory }), TIMEOUTS)
    closing.push(() => receiver.close())
    return receiver
  }
  return { api, memory, start, receiver: start() }
}

describe('a message about an alert', () => {
  it('is one, kept up to date, and what happens later is in its thread', async () => {
    const { api, receiver } = await open()
    const reasons: Reason[] = ['first', 'severity', 'acknowledged', 'resolved']
    for (const reason of reasons) {
      const severity = reason === 'first' ? 'high' : 'critical'
      await receiver.send(notificationOf({ reason, alert: alertOf({ severity }) }), NEVER)
    }
    const [message, ...others] = api.messages()
    expect(others).toEqual([])
    expect(message?.text).toContain('[RESOLVED]')
    expect(message?.replies.map(({ text }) => text)).toEqual([
      'Severity rose to critical.',
      'Acknowledged: somebody takes care of it.',
      'Resolved.',
    ])
    expect(message?.replies.map(({ broadcast }) => broadcast)).toEqual([true, false, false])
  })

  it('is found again after a restart', async () => {
    const { api, receiver, start } = await open()
    await receiver.send(notificationOf(), NEVER)
    await receiver.close()
    await start().send(notificationOf({ reason: 'grown' }), NEVER)
    expect(api.messages()).toHaveLength(1)
  })

  it('that was sent, but not noted as sent, is not sent again', async () => {
    const { api, receiver } = await open()
    await receiver.send(notificationOf(), NEVER)
    await receiver.send(notificationOf({ possibleRepeat: true }), NEVER)
    expect(api.messages()).toHaveLength(1)
    expect(api.messages()[0]?.replies).toEqual([])
  })

  it('that somebody deleted comes anew', async () => {
    const { api, receiver } = await open()
    await receiver.send(notificationOf(), NEVER)
    api.deleteAll()
    await receiver.send(notificationOf({ reason: 'severity' }), NEVER)
    await receiver.send(notificationOf({ reason: 'resolved' }), NEVER)
    expect(api.messages()).toHaveLength(1)
    expect(api.messages()[0]?.replies).toHaveLength(1)
  })

  it('that was merged is closed where it is, and not told where it is not', async () => {
    const { api, receiver } = await open()
    const merged = alertOf({ state: 'resolved', resolution: 'merged' })
    await receiver.send(notificationOf({ reason: 'resolved', alert: merged }), NEVER)
    expect(api.messages()).toEqual([])
    await receiver.send(notificationOf(), NEVER)
    await receiver.send(notificationOf({ reason: 'resolved', alert: merged }), NEVER)
    expect(api.messages()[0]?.text).toContain('Resolved: merged into another alert.')
  })

  it('is sent as text alone when Slack does not take the blocks', async () => {
    const { api, receiver } = await open()
    api.refuseBlocks()
    await receiver.send(notificationOf(), NEVER)
    expect(api.messages()[0]?.text).toContain('[HIGH] mallory@example.com deleted 12 resources')
    expect(api.accepted[0]?.blocks).toEqual([])
  })

  it('stays delivered when it can not be remembered', async () => {
    const { api } = await open()
    const memory = {
      get: async () => undefined,
      set: async () => {
        throw new Error('Redis is away')
      },
    }
    const config = { token: TOKEN, channel: '#alerts', apiUrl: api.url }
    const receiver = createSlackBot(config, testContext({ memory }), TIMEOUTS)
    closing.push(() => receiver.close())
    await receiver.send(notificationOf(), NEVER)
    expect(api.messages()).toHaveLength(1)
  })

  it('of a digest, or a test, stands alone', async () => {
    const { api, receiver } = await open()
    await receiver.send(digestSample(), NEVER)
    await receiver.send(notificationOf({ reason: 'test' }), NEVER)
    await receiver.send(notificationOf({ reason: 'test' }), NEVER)
    expect(api.messages()).toHaveLength(3)
  })

  it('needs a token that Slack knows', async () => {
    const { api } = await open()
    const config = { token: 'xoxb-other', channel: '#alerts', apiUrl: api.url }
    const receiver = createSlackBot(config, testContext(), TIMEOUTS)
    closing.push(() => receiver.close())
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({
      reason: 'unauthorized',
      retryable: false,
      message: 'message to receiver secops: invalid_auth',
    })
  })
})

describe('Slack configured with', () => {
  const url = 'https://hooks.slack.com/services/T/B/x'
  const cases: readonly (readonly [string, object, boolean])[] = [
    ['a webhook', { url }, true],
    ['a token and a channel', { token: TOKEN, channel: 'C0123456789' }, true],
    ['a token and the name of a channel', { token: TOKEN, channel: '#alerts' }, true],
    [
      'a server of this machine',
      { token: TOKEN, channel: '#a', apiUrl: 'http://127.0.0.1:1' },
      true,
    ],
    ['both', { url, token: TOKEN, channel: '#alerts' }, false],
    ['a token alone', { token: TOKEN }, false],
    ['a channel alone', { channel: '#alerts' }, false],
    ['a token that is none', { token: 'secret', channel: '#alerts' }, false],
    ['a server elsewhere', { token: TOKEN, channel: '#a', apiUrl: 'https://example.com' }, false],
    ['nothing', {}, false],
  ]
  it.each(cases)('%s', (_name, config, fits) => {
    expect(slack.schema.safeParse(config).success).toBe(fits)
  })

  it('a token keeps the state of its messages, a webhook does not', () => {
    expect(slack.stateful({ token: TOKEN, channel: '#alerts' })).toBe(true)
    expect(slack.stateful({ url })).toBe(false)
  })
})

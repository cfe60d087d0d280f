// Owns the tests of delivery to PagerDuty: over real HTTP, to a server that refuses what the Events
// API refuses, and keeps incidents as it does.
import { afterEach, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/core/alert.ts'
import { createPagerduty, pagerduty } from '../../src/notify/pagerduty.ts'
import { sampleNotification } from '../../src/notify/sample.ts'
import { type Bench, describeReceiver, failureOf, testContext } from './contract.ts'
import { digestSample } from './message-kinds.ts'
import { alertOf, notificationOf } from './notifications.ts'
import {
  createPostServer,
  isObject,
  parseObject,
  type PostServer,
  type PostServerAnswer,
  type PostServerRequest,
} from './post-server.ts'

const NEVER = new AbortController().signal
const TIMEOUTS = { connectMs: 5_000, totalMs: 5_000 }
const KEY = 'R0UT1NGKEYR0UT1NGKEYR0UT1NGKEY00'
const EVENT_BYTES_MAX = 512 * 1024

/** The rules of developer.pagerduty.com/docs/send-alert-event, as far as they refuse something. */
function judge({ method, path, body }: PostServerRequest): PostServerAnswer {
  if (method !== 'POST' || path !== '/v2/enqueue') return { status: 404 }
  const event = parseObject(body)
  const refuse = (why: string) => ({
    status: 400,
    body: JSON.stringify({
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: [why],
    }),
  })
  if (event === undefined || body.length > EVENT_BYTES_MAX) return refuse('no event')
  if (event.routing_key !== KEY) return refuse(`unknown routing_key ${String(event.routing_key)}`)
  const { dedup_key: key, event_action: action, payload } = event
  if (typeof key !== 'string' || key.length > 255) return refuse('dedup_key')
  if (action === 'acknowledge' || action === 'resolve') return { status: 202 }
  if (action !== 'trigger') return refuse('event_action')
  if (!isObject(payload)) return refuse('payload')
  const { summary, source, severity } = payload
  const severities = ['critical', 'error', 'warning', 'info']
  if (typeof summary !== 'string' || summary === '' || summary.length > 1_024)
    return refuse('summary')
  if (typeof source !== 'string' || source === '') return refuse('source')
  if (!severities.includes(String(severity))) return refuse('severity')
  return { status: 202, body: JSON.stringify({ status: 'success', dedup_key: key }) }
}

type PagerdutyBench = Bench & { readonly server: PostServer }

const status = (code: number, headers = {}) => ({ status: code, headers })

describeReceiver<PagerdutyBench>({
  type: 'pagerduty',
  async open(context) {
    const server = await createPostServer(judge)
    const config = { routingKey: KEY, url: `${server.origin}/v2/enqueue` }
    const receiver = createPagerduty(config, context, TIMEOUTS)
    return {
      server,
      receiver,
      delivered: () =>
        server.requests
          .filter(({ answer }) => answer.startsWith('202'))
          .map(({ payload }) => textOf(payload)),
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
  secrets: () => [KEY],
  failureNames: ['429', '500', '503', '400', '403', 'a cut'],
  failures: ({ server }) => [
    {
      name: '429',
      provoke: () => server.behave(status(429, { 'Retry-After': '7' })),
      expected: { reason: 'rate-limited', retryable: true, retryAfterMs: 7_000 },
    },
    {
      name: '500',
      provoke: () => server.behave(status(500)),
      expected: { reason: 'server-error', retryable: true },
    },
    {
      name: '503',
      provoke: () => server.behave(status(503, { 'Retry-After': '20' })),
      expected: { reason: 'server-error', retryable: true, retryAfterMs: 20_000 },
    },
    {
      name: '400',
      provoke: () => server.behave({ status: 400, body: `unknown routing_key ${KEY}` }),
      expected: { reason: 'refused', retryable: false },
    },
    {
      name: '403',
      provoke: () => server.behave(status(403)),
      expected: { reason: 'unauthorized', retryable: false },
    },
    {
      name: 'a cut',
      provoke: () => server.behave('cut'),
      expected: { reason: 'network', retryable: true, maybeAccepted: true },
    },
  ],
  heal: ({ server }) => server.behave(undefined),
  checkHarmless(delivered) {
    // Plain text there; what could be a fake line of ours must not begin one.
    expect(delivered).not.toMatch(/^Bcc:/m)
  },
  lengthMax: 40_000,
  reasonWords(reason) {
    if (reason === 'acknowledged') return 'event_action: acknowledge'
    const closes = reason === 'resolved' || reason === 'withdrawn'
    return closes ? 'event_action: resolve' : `class: ${reason}`
  },
})

/** Every text of an event with its key, but for the routing key. */
function textOf(value: Readonly<Record<string, unknown>>): string {
  return Object.entries(value)
    .filter(([key]) => key !== 'routing_key')
    .map(([key, inner]) => (isObject(inner) ? textOf(inner) : `${key}: ${String(inner)}`))
    .join('\n')
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open() {
  const server = await createPostServer(judge)
  const config = { routingKey: KEY, url: `${server.origin}/v2/enqueue` }
  const context = testContext({ publicUrl: 'https://tocsin.example.com' })
  const receiver = createPagerduty(config, context, TIMEOUTS)
  closing.push(
    () => server.close(),
    () => receiver.close(),
  )
  return { server, receiver }
}

describe('an incident', () => {
  it('is one for all that happens to an alert, from trigger to resolve', async () => {
    const { server, receiver } = await open()
    const reasons: Reason[] = ['first', 'severity', 'acknowledged', 'grown', 'resolved']
    for (const reason of reasons) await receiver.send(notificationOf({ reason }), NEVER)
    const events = server.requests.map(({ payload }) => payload)
    expect(events.map(({ event_action: action }) => action)).toEqual([
      'trigger',
      'trigger',
      'acknowledge',
      'trigger',
      'resolve',
    ])
    expect(new Set(events.map(({ dedup_key: key }) => key))).toEqual(
      new Set(['tocsin-al_bulk_1042']),
    )
  })

  it('is closed when its alert is merged into another, or withdrawn', async () => {
    const { server, receiver } = await open()
    const merged = alertOf({ state: 'resolved', resolution: 'merged' })
    await receiver.send(notificationOf({ reason: 'resolved', alert: merged }), NEVER)
    await receiver.send(notificationOf({ reason: 'withdrawn' }), NEVER)
    const actions = server.requests.map(({ payload }) => payload.event_action)
    expect(actions).toEqual(['resolve', 'resolve'])
  })

  it('that was only a test is closed at once', async () => {
    const { server, receiver } = await open()
    await receiver.send(sampleNotification('secops', testContext().clock, 'UTC'), NEVER)
    const events = server.requests.map(({ payload }) => payload)
    expect(events.map(({ event_action: action }) => action)).toEqual(['trigger', 'resolve'])
    expect(events[1]?.dedup_key).toBe(events[0]?.dedup_key)
  })

  it('has severity, time, links and a key of bounded length', async () => {
    const { server, receiver } = await open()
    const id = 'x'.repeat(400)
    const alert = alertOf({ id, severity: 'critical' })
    await receiver.send(notificationOf({ alert }), NEVER)
    const [event] = server.requests.map(({ payload }) => payload)
    expect(event).toMatchObject({
      client: 'Tocsin',
      client_url: 'https://tocsin.example.com',
      payload: {
        severity: 'critical',
        source: 'contract 31720001',
        component: 'ionos-bulk-delete',
        timestamp: '2026-11-20T09:17:47.000Z',
      },
    })
    expect(String(event?.dedup_key).length).toBeLessThanOrEqual(255)
    expect(event?.links).toContainEqual({
      href: `https://tocsin.example.com/alerts/${id}`,
      text: 'Open',
    })
  })

  it('of a digest is one of its own', async () => {
    const { server, receiver } = await open()
    await receiver.send(digestSample(), NEVER)
    expect(server.requests[0]?.payload).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'tocsin-digest-secops-7',
      payload: { severity: 'critical', group: 'digest' },
    })
  })

  it('is not opened with a key that nobody knows, which stays secret', async () => {
    const server = await createPostServer(judge)
    closing.push(() => server.close())
    const routingKey = 'W0NGKEYW0NGKEYW0NGKEYW0NGKEY0000'
    const config = { routingKey, url: `${server.origin}/v2/enqueue` }
    const receiver = createPagerduty(config, testContext(), TIMEOUTS)
    closing.push(() => receiver.close())
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'refused', message: 'event to receiver secops: 400' })
  })

  const CONFIGS: readonly (readonly [string, object, boolean])[] = [
    ['a key', { routingKey: KEY }, true],
    ['a key of the EU', { routingKey: KEY, region: 'eu' }, true],
    ['a server of this machine', { routingKey: KEY, url: 'http://localhost:1/v2/enqueue' }, true],
    ['a server elsewhere', { routingKey: KEY, url: 'https://events.example.com/' }, false],
    ['a key that is none', { routingKey: 'key' }, false],
    ['no key', {}, false],
  ]
  it.each(CONFIGS)('configured with %s', (_name, config, fits) => {
    expect(pagerduty.schema.safeParse(config).success).toBe(fits)
  })
})

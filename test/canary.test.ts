// Owns the proof that the canary goes through the whole line, that one which does not arrive becomes
// an alert of the system, and that nothing of it is among what people see or count.
import { afterAll, describe, expect, it, vi } from 'vitest'
import { type Canary, createCanary } from '../src/canary.ts'
import { type CanaryLine, openCanaryLine } from '../src/canary-line.ts'
import { parseConfig } from '../src/config.ts'
import { CANARY_CONTRACT, canaryEntry, isCanaryDue, judgeCanary } from '../src/core/canary.ts'
import { createRouter, defaultRoute } from '../src/core/route.ts'
import { SYSTEM_CONTRACT } from '../src/core/system-rule.ts'
import { silentLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import type { Pipeline } from '../src/pipeline.ts'
import { createEntriesWorker } from '../src/queue/entries-worker.ts'
import { createEntriesQueue, type EntriesJob } from '../src/queue/queues.ts'
import { createKeys } from '../src/state/keys.ts'
import { createMemoryAlertActionStore } from '../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../src/state/memory-alerts.ts'
import { createMemoryCanaryStore } from '../src/state/memory-canary.ts'
import { createMemorySilenceStore } from '../src/state/memory-silences.ts'
import { openRedisStores } from '../src/state/redis.ts'
import { createRedisCanaryStore } from '../src/state/redis-canary.ts'
import type { CanaryStore, LeaseStore } from '../src/state/stores.ts'
import { createSystemAlerts } from '../src/system-alerts.ts'
import { createTeller } from '../src/teller.ts'
import { openTestRedis } from './state/redis.ts'

const START = Date.parse('2026-11-20T12:00:00Z')
const MINUTE = 60_000
const EVERY = 5 * MINUTE

const test = openTestRedis()
afterAll(() => test.close())

let prefixes = 0
const ownPrefix = (): string => {
  prefixes += 1
  return `${test.prefix}-${prefixes}`
}

const STORES: readonly (readonly [string, () => CanaryStore])[] = [
  ['memory', createMemoryCanaryStore],
  ['Redis', () => createRedisCanaryStore(test.redis, createKeys(ownPrefix()))],
]

/** Processes that send canaries over one store, and the alerts of all. */
function open(store: CanaryStore) {
  const alertState = createMemoryAlertState()
  const stored = createMemoryAlertStore(alertState)
  const alerts = createSystemAlerts({
    actions: createMemoryAlertActionStore(alertState),
    numbers: createMemoryNumberStore(),
    contracts: { add: async () => {}, list: async () => [] },
    teller: createTeller({
      router: createRouter(defaultRoute(['slack'])),
      mutes: new Map(),
      maintenance: [],
      silences: createMemorySilenceStore(),
      isStateful: () => false,
    }),
    announce: () => {},
    metrics: createMetrics(),
    log: silentLog,
  })
  const world = { now: START, sent: [] as EntriesJob[], holder: 'a', arrives: true }
  const clock = { now: () => world.now, sleep: async () => {} }
  const leases: LeaseStore = {
    hold: async (_name, owner) => owner === world.holder,
    release: async () => {},
  }
  const canary = (owner = 'a'): Canary =>
    createCanary({
      everyMs: EVERY,
      async send(job) {
        world.sent.push(job)
        if (world.arrives) await store.receive(job.readAt)
      },
      store,
      leases,
      alerts,
      clock,
      log: silentLog,
      owner,
    })
  const raised = async () =>
    (await stored.latest(SYSTEM_CONTRACT, 10)).map(({ rule, state }) => `${rule.id} ${state}`)
  /** Looks each 10 s for so long. */
  const pass = async (ms: number, ...canaries: readonly Canary[]) => {
    for (const end = world.now + ms; world.now < end; world.now += 10_000) {
      for (const one of canaries) await one.look()
    }
  }
  const told = async () =>
    (await stored.outbox(SYSTEM_CONTRACT, 10)).map(({ notification }) => notification.reason)
  return { world, canary, raised, pass, told }
}

describe.each(STORES)('the canary, remembered in %s,', (_name, openStore) => {
  it('is sent at once and then every five minutes, and says nothing while it arrives', async () => {
    const { world, canary, raised, pass } = open(openStore())
    await pass(20 * MINUTE, canary())
    expect(world.sent.map(({ readAt }) => (readAt - START) / MINUTE)).toEqual([0, 5, 10, 15])
    expect(await raised()).toEqual([])
  })

  it('becomes one alert when it does not arrive, which is over when one does', async () => {
    const { world, canary, raised, pass, told } = open(openStore())
    const one = canary()
    world.arrives = false
    await pass(5 * MINUTE, one)
    expect(await raised()).toEqual([])
    await pass(MINUTE, one)
    expect(await raised()).toEqual(['tocsin-canary-late open'])
    await pass(9 * MINUTE, one)
    expect(await told()).toEqual(['first'])
    world.arrives = true
    await pass(16 * MINUTE, one)
    expect(await raised()).toEqual(['tocsin-canary-late resolved'])
  })

  it('is sent again before a lost one is worth an alert', async () => {
    const { world, canary, raised, pass } = open(openStore())
    const one = canary()
    world.arrives = false
    await pass(MINUTE, one)
    world.arrives = true
    await pass(30 * MINUTE, one)
    expect(await raised()).toEqual([])
  })

  it('does not pile up while nothing moves', async () => {
    const { world, canary, pass } = open(openStore())
    world.arrives = false
    await pass(6 * 60 * MINUTE, canary())
    expect(world.sent.length).toBeLessThan(30)
  })

  it('is sent by one process of several, and its alert ended by whichever comes after', async () => {
    const { world, canary, raised, pass } = open(openStore())
    const both = [canary('a'), canary('b')]
    await pass(10 * MINUTE, ...both)
    expect(world.sent.length).toBe(2)
    world.arrives = false
    await pass(12 * MINUTE, ...both)
    expect(await raised()).toEqual(['tocsin-canary-late open'])
    world.holder = 'b'
    world.arrives = true
    await pass(16 * MINUTE, ...both)
    expect(await raised()).toEqual(['tocsin-canary-late resolved'])
  })

  it('that waited while no process ran is not late before these had their time', async () => {
    const store = openStore()
    await store.send(START - 600 * MINUTE)
    const { world, canary, raised, pass } = open(store)
    world.arrives = false
    const one = canary()
    await pass(4 * MINUTE, one)
    expect(await raised()).toEqual([])
    await pass(2 * MINUTE, one)
    expect(await raised()).toEqual(['tocsin-canary-late open'])
  })

  it('that arrives after a later one changes nothing', async () => {
    const store = openStore()
    await store.send(1_000)
    await store.receive(1_000)
    await store.send(2_000)
    await store.receive(1_000)
    expect(await store.state()).toEqual({ sentAt: 2_000, waitingSince: 2_000 })
    await store.receive(3_000)
    expect(await store.state()).toEqual({ sentAt: 2_000, waitingSince: undefined })
  })
})

it('a clock that was set back does not silence it', () => {
  const state = { sentAt: START, waitingSince: undefined }
  expect(isCanaryDue(state, EVERY, START - MINUTE)).toBe(true)
  expect(judgeCanary({ ...state, waitingSince: START }, 0, START - MINUTE)).toBeUndefined()
})

it.each([
  [undefined, EVERY],
  ['30s', 30_000],
  ['off', undefined],
  ['1s', 'refused'],
  [5, 'refused'],
])('canary.every %j means %j', (every, expected) => {
  const value = every === undefined ? {} : { canary: { every } }
  const { config } = parseConfig(value, {})
  expect(config === undefined ? 'refused' : config.canary.everyMs).toBe(expected)
})

const until = async (check: () => void | Promise<void>): Promise<void> =>
  await vi.waitFor(check, { timeout: 20_000, interval: 20 })

describe('on a real Redis', () => {
  /** The real queue, line, and delivery; the pipeline of entries must never see a canary. */
  function openLine() {
    const prefix = ownPrefix()
    const keys = createKeys(prefix)
    const stores = openRedisStores(test.redis, keys)
    const connections = {
      producer: test.redis,
      worker: test.connect('worker'),
      prefixOf: keys.queue,
    }
    const clock = { now: () => Date.now(), sleep: async () => {} }
    const metrics = createMetrics()
    const { detection } = parseConfig({}, {}).config ?? expect.unreachable()
    const line: CanaryLine = openCanaryLine({
      config: { redis: { url: undefined, prefix }, detection },
      redis: test.redis,
      connections,
      store: stores.canary,
      metrics,
      clock,
      random: () => 0.5,
    })
    const queue = createEntriesQueue({ connections, log: silentLog })
    const seen: unknown[] = []
    const work = (canary = line.pipeline) =>
      createEntriesWorker({
        connections,
        concurrency: 1,
        pipeline: {
          evaluate: async (job: EntriesJob) => void seen.push(job),
        } as unknown as Pipeline,
        canary,
        batches: { finish: async () => void seen.push('finished') },
        log: silentLog,
        onPoisoned: async () => void seen.push('poisoned'),
      })
    const send = async (at: number) => {
      await stores.canary.send(at)
      await queue.enqueueCanary({
        id: 'canary',
        contract: CANARY_CONTRACT,
        window: { from: at, to: at + 1 },
        readAt: at,
        entries: [canaryEntry(at)],
      })
    }
    const waits = async () => (await stores.canary.state()).waitingSince
    return { keys, stores, line, queue, work, send, waits, seen, metrics, prefix }
  }

  it('goes through queue, matcher, alert, outbox and delivery, and is timed', async () => {
    const { line, queue, work, send, waits, seen, metrics, stores, keys, prefix } = openLine()
    const worker = work()
    const stopDelivery = line.startWorker()
    const at = Date.now()
    await send(at)
    await until(async () => expect(await waits()).toBeUndefined())
    await send(at + 1)
    await until(async () => expect(await waits()).toBeUndefined())
    const text = await metrics.text()
    expect(text).toContain('tocsin_canary_seconds_count 2')
    expect(text).not.toMatch(
      /^tocsin_(events_evaluated|matches|alerts|notifications)_total\S* [1-9]/m,
    )
    // Nothing of it among entries, alerts, contracts, events, numbers, marks or ledgers.
    expect(seen).toEqual([])
    expect(await stores.contracts.list()).toEqual([])
    expect(await stores.alerts.latest(CANARY_CONTRACT, 10)).toEqual([])
    const names = await test.redis.keys(`*${prefix}*`)
    const others = names.filter(
      (name) => !name.includes(`${prefix}:canary`) && !name.startsWith(keys.queue('entries')),
    )
    expect(others).toEqual([])
    // One alert, however many there are of a day; all but BullMQ's own keys expire.
    const kept = names.filter((name) => name.includes(`${prefix}:canary:${CANARY_CONTRACT}}`))
    expect(kept.filter((name) => /group:[0-9a-f]+$/.test(name)).length).toBe(1)
    const lasting = await Promise.all(kept.map(async (name) => await test.redis.ttl(name)))
    expect(lasting.filter((ttl) => ttl < 0)).toEqual([])
    await worker.close()
    await stopDelivery()
    await line.close()
    await queue.close()
  })

  it('waits once on the queue while nobody evaluates, and is dropped where it is off', async () => {
    const { line, queue, work, send, waits, seen } = openLine()
    const at = Date.now()
    for (let more = 0; more < 5; more += 1) await send(at + more)
    expect(await queue.waiting()).toBe(1)
    const dropping = createDropping(work)
    await until(async () => expect(await queue.waiting()).toBe(0))
    await dropping.close()
    expect([seen, await waits()]).toEqual([[], at])
    await line.close()
    await queue.close()
  })

  it('that can not be judged makes way for the next', async () => {
    const { line, queue, work, send, seen } = openLine()
    const evaluate = async () => await Promise.reject(new Error('no'))
    const worker = work({ evaluate })
    await send(Date.now())
    await until(async () => {
      const counts = Object.values(await queue.counts())
      expect(counts.every((count) => count === 0)).toBe(true)
    })
    expect(seen).toEqual([])
    await worker.close()
    await line.close()
    await queue.close()
  })
})

/** A worker whose configuration says that there is no canary. */
function createDropping(work: (canary?: Pick<Pipeline, 'evaluate'>) => { close(): Promise<void> }) {
  return work({ evaluate: async () => undefined as never })
}

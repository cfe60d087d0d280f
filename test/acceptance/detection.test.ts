// Owns the proof that the service's alerts over time are a function of the log: fed with entries that
// come late, twice and shuffled, it ends with those of a backtest over the sorted log, and leaves no
// key that nobody knows. With SIGKILL: chaos/detection.mjs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Alert } from '../../src/core/alert.ts'
import type { TrailEntry } from '../../src/core/alert-action.ts'
import { digestEntry, digestOf } from '../../src/core/digest.ts'
import { isStanding } from '../../src/core/alert-group.ts'
import { openEnrichment } from '../../src/enrich/geo.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { createCanaryKeys, createKeys } from '../../src/state/keys.ts'
import { openRedisStores, type Stores } from '../../src/state/redis.ts'
import { createRedisMemory } from '../../src/state/redis-memory.ts'
import { backtest, ruleSetOf } from '../backtest/replay.ts'
import { familyNames, takeCensus } from '../chaos/key-census.mjs'
import { sampleAlert, sampleNotification } from '../state/sample.ts'
import { sampleSilence } from '../state/silence-store.contract.ts'
import { handClock, readShipped } from '../simulator/harness.ts'
import { openTestService, type TestService } from './service.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/detection')
const MINUTE_MS = 60_000
const LATE_MS = 30_000
/** The log begins so long ago, and is so long. */
const [AGO_MS, LENGTH_MS] = [20 * MINUTE_MS, 3 * MINUTE_MS]
const TWICE_AND_SHUFFLED = { duplicates: 0.3, shuffle: 'page' } as const
const WAIT_MS_MAX = 60_000

type Rule = { readonly id: string }

const rules: readonly Rule[] = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Rule,
)
const scenario = { ...readShipped('company'), historyMs: 0 }
const contracts = scenario.contracts.map(({ number }) => number)
const beginMs = Math.floor((systemClock.now() - AGO_MS) / 1_000) * 1_000
/** Turned by hand: what the log shows so far. */
const logClock = handClock(beginMs)

let service: TestService
beforeAll(async () => {
  const simulator = await createSimulator({
    scenario,
    seed: 'late, twice, shuffled',
    clock: logClock,
    startTimeMs: beginMs,
    log: silentLog,
    entriesPerMinute: 120,
    faults: { late: { probability: 0.4, ms: LATE_MS }, ...TWICE_AND_SHUFFLED },
  })
  const reading = { backfill: 'off', sweep: [{ every: '1s', reach: '30m' }] }
  service = await openTestService(Object.fromEntries(rules.map((rule) => [rule.id, rule])), {
    simulator,
    config: { ionos: reading, detection: { settle: '1s' } },
  })
}, WAIT_MS_MAX)
afterAll(() => service.close())

test(
  'late, doubled, shuffled: the alerts are those of a backtest over the sorted log',
  async () => {
    const stores = openRedisStores(service.redis.redis, createKeys(service.redis.prefix))
    const alerts = async (): Promise<readonly Alert[]> => {
      const found = await Promise.all(contracts.map((one) => stores.alerts.latest(one, 10_000)))
      return found.flat().filter(isStanding)
    }
    const until = (check: () => Promise<void>) =>
      vi.waitFor(check, { timeout: WAIT_MS_MAX, interval: 100 })
    await service.start({ roles: ['read', 'evaluate'] })

    // Bit by bit; by the service's clock all of it is long ago, so silences are believed at once
    // and must be taken back.
    for (const share of [0.4, 0.7]) {
      logClock.nowMs = beginMs + LENGTH_MS * share
      await until(async () => {
        const lasts = (await alerts()).map(({ last }) => last)
        expect(Math.max(...lasts)).toBeGreaterThan(logClock.nowMs - LATE_MS)
      })
    }
    const endMs = beginMs + LENGTH_MS
    logClock.nowMs = endMs
    // Nothing happens any more, and what is still late shows up.
    service.simulator.setFaults(TWICE_AND_SHUFFLED)
    const wanted = await ofBacktest(service, endMs)

    expect(new Set(wanted.map(([rule]) => rule))).toEqual(new Set(rules.map(({ id }) => id)))
    await until(async () => expect((await alerts()).map(ofService).sort(compare)).toEqual(wanted))
  },
  2 * WAIT_MS_MAX,
)

test(
  'every key is one that keys.ts knows, and ends by itself',
  async () => {
    const { redis, prefix } = service.redis
    const keys = [createKeys(prefix), createCanaryKeys(prefix)]
    await service.start({ roles: ['notify'] })
    await doWhatIsRare(openRedisStores(redis, createKeys(prefix)), contracts[0] ?? '')
    await createRedisMemory(redis, createKeys(prefix), 'slack').set('A-1000', 'here')
    await vi.waitFor(
      async () => {
        const { counts, unknown, endless, orphans } = await takeCensus(redis, { prefix, keys })
        expect({ unknown, endless, orphans }).toEqual({ unknown: [], endless: [], orphans: [] })
        const missing = familyNames(createKeys(prefix)).filter((name) => counts[name] === undefined)
        expect(missing.filter((name) => !FLEETING.includes(name))).toEqual([])
      },
      { timeout: WAIT_MS_MAX, interval: 500 },
    )
  },
  2 * WAIT_MS_MAX,
)

/** Gone as soon as the service did what they wait for, or like keys of another name. */
const FLEETING = ['unproven', 'batches', 'batchCounts', 'timers', 'digestDeliveries']

/** Transitions that minutes of the service do not show. */
async function doWhatIsRare(stores: Stores, contract: string): Promise<void> {
  const [from, at] = [beginMs, systemClock.now()]
  const fence = (await stores.readLeases.acquire(contract, 60_000)) ?? 1
  const spans = [0, 1, 2].map((n) => ({ from: from + n * 1_000, to: from + (n + 1) * 1_000 }))
  const counts = { total: 2, known: 1, entries: 1, fresh: 1, at }
  for (const window of spans) {
    await stores.reads.finishWindow(contract, { window, proven: false, ...counts }, fence)
  }
  await stores.reads.giveUp(contract, spans.slice(0, 1))
  await stores.reads.prove(contract, spans[1] ?? { from, to: from }, at, fence)
  await stores.history.tell(contract)
  const [span = { from, to: from }] = spans
  const entries = [{ id: 'poison', time: from }]
  const batch = { id: 'batch', window: span }
  for (const id of ['batch', 'lasting']) {
    await stores.batches.announce(contract, { id, time: from }, fence)
    const found = entries.map((entry) => ({ ...entry, id, usable: true, delaySeconds: 1 }))
    await stores.batches.remember(contract, { window: span, batch: id, entries: found }, fence)
  }
  await stores.batches.poison(contract, { ...batch, span, entries, at })
  await stores.deadLetters.add(contract, [{ reason: 'no-time', text: '{}', at }])
  const trail = [{ alertId: 'a-1', entry: TRAIL_ENTRY }]
  await stores.actions.change(contract, {
    ...{ group: 'rare', version: 0, alerts: [sampleAlert({ contract })], trail },
    notifications: [],
  })
  await stores.silences.add(sampleSilence({ endsAt: at + 60_000 }), at)
  await stores.silences.handleEnds(at)
  await stores.canary.send(at)
  await stores.leases.hold('rare', 'me', 60_000)
  await stores.ruleStats.add(at, { events: 1, rules: new Map() })
  await doDigests(stores, at)
  const notice = sampleNotification()
  await stores.deliveries.begin(notice, at)
}

/** A digest that is open, and one that is closed and waits. */
async function doDigests({ digests, deliveries }: Stores, at: number): Promise<void> {
  const receiver = { name: 'rare', budget: { count: 1, withinMs: 60_000 } }
  const admit = async (names: readonly string[], when: number) => {
    const requests = names.map((name) => ({
      passage: 'normal' as const,
      notification: sampleNotification({ id: name, receiver: 'rare' }),
    }))
    await digests.admit(receiver, requests, when)
  }
  await admit(['n-1', 'n-2'], at)
  await digests.closeDue(receiver, at + 600_000)
  await admit(['n-3', 'n-4', 'n-5'], at + 600_001)
  const notice = digestOf([digestEntry(sampleNotification())], {
    ...{ id: 'digest-rare-1', receiver: 'rare', cause: 'budget', sequence: 1, createdAt: at },
    from: at,
  } as const)
  await deliveries.begin(notice, at)
}

const TRAIL_ENTRY: TrailEntry = {
  ...{ by: 'anna', from: 'cli', at: 1, action: 'acknowledge' },
  ...{ stateBefore: 'open', stateAfter: 'acknowledged' },
}

type Line = readonly [rule: string, contract: string, ...rest: (string | number)[]]

/** A backtest over all that the log holds, in the order of time. */
async function ofBacktest({ simulator }: TestService, endMs: number): Promise<readonly Line[]> {
  const { lookUp } = await openEnrichment({
    country: 'builtin',
    asn: 'builtin',
    city: undefined,
    clock: systemClock,
    log: silentLog,
  })
  const entries = contracts.flatMap((one) => simulator.entriesHeld(one, { from: 0, to: endMs + 1 }))
  const markMs = systemClock.now()
  return await backtest(
    [entries],
    [ruleSetOf(rules)],
    ({ alerts }) =>
      (alerts[0] ?? [])
        .map(({ rule, contract = '', group, first, last, count, severity }): Line => {
          const shared = JSON.stringify(Object.values(group).map(String))
          return [rule, contract, shared, first, last, count, severity]
        })
        .sort(compare),
    { ending: { markMs, settleMs: 1_000 }, lookUp },
  )
}

function ofService({ rule, contract, group, first, last, count, severity }: Alert): Line {
  const [from, to] = [first, last].map((ms) => new Date(ms).toISOString())
  const shared = JSON.stringify(group.map(({ value }) => value))
  return [rule.id, contract, shared, from ?? '', to ?? '', count, severity]
}

function compare(one: Line, other: Line): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
}

// Owns the promise of the demo: several kinds of attack within 30 s, and new ones for as long as it runs.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createCalendar } from '../../src/core/calendar.ts'
import { normalizeEntry } from '../../src/core/normalize.ts'
import { isObject } from '../../src/core/shape.ts'
import { silentLog } from '../../src/observe/log.ts'
import { loadRuleSet } from '../../src/ruleset.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { alertsOf } from './alerts-of.ts'
import { CONTRACT, handClock, readShipped, START_MS } from './harness.ts'

const WINDOW_MS = 30_000
const HOUR_MS = 3_600_000

type Attack = { readonly kind: string; readonly user: string; readonly timeMs: number }

/** What a responder would call it, from what an entry says by itself; undefined: nothing special. */
function nameAttack(entry: unknown): Attack | undefined {
  if (!isObject(entry) || !isObject(entry['event']) || !isObject(entry['principal']))
    return undefined
  const { type, param } = entry['event']
  const { identity } = entry['principal']
  const user = isObject(identity) ? String(identity['username']) : 'unknown'
  const { action, uri, error } = isObject(param) ? param : {}
  const asked = `${String(action)} ${String(uri).replace(/^https:\/\/[^/]+/, '')}`
  const meta = entry['meta']
  const timeMs = Date.parse(isObject(meta) ? String(meta['time']) : '')
  if (type === 'GenerateToken') return { kind: 'token', user, timeMs }
  if (type === 'Error') {
    const refused = isObject(error) && /^40[13]$/.test(String(error['httpStatus']))
    return refused ? { kind: 'refused', user, timeMs } : undefined
  }
  if (type !== 'RequestAccepted') return undefined
  const kind = REQUESTS.find(([, pattern]) => pattern.test(asked))?.[0]
  return kind === undefined ? undefined : { kind, user, timeMs }
}

const REQUESTS: readonly (readonly [string, RegExp])[] = [
  ['user created', /^POST \/cloudapi\/v6\/um\/users$/],
  ['user deleted', /^DELETE \/cloudapi\/v6\/um\/users\/[\w-]+$/],
  ['data center deleted', /^DELETE \/cloudapi\/v6\/datacenters\/[\w-]+$/],
  ['snapshot created', /^POST .*\/create-snapshot$/],
  ['firewall rule changed', /^PATCH .*\/firewallrules\/[\w-]+$/],
  ['firewall rule removed', /^DELETE .*\/firewallrules\/[\w-]+$/],
  ['public address reserved', /^POST \/cloudapi\/v6\/ipblocks$/],
  ['storage key made', /^POST .*\/s3keys$/],
  ['backup unit deleted', /^DELETE .*\/backupunits\/[\w-]+$/],
]
const KINDS = [...REQUESTS.map(([kind]) => kind), 'token', 'refused']

async function attacksWithin(
  fromMs: number,
  toMs: number,
  seed: number | string,
  startTimeMs = START_MS,
) {
  const scenario = readShipped('demo')
  const simulator = await createSimulator({
    scenario,
    seed,
    clock: handClock(startTimeMs),
    log: silentLog,
  })
  const entries = simulator.entriesHeld(CONTRACT, { from: fromMs, to: toMs })
  return entries.map(nameAttack).filter((attack) => attack !== undefined)
}

test.each([1, 2, 'demo', 'other'])(
  'seed %s: at least five kinds within 30 s of the start',
  async (seed) => {
    const kinds = new Set(
      (await attacksWithin(START_MS, START_MS + WINDOW_MS, seed)).map(({ kind }) => kind),
    )
    expect(kinds.size).toBeGreaterThanOrEqual(5)
  },
)

test('every kind of the demo comes within three minutes', async () => {
  const kinds = new Set(
    (await attacksWithin(START_MS, START_MS + 180_000, 1)).map(({ kind }) => kind),
  )
  expect([...kinds].sort()).toEqual([...KINDS].sort())
})

test.each([0, 100])(
  'from hour %i on: in each window of 30 s somebody new does something',
  async (hour) => {
    const beginMs = START_MS + hour * HOUR_MS
    const found = await attacksWithin(Math.max(START_MS, beginMs - HOUR_MS), beginMs + HOUR_MS, 1)
    const last = new Map<string, number>()
    const newAt: number[] = []
    for (const { kind, user, timeMs } of found) {
      const before = last.get(`${kind} ${user}`)
      last.set(`${kind} ${user}`, timeMs)
      // Within the default quiet time an alert only grows.
      if (timeMs >= beginMs && (before === undefined || timeMs - before > HOUR_MS))
        newAt.push(timeMs)
    }
    const windows = new Set(newAt.map((timeMs) => Math.floor((timeMs - beginMs) / WINDOW_MS)))
    expect(windows.size).toBe(HOUR_MS / WINDOW_MS)
  },
)

/** Who does something in the first five minutes. */
async function usersFrom(startTimeMs: number): Promise<ReadonlySet<string>> {
  const found = await attacksWithin(startTimeMs, startTimeMs + 5 * 60_000, 1, startTimeMs)
  return new Set(found.map(({ user }) => user))
}

test('a demo that is started again goes on with other names', async () => {
  const [first, second] = [await usersFrom(START_MS), await usersFrom(START_MS + 11 * 60_000)]
  const staff = /^(anna|tom|lea|murat|sofie|jan)\./
  expect([...first].filter((user) => second.has(user) && !staff.test(user))).toEqual([])
})

test('the hour before the start looks like an ordinary one', async () => {
  const found = await attacksWithin(START_MS - HOUR_MS, START_MS, 1)
  expect(found.length).toBeLessThan(15)
})

test('three days of history hold attacks too, a few a day', async () => {
  const found = await attacksWithin(START_MS - 3 * 24 * HOUR_MS, START_MS, 1)
  const users = new Set(found.map(({ user }) => user))
  expect(users.size).toBeGreaterThan(2)
  expect(users.size).toBeLessThan(25)
})

test('at the speed of the demo a minute has few enough entries to read them every second', async () => {
  const scenario = readShipped('demo')
  const simulator = await createSimulator({ scenario, seed: 1, clock: handClock(), log: silentLog })
  const entries = simulator.entriesHeld(CONTRACT, { from: START_MS, to: START_MS + HOUR_MS })
  expect(entries.length / 60).toBeGreaterThan(50)
  expect(entries.length / 60).toBeLessThan(400)
})

/** The rules the demo was written to show; later ones need not find anything in it. */
const RULES_SHOWN = [
  'ionos-api-token-generated',
  'ionos-backup-unit-deleted',
  'ionos-datacenter-deleted',
  'ionos-firewall-rule-changed',
  'ionos-public-ip-reserved',
  'ionos-request-refused',
  'ionos-snapshot-created',
  'ionos-storage-key-created',
  'ionos-user-created',
  'ionos-user-deleted',
]

test('the shipped rules find something in the first three minutes', async () => {
  const folders = [fileURLToPath(new URL('../../rules', import.meta.url))]
  const { ruleSet } = await loadRuleSet({ folders, schedules: new Map() })
  const scenario = readShipped('demo')
  const simulator = await createSimulator({ scenario, seed: 1, clock: handClock(), log: silentLog })
  const entries = simulator.entriesHeld(CONTRACT, { from: START_MS, to: START_MS + 180_000 })
  const calendar = createCalendar('UTC')
  const context = { contract: CONTRACT, readTimeMs: START_MS, calendar }
  const found = new Set(
    entries.flatMap((entry) => {
      const { event } = normalizeEntry(entry, context)
      return event === undefined ? [] : ruleSet.match(event).map((rule) => rule.id)
    }),
  )
  expect(RULES_SHOWN.filter((id) => !found.has(id))).toEqual([])
})

/** Rules that keep windows and show what they are for within three minutes. */
const WINDOWS_SHOWN = [
  'ionos-bulk-deletion',
  'ionos-impossible-travel',
  'ionos-many-addresses-reserved',
  'ionos-many-consoles-opened',
  'ionos-many-firewall-rules-changed',
  'ionos-many-kubeconfigs-fetched',
  'ionos-new-user-given-credentials',
  'ionos-probing-for-privileges',
  'ionos-recovery-removed-then-data',
  'ionos-token-used-elsewhere',
]
const TOLD = ['low', 'medium', 'high', 'critical']

test('rules that keep windows find something too, and all together are no flood', async () => {
  const scenario = readShipped('demo')
  const simulator = await createSimulator({ scenario, seed: 1, clock: handClock(), log: silentLog })
  const entriesWithin = (ms: number) =>
    simulator.entriesHeld(CONTRACT, { from: START_MS, to: START_MS + ms })
  const alerts = alertsOf(entriesWithin(180_000))
  const found = new Set(alerts.map(({ rule }) => rule.id))
  expect(WINDOWS_SHOWN.filter((id) => !found.has(id))).toEqual([])
  const told = alerts.filter(({ rule }) => TOLD.includes(rule.severity))
  expect(told.length / 3).toBeLessThanOrEqual(15)

  const first = alertsOf(entriesWithin(WINDOW_MS)).filter(({ rule }) =>
    TOLD.includes(rule.severity),
  )
  expect(first.length).toBeGreaterThanOrEqual(4)
})

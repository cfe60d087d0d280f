// Owns what bad input gets where time matters: events without a group, from a wrong clock, or too late are in
// no window, are metered, and stateless rules judge them all the same; a full group says "at least".
import { expect, test } from 'vitest'
import { createCalendar } from '../../src/core/calendar.ts'
import type { Event } from '../../src/core/event.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { buildRuleSet } from '../../src/ruleset.ts'
import { tellNobody } from '../../src/teller.ts'
import { eventAt } from '../oracle/event-at.ts'
import { openMemoryStores } from '../oracle/law.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 10, 26, 12)
const CONTRACT = '1'
const MEMBERS_MAX = 5

const conditions = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }
const RULES = [
  { id: 'each', title: 'Each one', severity: 'low', conditions, alert: { quiet: '0s' } },
  {
    ...{ id: 'many', title: 'Many', severity: 'low', conditions },
    detect: { kind: 'threshold', count: 2, within: '1h', groupBy: ['user'] },
  },
]

function open() {
  const { ruleSet, problems } = buildRuleSet(
    {
      files: RULES.map((rule) => ({
        ...{ path: `${rule.id}.json`, name: rule.id, role: 'rule' as const },
        text: JSON.stringify(rule),
      })),
      problems: [],
      version: 'test',
    },
    { schedules: new Map() },
  )
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  const ahead: number[] = []
  const metrics = createMetrics()
  const stores = openMemoryStores()
  const pipeline = createPipeline({
    ...stores,
    rules: () => ({
      ruleSet,
      explain: async () => ({
        why: { kind: 'all', verdict: true },
        exceptions: [],
        verdict: true,
      }),
    }),
    calendar: createCalendar('UTC'),
    marks: { evaluated: async () => NOW_MS, gaps: async () => [] },
    detection: { latenessMs: 26 * HOUR_MS, settleMs: 0, membersMax: MEMBERS_MAX },
    contracts: { add: async () => {}, list: async () => [CONTRACT] },
    teller: tellNobody,
    sayAhead: async (_contract, timeMs) => void ahead.push(timeMs),
    announce: () => {},
    clock: { now: () => NOW_MS, sleep: async () => {} },
    metrics,
    log: silentLog,
  })
  const feed = (events: readonly Event[]) =>
    pipeline.evaluateEvents({ contract: CONTRACT, readAt: NOW_MS }, events)
  const alertsOf = async (rule: string) => {
    const found = await stores.alerts.latest(CONTRACT, 100)
    return found.filter((alert) => alert.rule.id === rule)
  }
  const metered = async () => (await metrics.registry.metrics()).split('\n')
  return { feed, alertsOf, metered, ahead }
}

function deletions(count: number, agoMs: number, facts: Partial<Event>): readonly Event[] {
  return Array.from({ length: count }, (_, at) =>
    eventAt(`e${at}`, NOW_MS - agoMs + at * 1_000, { operation: 'delete', ...facts }),
  )
}

test.each([
  ['without a value of the group', 'no-group', 0, {}],
  ['more than an hour ahead of the clock', 'clock', -2 * HOUR_MS, { user: 'ann' }],
  ['later than `lateness`', 'late', 27 * HOUR_MS, { user: 'ann' }],
] as const)('events %s are in no window, and metered as %s', async (_, reason, agoMs, facts) => {
  const { feed, alertsOf, metered, ahead } = open()
  await feed(deletions(3, agoMs, facts))
  expect(await alertsOf('many')).toEqual([])
  expect((await alertsOf('each')).length).toBeGreaterThan(0)
  const line = (await metered()).find((one) => one.includes(`rule="many",reason="${reason}"`))
  expect(line).toMatch(/ 3$/)
  expect(ahead.length).toBe(reason === 'clock' ? 1 : 0)
})

test('a group with more members than there is room for still alerts, and says "at least"', async () => {
  const { feed, alertsOf } = open()
  for (const event of deletions(12, 600_000, { user: 'ann' })) await feed([event])
  const [alert, ...others] = await alertsOf('many')
  expect(others).toEqual([])
  expect(alert).toMatchObject({ atLeast: true })
  expect(alert?.count).toBeGreaterThanOrEqual(MEMBERS_MAX)
})

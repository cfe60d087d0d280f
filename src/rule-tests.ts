// Owns running the tests inside rules: the service's own pipeline on stores in memory, with a
// clock that stands where the test is. What a test says is core/rule-test.ts.
import type { Alert } from './core/alert.ts'
import { isStanding } from './core/alert-group.ts'
import type { Calendar } from './core/calendar.ts'
import type { Event, LookUp } from './core/event.ts'
import { createMatcher } from './core/match.ts'
import { type NormalizeContext, normalizeEntry } from './core/normalize.ts'
import type { Rule } from './core/rule.ts'
import { expandTest, type RuleTest, type TestEvent } from './core/rule-test.ts'
import { silentLog } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import type { RuleSet } from './ruleset.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from './state/memory-alerts.ts'
import { createMemoryAlertState, type MemoryAlertState } from './state/memory-alert-state.ts'
import { createMemoryWindowStore } from './state/memory-windows.ts'
import { tellNobody } from './teller.ts'
import { createExplain } from './why.ts'

export type RuleTestResult = {
  readonly rule: string
  readonly test: string
  readonly passed: boolean
  /** What was expected and what came instead; empty when it passed. */
  readonly failures: readonly string[]
}

/** The contract of every test: groups never reach across contracts. */
const TEST_CONTRACT = 'test'
/** As it is when nothing is configured. */
const DETECTION = { latenessMs: 26 * 3_600_000, settleMs: 900_000, membersMax: 10_000 }

/**
 * Runs all tests of a rule, alone: other rules of the set don't raise alerts in between. `lookUp`
 * is for raw entries; events of tests name what is known of their addresses.
 */
export async function runRuleTests(
  rule: Rule,
  ruleSet: RuleSet,
  calendar: Calendar,
  lookUp?: LookUp,
): Promise<readonly RuleTestResult[]> {
  const results: RuleTestResult[] = []
  for (const test of rule.tests) {
    const failures = await runTest(test, onlyRule(rule, ruleSet), { calendar, lookUp })
    results.push({ rule: rule.id, test: test.name, passed: failures.length === 0, failures })
  }
  return results
}

/**
 * The alerts that a rule alone raises of events, each with when it was read (ms), in this order.
 * Contracts are kept apart. Nothing is stored.
 */
export async function raiseAlone(
  rule: Rule,
  ruleSet: RuleSet,
  calendar: Calendar,
  events: readonly { readonly event: Event; readonly readAt: number }[],
): Promise<readonly Alert[]> {
  const groups = createMemoryAlertState()
  let now = 0
  const alone = onlyRule(rule, ruleSet)
  const pipeline = openPipeline({ ruleSet: alone, calendar, groups, now: () => now })
  const contracts = new Set<string>()
  for (const { event, readAt } of events) {
    now = readAt
    const contract = event.contract ?? TEST_CONTRACT
    contracts.add(contract)
    await pipeline.evaluateEvents({ contract, readAt }, [event])
  }
  for (const contract of contracts) await pipeline.advance(contract)
  return [...contracts].flatMap((contract) => groups.all(contract).filter(isStanding))
}

/** A rule under test runs, whatever its status says. */
function onlyRule(rule: Rule, ruleSet: RuleSet): RuleSet {
  const active: Rule = { ...rule, status: 'active' }
  const matcher = createMatcher([active], ruleSet)
  return { ...ruleSet, rules: [active], match: (event) => matcher.match(event) }
}

/** What turns raw entries into events. */
type Setting = Pick<NormalizeContext, 'calendar' | 'lookUp'>

async function runTest(test: RuleTest, ruleSet: RuleSet, setting: Setting): Promise<string[]> {
  const { given, events, startMs, endMs } = expandTest(test)
  const groups = createMemoryAlertState()
  let now = startMs
  const { calendar } = setting
  const pipeline = openPipeline({ ruleSet, calendar, groups, now: () => now })
  const feed = async (inputs: readonly TestEvent[]) => {
    for (const input of inputs) {
      now = input.arrivesMs
      const event = eventOf(input, setting)
      await pipeline.evaluateEvents({ contract: TEST_CONTRACT, readAt: now }, [event])
    }
    await pipeline.advance(TEST_CONTRACT)
    return groups.all(TEST_CONTRACT).filter(isStanding)
  }
  const before = await feed(given)
  await feed(events)
  now = Math.max(now, endMs)
  await pipeline.advance(TEST_CONTRACT)
  const after = groups.all(TEST_CONTRACT).filter(isStanding)
  const failures = before.length > 0 ? [`"given" raised ${listed(before)}, expected none`] : []
  return [...failures, ...compare(test, after)]
}

function openPipeline(parts: {
  readonly ruleSet: RuleSet
  readonly calendar: Calendar
  readonly groups: MemoryAlertState
  readonly now: () => number
}): Pipeline {
  const { ruleSet, calendar, groups, now } = parts
  const rules = { ruleSet, explain: createExplain(ruleSet) }
  return createPipeline({
    rules: () => rules,
    calendar,
    alerts: createMemoryAlertStore(groups),
    windows: createMemoryWindowStore(groups),
    // Whatever the test has shown by now was evaluated.
    marks: { evaluated: async () => now(), gaps: async () => [] },
    detection: DETECTION,
    numbers: createMemoryNumberStore(),
    contracts: { add: async () => {}, list: async () => [] },
    teller: tellNobody,
    announce: () => {},
    clock: { now, sleep: async () => {} },
    metrics: createMetrics(),
    log: silentLog,
  })
}

/** Facts that time alone decides are filled in, unless the test names them. */
function eventOf(input: TestEvent, setting: Setting): Event {
  if (input.kind === 'event') {
    const { weekday, hour, date } = setting.calendar.at(input.timeMs)
    const { event } = input
    return {
      ...event,
      weekday: event.weekday ?? weekday,
      hour: event.hour ?? hour,
      date: event.date ?? date,
    }
  }
  const context = { contract: undefined, readTimeMs: input.arrivesMs, ...setting }
  const { event } = normalizeEntry(input.entry, context)
  if (event === undefined) throw new Error('the entry of a test was checked to be an object')
  return event
}

function compare(test: RuleTest, alerts: readonly Alert[]): string[] {
  const failures: string[] = []
  if (alerts.length !== test.alerts) {
    failures.push(`expected ${test.alerts} alerts, got ${listed(alerts)}`)
  }
  const unmatched = [...alerts].sort((a, b) => a.first - b.first)
  for (const expected of test.expect) {
    const at = unmatched.findIndex(
      (alert) =>
        (expected.severity ?? alert.severity) === alert.severity &&
        (expected.title ?? alert.title) === alert.title &&
        (expected.count ?? alert.count) === alert.count,
    )
    if (at === -1) failures.push(`no alert like ${JSON.stringify(expected)}: got ${listed(alerts)}`)
    else unmatched.splice(at, 1)
  }
  return failures
}

function listed(alerts: readonly Alert[]): string {
  if (alerts.length === 0) return 'none'
  const shown = alerts
    .slice(0, 5)
    .map(({ severity, title, count }) => `[${severity}] ${JSON.stringify(title)} × ${count}`)
  const more = alerts.length > shown.length ? ` and ${alerts.length - shown.length} more` : ''
  return `${alerts.length}: ${shown.join(', ')}${more}`
}

// Owns the checks of the shipped rules as a pack; what each rule must alert on is in its own tests.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCalendar } from '../src/core/calendar.ts'
import type { Event } from '../src/core/event.ts'
import { normalizeEntry } from '../src/core/normalize.ts'
import { expandTest, type TestEvent } from '../src/core/rule-test.ts'
import { isRunning } from '../src/core/rule.ts'
import { techniquesOf } from '../src/core/rule-tags.ts'
import { runRuleTests } from '../src/rule-tests.ts'
import { loadRuleSet } from '../src/ruleset.ts'

const EVIDENCE = ['evidence.documented', 'evidence.seen', 'evidence.inferred']

/** Rules about who does it, or when, whatever it is: they match beside those about operations. */
const ABOUT_CIRCUMSTANCES: ReadonlySet<string> = new Set([
  'ionos-administrator-at-night',
  'ionos-change-without-user',
  'ionos-owner-account-used',
  'ionos-poller-does-more-than-read',
  'ionos-program-changes-access',
  'ionos-program-in-the-console',
  'ionos-request-refused',
  'ionos-user-created-outside-hours',
])

const calendar = createCalendar('UTC')
const { ruleSet, problems } = await loadRuleSet({
  folders: [join(import.meta.dirname, '..', 'rules')],
  schedules: new Map(),
})

function eventOf(input: TestEvent): Event {
  if (input.kind === 'event') return input.event
  const context = { contract: undefined, readTimeMs: input.arrivesMs, calendar }
  const { event } = normalizeEntry(input.entry, context)
  if (event === undefined) throw new Error('the test holds no entry')
  return event
}

test('the pack loads without an error or a warning', () => {
  expect(problems).toEqual([])
  expect(ruleSet.all.length).toBeGreaterThanOrEqual(60)
})

test('lists come with names and networks that nobody can have, so that a rule knows nothing before they are filled', () => {
  const items = [...ruleSet.lists.values()].flatMap(({ values }) => values)
  expect(ruleSet.lists.size).toBeGreaterThanOrEqual(5)
  expect(
    items.filter((item) => !/(@example\.com|^ZZ|^192\.0\.2\.0\/24)$/.test(String(item))),
  ).toEqual([])
})

describe.each(ruleSet.all.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  test.runIf(isRunning(rule))('passes its own tests', async () => {
    const results = await runRuleTests(rule, ruleSet, calendar)
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })

  test('shows what alerts and what does not, by facts and by raw entries', () => {
    expect(rule.tests.some(({ alerts }) => alerts > 0)).toBe(true)
    expect(rule.tests.some(({ alerts }) => alerts === 0)).toBe(true)
    const kinds = rule.tests.flatMap(({ events }) => events.map(({ input }) => input.kind))
    expect(new Set(kinds)).toEqual(new Set(['facts', 'entry']))
  })

  test('tells a responder why, what else it may be, and what to do', () => {
    expect(rule.description).toMatch(/\.$/)
    expect(rule.falsePositives?.length).toBeGreaterThan(0)
    expect(rule.references?.length).toBeGreaterThan(0)
    expect(rule.runbook?.split('\n').length).toBeGreaterThanOrEqual(3)
  })

  test('says how well the log is known to show it, and which technique it is', () => {
    expect(rule.tags?.filter((tag) => EVIDENCE.includes(tag))).toHaveLength(1)
    expect(techniquesOf(rule.tags ?? []).length).toBeGreaterThan(0)
  })

  test('counts no echo of a request: status updates and background work', () => {
    const events = rule.tests.flatMap((one) => expandTest(one).events.map(eventOf))
    const echoes = events.flatMap((event) =>
      ['RequestStatusUpdate', 'Provision'].map((type) => ({ ...event, type })),
    )
    const counted = echoes.filter((echo) => ruleSet.match(echo).some(({ id }) => id === rule.id))
    expect(counted).toEqual([])
  })

  test('is the only one about an operation to match what it matches', () => {
    if (rule.detect !== undefined || ABOUT_CIRCUMSTANCES.has(rule.id)) return
    const events = rule.tests.flatMap((one) => expandTest(one).events.map(eventOf))
    const found = events.map((event) => ruleSet.match(event).filter((one) => !one.detect))
    const own = found.filter((rules) => rules.includes(rule)).flat()
    const others = own.map(({ id }) => id).filter((id) => id !== rule.id)
    expect(others.filter((id) => !ABOUT_CIRCUMSTANCES.has(id))).toEqual([])
  })
})

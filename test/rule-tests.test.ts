// Owns the proof that a test inside a rule fails when the rule does not do what the test says.
import { describe, expect, it } from 'vitest'
import { createCalendar } from '../src/core/calendar.ts'
import { runRuleTests } from '../src/rule-tests.ts'
import { buildRuleSet } from '../src/ruleset.ts'

const DELETED = { user: 'ann', operation: 'delete' }
const READ = { user: 'ann', operation: 'read' }
const TWICE = { repeat: 2, every: '2h', event: DELETED }

/** Raises an alert for each deletion; two in an hour are one alert, which is then high. */
const RULE = {
  id: 'deleted',
  title: 'Something was deleted',
  severity: 'low',
  status: 'staged',
  conditions: { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] },
  alert: {
    title: '{{ user }} deleted {{ count }}',
    severity: [{ when: { count: 2 }, severity: 'high' }],
  },
}

async function failuresOf(test: object): Promise<readonly string[]> {
  const text = JSON.stringify({ ...RULE, tests: [{ name: 'it', ...test }] })
  const files = [{ role: 'rule' as const, name: 'deleted', path: 'deleted.json', text }]
  const loaded = buildRuleSet({ files, problems: [], version: 'v' }, { schedules: new Map() })
  expect(loaded.problems).toEqual([])
  const rule = loaded.ruleSet.all[0]
  if (rule === undefined) throw new Error('the rule must load')
  const results = await runRuleTests(rule, loaded.ruleSet, createCalendar('UTC'))
  return results.flatMap(({ failures }) => failures)
}

const ONE = '1: [low] "ann deleted 1" × 1'
const GROWN = '1: [high] "ann deleted 2" × 2'

const TABLE: readonly (readonly [name: string, test: object, failures: readonly string[]])[] = [
  ['an alert that is expected', { events: [DELETED], alerts: 1 }, []],
  ['a staged rule is tested as if it ran', { events: [DELETED], alerts: 1 }, []],
  ['an alert too many', { events: [DELETED], alerts: 0 }, [`expected 0 alerts, got ${ONE}`]],
  ['an alert too few', { events: [READ], alerts: 1 }, ['expected 1 alerts, got none']],
  [
    'one alert instead of two',
    { events: [DELETED, DELETED], alerts: 2 },
    [`expected 2 alerts, got ${GROWN}`],
  ],
  ['two alerts that lie apart', { events: [TWICE], alerts: 2 }, []],
  [
    'all that is expected of it',
    {
      events: [DELETED, DELETED],
      alerts: 1,
      expect: [{ severity: 'high', title: 'ann deleted 2', count: 2 }],
    },
    [],
  ],
  [
    'another severity',
    { events: [DELETED], alerts: 1, expect: [{ severity: 'high' }] },
    [`no alert like {"severity":"high"}: got ${ONE}`],
  ],
  [
    'another title',
    { events: [DELETED], alerts: 1, expect: [{ title: 'bob deleted 1' }] },
    [`no alert like {"title":"bob deleted 1"}: got ${ONE}`],
  ],
  [
    'another count',
    { events: [DELETED], alerts: 1, expect: [{ count: 2 }] },
    [`no alert like {"count":2}: got ${ONE}`],
  ],
  [
    'one alert is not two that are expected',
    { events: [TWICE], alerts: 2, expect: [{ count: 1 }, { severity: 'high' }] },
    [
      'no alert like {"severity":"high"}: got 2: [low] "ann deleted 1" × 1, [low] "ann deleted 1" × 1',
    ],
  ],
  [
    'given events that raise something',
    { given: [{ ...DELETED, at: '-2d' }], events: [READ], alerts: 0 },
    [`"given" raised ${ONE}, expected none`, `expected 0 alerts, got ${ONE}`],
  ],
]

describe('a test inside a rule', () => {
  it.each(TABLE)('tells of %s', async (_name, test, failures) => {
    expect(await failuresOf(test)).toEqual(failures)
  })
})

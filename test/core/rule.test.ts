// A rule as it is read: everything typed, durations in ms, defaults applied. Faults: see the folders
// of mistakes in test/fixtures/rules.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatProblem, type Problem } from '../../src/core/problem.ts'
import { isRunning, parseRule, type Rule, type RuleContext } from '../../src/core/rule.ts'
import type { Detect } from '../../src/core/rule-detect.ts'
import { tacticsOf, techniquesOf } from '../../src/core/rule-tags.ts'

const CONTEXT: RuleContext = {
  lists: new Map(),
  schedules: new Map(),
  sharedNames: new Set(['deletions']),
}

const CONDITIONS = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }

const MINIMAL = { id: 'example', title: 'Deleted', severity: 'low', conditions: CONDITIONS }

function read(written: object): { rule: Rule | undefined; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const rule = parseRule({ ...MINIMAL, ...written }, CONTEXT, (problem) => problems.push(problem))
  return { rule, problems }
}

function accepted(written: object): Rule {
  const { rule, problems } = read(written)
  expect(problems).toEqual([])
  if (rule === undefined) throw new Error('the rule was not read')
  return rule
}

/** The value of a name in templates: the name itself in capitals. */
const shout = (name: string) => name.toUpperCase()

describe('a rule with what it must have', () => {
  const rule = accepted({})

  test('has defaults for everything else', () => {
    const { conditions, alert, ...rest } = rule
    expect(conditions).toMatchObject({ kind: 'all', pointer: '/conditions' })
    expect(rest).toEqual({
      id: 'example',
      title: 'Deleted',
      severity: 'low',
      status: 'active',
      tags: [],
      references: [],
      falsePositives: [],
      exceptions: [],
      tests: [],
    })
    const { title, ...others } = alert
    expect(title.render(shout)).toBe('Deleted')
    expect(others).toEqual({
      groupBy: ['user'],
      quietMs: 3_600_000,
      severity: [],
      fields: ['user', 'ip', 'country', 'operation', 'resource', 'resourceId', 'contract'],
      names: [],
    })
  })

  test('runs', () => {
    expect(isRunning(rule)).toBe(true)
  })
})

test('a rule says everything it may', () => {
  const rule = accepted({
    $schema: '../schema/rule.schema.json',
    description: 'Why.',
    status: 'staged',
    tags: ['attack.impact', 'attack.t1485', 'cleanup'],
    references: ['https://example.com'],
    falsePositives: ['A script'],
    runbook: 'Ask.',
    exceptions: [{ name: 'nightly', expires: '2027-06-30', conditions: CONDITIONS }],
    alert: {
      title: '{{ user }} deleted {{ count }} of {{ entry.event.type }}',
      summary: 'From {{ ip }}, {{ rule.title }}',
      groupBy: ['user', 'entry.principal.identity.contractNumber'],
      quiet: '0s',
      resolveAfter: '2d',
      severity: [{ when: { count: 100 }, severity: 'critical' }],
      fields: ['actions', 'user'],
    },
  })
  expect(rule).toMatchObject({
    description: 'Why.',
    status: 'staged',
    tags: ['attack.impact', 'attack.t1485', 'cleanup'],
    references: ['https://example.com'],
    falsePositives: ['A script'],
    runbook: 'Ask.',
    exceptions: [{ name: 'nightly', expires: '2027-06-30', conditions: { kind: 'all' } }],
    alert: {
      groupBy: ['user', 'entry.principal.identity.contractNumber'],
      quietMs: 0,
      resolveAfterMs: 172_800_000,
      severity: [{ count: 100, severity: 'critical' }],
      fields: ['actions', 'user'],
      names: ['user', 'entry.event.type', 'ip'],
    },
  })
  expect(rule.alert.title.render(shout)).toBe('USER deleted COUNT of ENTRY.EVENT.TYPE')
  expect(rule.alert.summary?.render(shout)).toBe('From IP, RULE.TITLE')
})

const step = (name: string, more: object = {}) => ({ name, conditions: CONDITIONS, ...more })

describe('detect', () => {
  const conditions = expect.objectContaining({ kind: 'all' }) as never

  test.each<[string, object, Detect]>([
    [
      'threshold',
      { kind: 'threshold', count: 5, within: '10m' },
      { kind: 'threshold', groupBy: ['user'], count: 5, withinMs: 600_000 },
    ],
    [
      'threshold of different values',
      { kind: 'threshold', count: 5, within: '10m', groupBy: ['ip'], distinct: 'entry.a.b' },
      { kind: 'threshold', groupBy: ['ip'], count: 5, withinMs: 600_000, distinct: 'entry.a.b' },
    ],
    [
      'firstSeen',
      { kind: 'firstSeen', value: ['country'] },
      {
        kind: 'firstSeen',
        groupBy: ['user'],
        value: ['country'],
        historyMs: 2_592_000_000,
        learnMs: 604_800_000,
      },
    ],
    [
      'firstSeen that learns nothing',
      { kind: 'firstSeen', value: ['ip', 'asn'], history: '1w', learn: '0s', groupBy: [] },
      { kind: 'firstSeen', groupBy: [], value: ['ip', 'asn'], historyMs: 604_800_000, learnMs: 0 },
    ],
    [
      'sequence',
      {
        kind: 'sequence',
        within: '1h',
        steps: [step('a', { count: 3 }), step('b'), step('c', { absent: true })],
      },
      {
        kind: 'sequence',
        groupBy: ['user'],
        withinMs: 3_600_000,
        steps: [
          { name: 'a', conditions, absent: false, count: 3 },
          { name: 'b', conditions, absent: false, count: 1 },
          { name: 'c', conditions, absent: true, count: 1 },
        ],
      },
    ],
    [
      'spike',
      { kind: 'spike', within: '1h', factor: 2.5, min: 10 },
      {
        kind: 'spike',
        groupBy: [],
        withinMs: 3_600_000,
        baselineMs: 604_800_000,
        factor: 2.5,
        min: 10,
      },
    ],
    [
      'spike with the shortest baseline',
      { kind: 'spike', within: '1h', baseline: '3h', factor: 2, min: 1 },
      {
        kind: 'spike',
        groupBy: [],
        withinMs: 3_600_000,
        baselineMs: 10_800_000,
        factor: 2,
        min: 1,
      },
    ],
    [
      'absence',
      { kind: 'absence', within: '1d' },
      { kind: 'absence', groupBy: [], withinMs: 86_400_000 },
    ],
    [
      'travel',
      { kind: 'travel' },
      { kind: 'travel', groupBy: ['user'], maxSpeedKmh: 900, minDistanceKm: 300 },
    ],
  ])('%s', (_, written, expected) => {
    const rule = accepted({ detect: written })
    expect(rule.detect).toEqual(expected)
    expect(isRunning(rule)).toBe(true)
  })

  test('an alert groups as detections do, unless it says otherwise', () => {
    const detect = { kind: 'threshold', count: 5, within: '10m', groupBy: ['ip', 'user'] }
    expect(accepted({ detect }).alert.groupBy).toEqual(['ip', 'user'])
    expect(accepted({ detect, alert: { groupBy: ['ip'] } }).alert.groupBy).toEqual(['ip'])
    expect(accepted({ detect, alert: { groupBy: [] } }).alert.groupBy).toEqual([])
  })

  test('an alert may group by the contract, which is in every group', () => {
    const detect = { kind: 'absence', within: '1d' }
    expect(accepted({ detect, alert: { groupBy: ['contract'] } }).alert.groupBy).toEqual([
      'contract',
    ])
  })
})

test('a disabled rule does not run', () => {
  expect(isRunning(accepted({ status: 'disabled' }))).toBe(false)
})

test('a warning keeps no rule out, an error does', () => {
  const warned = read({ tags: ['attack.impct'] })
  expect(warned.problems.map(({ level }) => level)).toEqual(['warning'])
  expect(warned.rule).toBeDefined()
  const wrong = read({ tags: ['attack.t1'] })
  expect(wrong.problems.map(({ level }) => level)).toEqual(['error'])
  expect(wrong.rule).toBeUndefined()
})

test('a condition may name a shared one, known or with a fault of its own', () => {
  expect(accepted({ conditions: { condition: 'deletions' } }).conditions).toMatchObject({
    kind: 'shared',
    shared: 'deletions',
  })
})

test.each([undefined, null, 1, 'x', [], [[]]])('%j is no rule', (value) => {
  const problems: Problem[] = []
  expect(parseRule(value, CONTEXT, (problem) => problems.push(problem))).toBeUndefined()
  expect(problems).toHaveLength(1)
})

describe('ATT&CK tags', () => {
  const tags = [
    'attack.initial_access',
    'attack.t1078.004',
    'attack.ta0001',
    'cleanup',
    'attack.t1485',
  ]
  test('techniques are written as ATT&CK writes them', () => {
    expect(techniquesOf(tags)).toEqual(['T1078.004', 'T1485'])
  })
  test('tactics are found by name', () => {
    expect(tacticsOf(tags)).toEqual(['initial-access'])
  })
  test('all of these forms are accepted', () => {
    expect(read({ tags }).problems).toEqual([])
  })
})

/** A rule in which every key and kind of thing occurs, to be damaged. */
const FULL = {
  ...MINIMAL,
  tags: ['attack.t1485'],
  conditions: { any: [CONDITIONS, { not: { condition: 'deletions' } }] },
  exceptions: [{ name: 'x', expires: '2027-06-30', conditions: CONDITIONS }],
  detect: {
    kind: 'sequence',
    within: '1h',
    groupBy: ['user'],
    steps: [
      { name: 'a', conditions: CONDITIONS, count: 2 },
      { name: 'b', conditions: CONDITIONS, absent: true },
    ],
  },
  alert: {
    title: '{{ user }}',
    groupBy: ['user'],
    quiet: '1h',
    severity: [{ when: { count: 9 }, severity: 'high' }],
    fields: ['user'],
  },
  tests: [
    {
      name: 'x',
      alerts: 1,
      given: [{ entry: { event: {} }, at: '-1d' }],
      events: [{ repeat: 2, every: '1s', set: { user: '{{ n }}' }, event: { hour: 3 } }],
      expect: [{ severity: 'low' }],
      until: '+1h',
    },
  ],
}

/** Every place of a value, as the keys that lead there. */
function placesOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const inner = Object.entries(value).flatMap(([key, member]) =>
    placesOf(member).map((place) => [key, ...place]),
  )
  return [[], ...inner]
}

function withValue(target: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(target)) {
    return target.map((member: unknown, index) =>
      String(index) === key ? withValue(member, rest, value) : member,
    )
  }
  const entries = Object.entries(target as object).map(([name, member]: [string, unknown]) => [
    name,
    name === key ? withValue(member, rest, value) : member,
  ])
  return Object.fromEntries(entries)
}

test('whatever stands at any place of a rule, it is read or explained', () => {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom('', '10m', 'user', 'attack.', 'entry.', '{{', '2027-13-40', -1, 1e99, [[]], {}),
  )
  expect(accepted(FULL)).toBeDefined()
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(FULL)), anything, (place, value) => {
      const problems: Problem[] = []
      const damaged = withValue(FULL, place, value)
      const rule = parseRule(damaged, CONTEXT, (problem) => problems.push(problem))
      const errors = problems.filter(({ level }) => level === 'error')
      expect(rule === undefined).toBe(errors.length > 0)
      for (const problem of problems) expect(formatProblem(problem)).toMatch(/^\/[^\n]*: [^\n]+$/)
    }),
    { numRuns: 500 },
  )
})

import { describe, expect, it } from 'vitest'
import { type Condition, parseCondition } from '../../src/core/condition.ts'
import type { Event } from '../../src/core/event.ts'
import { type List, parseList } from '../../src/core/list.ts'
import { createMatcher, type MatchableException, type MatchableRule } from '../../src/core/match.ts'
import type { Problem } from '../../src/core/problem.ts'

const admins = parseList('admins', { kind: 'values', items: ['alice', 'bob'] }, () => {})
const lists = new Map<string, List>(admins ? [['admins', admins]] : [])

function parse(raw: unknown): Condition {
  const problems: Problem[] = []
  const context = { lists, schedules: new Map(), sharedNames: new Set(['known', 'deeper']) }
  const condition = parseCondition(raw, '', context, (problem) => void problems.push(problem))
  if (condition === undefined) throw new Error(JSON.stringify(problems))
  return condition
}

const shared = new Map([
  ['known', parse({ any: [{ fact: 'user', operator: 'inList', value: 'admins' }] })],
  ['deeper', parse({ all: [{ condition: 'known' }] })],
])
const context = { lists, schedules: new Map(), shared }

function rule(
  id: string,
  raw: unknown,
  exceptions: readonly MatchableException[] = [],
): MatchableRule {
  return { id, conditions: parse(raw), exceptions }
}

function event(facts: Partial<Event>): Event {
  return { id: 'e', ...facts } as Event
}

function leaf(fact: string, operator: string, value: unknown, path?: string): object {
  return { fact, operator, value, ...(path !== undefined && { path }) }
}

function idsOf(rules: readonly MatchableRule[]): readonly string[] {
  return rules.map(({ id }) => id)
}

const DELETES = leaf('operation', 'equal', 'delete')
const RULES = [
  rule('z-deletes', { all: [DELETES] }),
  rule('by-admin', { all: [{ condition: 'deeper' }, DELETES] }),
  rule('not-read', { not: leaf('operation', 'equal', 'read') }),
  rule('server', {
    any: [leaf('resource', 'in', ['server', 'volume']), leaf('path', 'startsWith', '/v6/servers')],
  }),
  rule('action', { all: [leaf('actions', 'contains', 'a.b')] }),
  rule('folded', {
    all: [leaf('user', 'lower:equal', 'alice'), leaf('actions', 'someFact:upper:equal', 'A.B')],
  }),
  rule('suffix', { all: [leaf('user', 'endsWith', '@example.com')] }),
  rule('entry', { all: [leaf('entry', 'equal', 5, '$.a.b')] }),
  rule('hours', { all: [leaf('hour', 'lessThan', 6)] }),
]

const EVENTS: readonly (readonly [Partial<Event>, readonly string[]])[] = [
  [{}, ['not-read']],
  [{ operation: 'read' }, []],
  [{ operation: 'delete' }, ['z-deletes', 'not-read']],
  [{ operation: 'delete', user: 'alice' }, ['z-deletes', 'by-admin', 'not-read']],
  [{ operation: 'read', resource: 'server' }, ['server']],
  [{ operation: 'read', resource: 'server', path: '/v6/servers/1' }, ['server']],
  [{ operation: 'read', path: '/v6/serversets' }, ['server']],
  [{ operation: 'read', path: '/v6/server' }, []],
  [{ operation: 'read', actions: ['x', 'a.b', 'a.b'] }, ['action']],
  [{ operation: 'read', user: 'ALICE', actions: ['A.b'] }, ['folded']],
  [{ operation: 'read', user: 'carol@example.com' }, ['suffix']],
  [{ operation: 'read', user: '@example.com' }, ['suffix']],
  [{ operation: 'read', entry: { a: { b: 5 } } }, ['entry']],
  [{ operation: 'read', entry: { a: { b: '5' } } }, []],
  [{ operation: 'read', hour: 5 }, ['hours']],
  [{ operation: 'read', hour: 6 }, []],
]

describe('matching a set of rules', () => {
  const matcher = createMatcher(RULES, context)
  const scanned = createMatcher(RULES, context, { index: false })

  it.each(EVENTS)('%j matches %j', (facts, expected) => {
    expect(idsOf(matcher.match(event(facts)))).toEqual(expected)
    expect(idsOf(scanned.match(event(facts)))).toEqual(expected)
    const alone = RULES.filter((one) => matcher.matchOne(one, event(facts)))
    expect(idsOf(alone)).toEqual(expected)
  })

  it('gives the same empty list whenever nothing matches', () => {
    const first = matcher.match(event({ operation: 'read' }))
    expect(matcher.match(event({ operation: 'read', hour: 9 }))).toBe(first)
    expect(first).toEqual([])
  })

  it('asks only rules without anything to look up about every event', () => {
    expect(matcher.unindexed).toBe(2)
    expect(scanned.unindexed).toBe(RULES.length)
  })

  it('does not match a rule it was not given', () => {
    const other = rule('other', { all: [DELETES] })
    expect(matcher.matchOne(other, event({ operation: 'delete' }))).toBe(false)
  })

  it('of no rules matches nothing', () => {
    expect(createMatcher([], context).match(event({ operation: 'delete' }))).toEqual([])
  })

  it('finds each of many rules that differ in one value', () => {
    const many = Array.from({ length: 3_000 }, (_, i) =>
      rule(`r${i}`, {
        all: [leaf('user', 'equal', `user-${i}`), leaf('operation', 'notEqual', 'read')],
      }),
    )
    const set = createMatcher(many, context)
    expect(set.unindexed).toBe(0)
    for (const i of [0, 1, 1_500, 2_999]) {
      expect(idsOf(set.match(event({ user: `user-${i}` })))).toEqual([`r${i}`])
    }
    expect(set.match(event({ user: 'user-3000' }))).toEqual([])
  })

  it('folds a text, not the members of a list, when nothing asks for each of them', () => {
    const many = Array.from({ length: 20 }, (_, i) =>
      rule(`r${i}`, { all: [leaf('actions', 'lower:contains', i % 2 === 0 ? 'A' : 'b')] }),
    )
    const found = createMatcher(many, context).match(event({ actions: ['A', 'B'] }))
    expect(found).toHaveLength(10)
  })

  it('survives a list of a hundred thousand members', () => {
    const actions = Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? 'a.b' : `x${i}`))
    expect(idsOf(matcher.match(event({ operation: 'read', actions })))).toEqual(['action'])
  })
})

describe('exceptions', () => {
  const alice = { name: 'alice may', conditions: parse({ all: [leaf('user', 'equal', 'alice')] }) }
  const bobUntil = {
    name: 'bob may in November',
    conditions: parse({ all: [leaf('user', 'equal', 'bob')] }),
    expires: '2026-11-30',
  }
  const excepted = rule('deletes', { all: [DELETES] }, [alice, bobUntil])
  const matcher = createMatcher([excepted], context)

  it.each<[Partial<Event>, boolean]>([
    [{ user: 'carol', date: '2026-11-20' }, true],
    [{ user: 'alice', date: '2026-11-20' }, false],
    [{ user: 'alice', date: '2027-11-20' }, false],
    [{ user: 'bob', date: '2026-11-29' }, false],
    [{ user: 'bob', date: '2026-11-30' }, false],
    [{ user: 'bob', date: '2026-12-01' }, true],
    [{ user: 'bob' }, false],
  ])('for %j: the rule matches is %s', (facts, expected) => {
    const one = event({ operation: 'delete', ...facts })
    expect(matcher.match(one).length > 0).toBe(expected)
    expect(matcher.matchOne(excepted, one)).toBe(expected)
  })
})

describe('faults', () => {
  it('are counted where a comparison throws, and the leaf is false', () => {
    const faults: string[] = []
    const onFault = ({ fact }: { readonly fact: string }) => void faults.push(fact)
    const throwing = leaf('user', 'not:in', { fact: 'ip' })
    const rules = [rule('a', { all: [throwing] }), rule('b', { any: [throwing, DELETES] })]
    const matcher = createMatcher(rules, { ...context, onFault })
    expect(idsOf(matcher.match(event({ operation: 'delete' })))).toEqual(['b'])
    expect(faults.length).toBeGreaterThan(0)
    expect(new Set(faults)).toEqual(new Set(['user']))
  })
})

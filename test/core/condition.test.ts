import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, type ConditionContext, parseCondition } from '../../src/core/condition.ts'
import { findConditionCycles } from '../../src/core/condition-cycles.ts'
import { type List, parseList } from '../../src/core/list.ts'
import type { Problem } from '../../src/core/problem.ts'

const admins = parseList('admins', { kind: 'values', items: ['alice'] }, () => {})
const context: ConditionContext = {
  lists: new Map<string, List>(admins ? [['admins', admins]] : []),
  schedules: new Map(),
  sharedNames: new Set(['is-request', 'at-night']),
}

function parse(value: unknown): { condition: Condition | undefined; problems: readonly Problem[] } {
  const problems: Problem[] = []
  const report = (problem: Problem) => void problems.push(problem)
  return { condition: parseCondition(value, '/conditions', context, report), problems }
}

const user = { fact: 'user', operator: 'equal', value: 'alice' }
const inAll = (leaf: unknown) => ({ all: [leaf] })

/** What is wrong, where (below /conditions), and what the message says about it. */
const BAD: readonly (readonly [string, unknown, string, string])[] = [
  ['no object', 5, '', 'found 5, expected an object'],
  ['a list', [user], '', 'found a list, expected an object'],
  ['nothing in it', {}, '', 'found an empty object'],
  ['a misspelt group', { al: [user] }, '', 'did you mean "all"?'],
  ['a leaf at the root', user, '', 'found a single comparison'],
  [
    'all and any on one level',
    { all: [user], any: [user] },
    '',
    'found "all" and "any" on one level',
  ],
  ['fact beside not', { not: user, ...user }, '', 'found "not" and "fact" on one level'],
  ['an empty all', { all: [] }, '/all', 'found an empty list'],
  ['an empty any inside', inAll({ any: [] }), '/all/0/any', 'found an empty list'],
  ['all of no list', { all: user }, '/all', 'expected a list of conditions'],
  ['not of a list', { not: [user] }, '/not', 'found a list, expected one condition'],
  ['a foreign key beside all', { all: [user], event: {} }, '/event', 'unknown key "event"'],
  [
    'a foreign key in a leaf',
    inAll({ ...user, operater: 'x' }),
    '/all/0/operater',
    'did you mean "operator"?',
  ],
  [
    'an unknown shared condition',
    { condition: 'is-requst' },
    '/condition',
    'did you mean "is-request"?',
  ],
  ['a shared condition by number', { condition: 5 }, '/condition', 'expected the name of a shared'],
  ['no fact', inAll({ operator: 'equal', value: 1 }), '/all/0', '"fact" is missing'],
  ['no operator', inAll({ fact: 'user', value: 1 }), '/all/0', '"operator" is missing'],
  ['no value', inAll({ fact: 'user', operator: 'equal' }), '/all/0', '"value" is missing'],
  [
    'an unknown fact',
    inAll({ ...user, fact: 'usr' }),
    '/all/0/fact',
    'unknown fact "usr", did you mean "user"?',
  ],
  [
    'a path as a fact',
    inAll({ ...user, fact: 'entry.event.type' }),
    '/all/0/fact',
    '"path": "$.event.type"',
  ],
  [
    'a fact that is no text',
    inAll({ ...user, fact: 5 }),
    '/all/0/fact',
    'expected the name of a fact',
  ],
  [
    'an unknown operator',
    inAll({ ...user, operator: 'equals' }),
    '/all/0/operator',
    'did you mean "equal"?',
  ],
  [
    'an unknown decorator',
    inAll({ ...user, operator: 'no:equal' }),
    '/all/0/operator',
    'did you mean "not"?',
  ],
  ['a decorator alone', inAll({ ...user, operator: 'not' }), '/all/0/operator', '"not:equal"'],
  [
    'nine decorators',
    inAll({ ...user, operator: `${'not:'.repeat(9)}equal` }),
    '/all/0/operator',
    'at most 8',
  ],
  [
    'an operator that is no text',
    inAll({ ...user, operator: null }),
    '/all/0/operator',
    'expected the name',
  ],
  [
    'a path that is none',
    inAll({ ...user, fact: 'entry', path: '$..a' }),
    '/all/0/path',
    'any depth',
  ],
  [
    'a path that is no text',
    inAll({ ...user, fact: 'entry', path: 5 }),
    '/all/0/path',
    'expected a path',
  ],
  ['params that are none', inAll({ ...user, params: 5 }), '/all/0/params', 'expected an object'],
  ['a name that is no text', inAll({ ...user, name: 5 }), '/all/0/name', 'expected a text'],
  ['a priority of 0', inAll({ ...user, priority: 0 }), '/all/0/priority', 'expected 1, 2, 3'],
  [
    'an unknown value fact',
    inAll({ ...user, value: { fact: 'usr' } }),
    '/all/0/value/fact',
    'did you mean "user"?',
  ],
  [
    'a key too much in it',
    inAll({ ...user, value: { fact: 'user', pth: 1 } }),
    '/all/0/value/pth',
    'did you mean "path"?',
  ],
  [
    'in of no list',
    inAll({ ...user, operator: 'in', value: 5 }),
    '/all/0/value',
    'expected a list such as',
  ],
  [
    'someValue of no list',
    inAll({ ...user, operator: 'someValue:equal' }),
    '/all/0/value',
    'because of "someValue:"',
  ],
  [
    'someValue:in of a number',
    inAll({ ...user, operator: 'someValue:in', value: [['a'], 5] }),
    '/all/0/value/1',
    'found 5',
  ],
  [
    'a number to begin with',
    inAll({ ...user, operator: 'startsWith', value: 5 }),
    '/all/0/value',
    'expected a text',
  ],
  [
    'an unknown list',
    inAll({ ...user, operator: 'inList', value: 'admin' }),
    '/all/0/value',
    'did you mean "admins"?',
  ],
  [
    'a schedule where there is none',
    inAll({ ...user, operator: 'inSchedule', value: 'x' }),
    '/all/0/value',
    'there is no schedule at all',
  ],
  [
    'an expression from a fact',
    inAll({ ...user, operator: 'matches', value: { fact: 'message' } }),
    '/all/0/value',
    'written in the rule',
  ],
  [
    'swap:matches',
    inAll({ ...user, operator: 'swap:matches', value: 'a' }),
    '/all/0/value',
    'makes the fact the value',
  ],
  [
    'an expression RE2 refuses',
    inAll({ ...user, operator: 'matches', value: '(?=a)' }),
    '/all/0/value',
    'looks ahead',
  ],
]

describe('conditions with an error', () => {
  it.each(BAD)('%s', (_, value, pointer, message) => {
    const { condition, problems } = parse(value)
    expect(condition).toBeUndefined()
    const errors = problems.filter((problem) => problem.level === 'error')
    expect(errors.map((problem) => problem.pointer)).toEqual([`/conditions${pointer}`])
    expect(errors[0]?.message).toContain(message)
  })

  it('are reported all at once', () => {
    const { problems } = parse({
      all: [
        { fact: 'usr', operator: 'equals', value: 1, path: '$..' },
        { any: [] },
        { not: { condition: 'nothing' } },
        { ...user, priority: 'high', extra: 1 },
      ],
    })
    expect(problems.map((problem) => problem.pointer)).toEqual([
      '/conditions/all/0/fact',
      '/conditions/all/0/path',
      '/conditions/all/0/operator',
      '/conditions/all/1/any',
      '/conditions/all/2/not/condition',
      '/conditions/all/3/extra',
      '/conditions/all/3/priority',
    ])
  })

  it('inside each other a hundred times are refused, not followed', () => {
    let tree: unknown = inAll(user)
    for (let depth = 0; depth < 100; depth += 1) tree = { not: tree }
    const { condition, problems } = parse(tree)
    expect(condition).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toContain('inside each other')
  })

  it('never throw, whatever JSON they are', () => {
    const keys = fc.constantFrom('all', 'any', 'not', 'condition', 'fact', 'operator', 'value', 'x')
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        fc.constantFrom('user', 'equal', 'not:in', 'inCidr'),
        fc.dictionary(keys, tie('node'), { maxKeys: 3, noNullPrototype: true }),
        fc.array(tie('node'), { maxLength: 3 }),
      ),
    }))
    fc.assert(
      fc.property(node, (value) => {
        const { condition, problems } = parse(value)
        const failed = problems.some((problem) => problem.level === 'error')
        expect(failed).toBe(condition === undefined)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('conditions that load', () => {
  it('are a tree with pointers, names and what was written', () => {
    const raw = {
      any: [
        { ...user, name: 'alice', priority: 2 },
        { not: { condition: 'is-request' } },
        { fact: 'entry', path: '$.a', operator: 'not:in', value: { fact: 'actions' }, params: {} },
      ],
      name: 'top',
    }
    const { condition, problems } = parse(raw)
    expect(problems.filter((problem) => problem.level === 'error')).toEqual([])
    expect(condition).toMatchObject({
      kind: 'any',
      name: 'top',
      pointer: '/conditions',
      raw,
      children: [
        { kind: 'leaf', fact: 'user', value: 'alice', name: 'alice', priority: 2 },
        { kind: 'not', child: { kind: 'shared', shared: 'is-request' } },
        {
          kind: 'leaf',
          fact: 'entry',
          path: { text: '$.a' },
          comparison: { text: 'not:in', decorators: ['not'], operator: { name: 'in' } },
          valueFact: { fact: 'actions', path: undefined },
          pointer: '/conditions/any/2',
        },
      ],
    })
  })
})

/** A comparison that loads, where its warning is, and what it says; '' is no warning. */
const WARNED: readonly (readonly [object, string, string])[] = [
  [user, '', ''],
  [{ ...user, value: 5 }, '/value', `can't hold: found 5, but "user" is a text: write "5"`],
  [{ ...user, value: null }, '/value', 'a missing fact is not null'],
  [{ ...user, value: ['a'] }, '/value', 'no fact is ever equal to a list'],
  [{ ...user, operator: 'in', value: 'alice' }, '/value', 'the fact is a part of this text'],
  [{ ...user, operator: 'in', value: [] }, '/value', 'the list is empty'],
  [{ ...user, operator: 'in', value: [1, 2] }, '/value/0', "can't hold"],
  [{ ...user, operator: 'in', value: [1, 'alice'] }, '', ''],
  [{ ...user, operator: 'contains' }, '/value', '"user" is a text, not a list: use "includes"'],
  [{ ...user, operator: 'someFact:equal' }, '/value', '"someFact:" needs a list'],
  [{ ...user, operator: 'lower:equal', value: 'Alice' }, '/value', 'write "alice"'],
  [{ ...user, operator: 'lower:equal' }, '', ''],
  [{ ...user, operator: 'everyValue:equal', value: [] }, '/value', 'always holds'],
  [
    { fact: 'hour', operator: 'greaterThan', value: 30 },
    '/value',
    '"hour" is a number from 0 to 23',
  ],
  [{ fact: 'hour', operator: 'lessThan', value: 30 }, '/value', 'this always holds'],
  [{ fact: 'hour', operator: 'lessThan', value: 'six' }, '/value', '"hour" is a number'],
  [{ fact: 'hour', operator: 'lessThan', value: '6' }, '', ''],
  [{ fact: 'hour', operator: 'equal', value: '6' }, '/value', '"hour" is a number'],
  [{ fact: 'weekday', operator: 'equal', value: 'monday' }, '/value', 'one of mon, tue'],
  [{ fact: 'weekday', operator: 'notEqual', value: 'monday' }, '/value', 'this always holds'],
  [{ fact: 'weekday', operator: 'in', value: ['sat', 'sun'] }, '', ''],
  [{ fact: 'outcome', operator: 'equal', value: 'fail' }, '/value', 'one of accepted'],
  [{ fact: 'latitude', operator: 'greaterThan', value: 90 }, '/value', 'from -90 to 90'],
  [{ fact: 'latitude', operator: 'greaterThanInclusive', value: 90 }, '', ''],
  [{ fact: 'method', operator: 'equal', value: 'post' }, '/value', 'in upper case'],
  [{ fact: 'method', operator: 'lower:equal', value: 'post' }, '', ''],
  [
    { fact: 'resource', operator: 'equal', value: 'firewall-rule' },
    '/value',
    'without "-" and "_"',
  ],
  [{ fact: 'resourceTypes', operator: 'contains', value: 'Server' }, '/value', 'lower case'],
  [{ fact: 'resourceTypes', operator: 'equal', value: 'server' }, '/value', 'use "contains"'],
  [{ fact: 'actions', operator: 'startsWith', value: 'sec.' }, '/value', 'someFact:startsWith'],
  [{ fact: 'actions', operator: 'includes', value: 'sec.user.create' }, '', ''],
  [{ fact: 'resources', operator: 'contains', value: 'server' }, '/value', '$[*].type'],
  [{ fact: 'ip', operator: 'equal', value: '10.0.0.0/8' }, '/value', 'use "inCidr"'],
  [{ fact: 'ip', operator: 'equal', value: '2001:DB8::0' }, '/value', '"2001:db8::"'],
  [{ fact: 'date', operator: 'equal', value: '20.11.2026' }, '/value', 'such as "2026-11-20"'],
  [{ fact: 'time', operator: 'startsWith', value: '2026' }, '/value', '"startsWith" needs a text'],
  [{ fact: 'asn', operator: 'inCidr', value: '10.0.0.0/8' }, '/value', '"inCidr" needs an address'],
  [
    { fact: 'asn', operator: 'inList', value: 'admins' },
    '/value',
    'no member of the list is a number',
  ],
  [{ fact: 'actions', operator: 'inList', value: 'admins' }, '/value', 'someFact:inList'],
  [{ fact: 'entry', operator: 'equal', value: 'x' }, '/value', 'with a "path"'],
  [{ fact: 'entry', operator: 'equal', value: 'x', path: '$.a' }, '', ''],
  [{ ...user, path: '$.name' }, '/path', 'in which a path selects nothing'],
  [{ ...user, operator: 'includes', value: '' }, '/value', 'empty text'],
  [{ ...user, operator: 'exists', value: true }, '', ''],
]

describe('warnings about a comparison', () => {
  it.each(WARNED)('%j at %s: %s', (leaf, pointer, message) => {
    const { condition, problems } = parse(inAll(leaf))
    expect(condition).toBeDefined()
    const expected = message === '' ? [] : [`/conditions/all/0${pointer}`]
    expect(problems.map((problem) => problem.pointer)).toEqual(expected)
    expect(problems.every((problem) => problem.level === 'warning')).toBe(true)
    expect(problems[0]?.message ?? '').toContain(message)
  })
})

const notBob = { fact: 'user', operator: 'notEqual', value: 'bob' }
const userExists = { fact: 'user', operator: 'exists', value: true }
const noPath = { fact: 'entry', path: '$.a', operator: 'not:equal', value: 1 }

/** A tree, and where it should ask for a missing fact. */
const MISSING: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['notEqual alone', inAll(notBob), ['/all/0']],
  ['notIn', inAll({ ...notBob, operator: 'notIn', value: ['bob'] }), ['/all/0']],
  ['not: before the operator', inAll({ ...user, operator: 'not:equal' }), ['/all/0']],
  ['with exists beside it', { all: [notBob, userExists] }, []],
  [
    'with another positive comparison beside it',
    { all: [notBob, { ...user, operator: 'startsWith' }] },
    [],
  ],
  ['with exists above it', { all: [userExists, { any: [notBob, user] }] }, []],
  ['with exists only in another way', { any: [userExists, { all: [notBob] }] }, ['/any/1/all/0']],
  [
    'a fact that is always there',
    inAll({ fact: 'outcome', operator: 'notEqual', value: 'failed' }),
    [],
  ],
  ['a path into the entry', inAll(noPath), ['/all/0']],
  [
    'exists of another path',
    { all: [noPath, { ...noPath, path: '$.b', operator: 'exists', value: true }] },
    ['/all/0'],
  ],
  ['exists of that path', { all: [noPath, { ...noPath, operator: 'exists', value: true }] }, []],
  ['not of a comparison', { not: user }, ['/not']],
  [
    'not of a group',
    { not: { any: [user, { fact: 'ip', operator: 'equal', value: '::1' }] } },
    ['/not/any/0', '/not/any/1'],
  ],
  ['not beside exists', { all: [userExists, { not: user }] }, []],
  ['not of notEqual asks for the fact itself', { not: notBob }, []],
  [
    'doesNotContain does not hold without its list',
    inAll({ fact: 'actions', operator: 'doesNotContain', value: 'x' }),
    [],
  ],
  ['exists false says so itself', inAll({ ...userExists, value: false }), []],
  ['two facts', inAll({ ...notBob, value: { fact: 'initiator' } }), ['/all/0']],
]

describe('warnings about a missing fact', () => {
  it.each(MISSING)('%s', (_, tree, pointers) => {
    const { condition, problems } = parse(tree)
    expect(condition).toBeDefined()
    expect(problems.map((problem) => problem.pointer)).toEqual(
      pointers.map((at) => `/conditions${at}`),
    )
    for (const problem of problems) {
      expect(problem.level).toBe('warning')
      expect(problem.message).toMatch(
        /also holds when "\w+" is missing: put \{.*exists.*\} beside it$/,
      )
    }
  })
})

describe('shared conditions that refer to themselves', () => {
  function cycles(raw: Readonly<Record<string, unknown>>): { names: string[]; messages: string[] } {
    const names = new Set(Object.keys(raw))
    const shared = new Map(
      Object.entries(raw).flatMap(([name, value]) => {
        const parsed = parseCondition(
          value,
          `/${name}`,
          { ...context, sharedNames: names },
          () => {},
        )
        return parsed ? [[name, parsed]] : []
      }),
    )
    const messages: string[] = []
    const circular = findConditionCycles(shared, ({ pointer, message }) =>
      messages.push(`${pointer}: ${message}`),
    )
    return { names: [...circular], messages }
  }

  it('are found, directly and through others', () => {
    const { names, messages } = cycles({
      self: { any: [user, { condition: 'self' }] },
      a: { not: { condition: 'b' } },
      b: { all: [{ condition: 'c' }, user] },
      c: { condition: 'a' },
      user: { all: [{ condition: 'a' }] },
      fine: inAll(user),
    })
    expect(names).toEqual(['self', 'a', 'b', 'c'])
    expect(messages).toEqual([
      '/self: the condition refers to itself: "self" → "self"',
      '/a: the condition refers to itself: "a" → "b" → "c" → "a"',
      '/b: the condition refers to itself: "b" → "c" → "a" → "b"',
      '/c: the condition refers to itself: "c" → "a" → "b" → "c"',
    ])
  })

  it('are none when two refer to the same third', () => {
    const { names } = cycles({
      a: { all: [{ condition: 'c' }, { condition: 'b' }] },
      b: { condition: 'c' },
      c: inAll(user),
    })
    expect(names).toEqual([])
  })
})

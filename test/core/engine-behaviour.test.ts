// Owns the documented and the surprising behaviour of json-rules-engine 7.3.1, as a table: what it
// does, and that our verdict is the same.
import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/core/compile.ts'
import { parseCondition } from '../../src/core/condition.ts'
import type { Event } from '../../src/core/event.ts'
import type { Problem } from '../../src/core/problem.ts'
import { createJudge, type RawCondition } from './judge.ts'

const EVENT = {
  user: 'alice',
  hour: 5,
  date: '2026-11-20',
  message: '12 files',
  errorCode: '7',
  actions: ['a', 'b'],
  resourceTypes: [],
  resources: [{ type: 'server', id: '1' }, { type: 'nic' }],
  entry: { list: ['x', 'y'], text: 'plain', none: null, deep: { list: [{ n: 1 }, { n: 2 }] } },
}

const NAMED = { all: [{ fact: 'user', operator: 'equal', value: 'alice' }] }

function leaf(fact: string, operator: string, value: unknown, path?: string): RawCondition {
  return { fact, operator, value, ...(path !== undefined && { path }) }
}

const TABLE: readonly (readonly [string, RawCondition, boolean])[] = [
  ['equal compares type and content', leaf('hour', 'equal', '5'), false],
  ['equal of a missing fact is false', leaf('ip', 'equal', 'x'), false],
  ['notEqual of a missing fact is true', leaf('ip', 'notEqual', 'x'), true],
  ['equal of a list is identity', leaf('actions', 'equal', ['a', 'b']), false],
  ['equal of a fact with itself', leaf('actions', 'equal', { fact: 'actions' }), true],
  ['in a list', leaf('user', 'in', ['alice', 'bob']), true],
  ['in a text looks for a part', leaf('user', 'in', 'malice'), true],
  ['in a text, a missing fact is "undefined"', leaf('ip', 'in', 'an undefined thing'), true],
  ['in a text, a number is its digits', leaf('hour', 'in', 'port 5'), true],
  ['notIn of a missing fact is true', leaf('ip', 'notIn', ['x']), true],
  ['in of a value fact that is no list throws', leaf('user', 'in', { fact: 'hour' }), false],
  ['notIn of one that is missing throws', leaf('user', 'notIn', { fact: 'ip' }), false],
  ['not: does not save it', leaf('user', 'not:in', { fact: 'ip' }), false],
  ['contains a member', leaf('actions', 'contains', 'a'), true],
  ['contains is no search in a text', leaf('user', 'contains', 'ali'), false],
  ['doesNotContain needs a list, too', leaf('user', 'doesNotContain', 'x'), false],
  ['doesNotContain of a missing fact is false', leaf('ip', 'doesNotContain', 'x'), false],
  ['lessThan of numbers', leaf('hour', 'lessThan', 6), true],
  ['lessThanInclusive', leaf('hour', 'lessThanInclusive', 5), true],
  ['greaterThan at the edge', leaf('hour', 'greaterThan', 5), false],
  ['greaterThanInclusive', leaf('hour', 'greaterThanInclusive', 5), true],
  ['a text of digits compares as a number', leaf('errorCode', 'greaterThan', 6), true],
  ['dates compare as texts', leaf('date', 'greaterThan', '2026-11-19'), true],
  ['a text that only begins with a number is NaN', leaf('message', 'lessThan', 100), false],
  ['lessThan of a missing fact is false', leaf('ip', 'lessThan', 5), false],
  ['not:lessThan of a missing fact is true', leaf('ip', 'not:lessThan', 5), true],
  ['not:notEqual is equal', leaf('user', 'not:notEqual', 'bob'), false],
  ['not:lessThanInclusive at the edge', leaf('hour', 'not:lessThanInclusive', 5), false],
  ['not:greaterThan at the edge', leaf('hour', 'not:greaterThan', 5), true],
  ['not:greaterThanInclusive at the edge', leaf('hour', 'not:greaterThanInclusive', 5), false],
  ['upper folds the fact', leaf('user', 'upper:equal', 'ALICE'), true],
  ['upper does not fold the value', leaf('user', 'upper:equal', 'alice'), false],
  ['lower folds the fact', leaf('user', 'upper:lower:equal', 'alice'), true],
  ['lower does not fold the value', leaf('user', 'lower:equal', 'Alice'), false],
  ['lower leaves what is no text', leaf('hour', 'lower:equal', 5), true],
  ['someFact', leaf('actions', 'someFact:equal', 'b'), true],
  ['someFact of no list is false', leaf('user', 'someFact:equal', 'alice'), false],
  ['not:someFact of no list is true', leaf('user', 'not:someFact:equal', 'alice'), true],
  ['someFact:not is some other', leaf('actions', 'someFact:not:equal', 'a'), true],
  ['not:someFact is none', leaf('actions', 'not:someFact:equal', 'a'), false],
  ['everyFact of an empty list is true', leaf('resourceTypes', 'everyFact:equal', 'x'), true],
  ['someFact of an empty list is false', leaf('resourceTypes', 'someFact:equal', 'x'), false],
  ['everyFact of a missing fact is false', leaf('ip', 'everyFact:equal', 'x'), false],
  ['someValue', leaf('user', 'someValue:equal', ['bob', 'alice']), true],
  ['everyValue', leaf('actions', 'everyValue:contains', ['a', 'b']), true],
  ['everyValue of no values is true', leaf('user', 'everyValue:equal', []), true],
  [
    'someValue of a fact that is no list throws',
    leaf('user', 'someValue:equal', { fact: 'hour' }),
    false,
  ],
  ['swap', leaf('user', 'swap:in', 'alice'), true],
  ['swap:contains', leaf('user', 'swap:contains', ['alice']), true],
  ['swap:lessThan turns the comparison round', leaf('hour', 'swap:lessThan', 4), true],
  ['swap of a missing fact into in throws', leaf('ip', 'swap:in', 'x'), false],
  ['swap:in looks in the fact', leaf('user', 'swap:in', 'lic'), true],
  [
    'decorators compose left to right',
    leaf('actions', 'someFact:someValue:equal', ['z', 'b']),
    true,
  ],
  ['a path selects', leaf('entry', 'equal', 'y', '$.list[1]'), true],
  ['a path into nothing is undefined', leaf('entry', 'notEqual', 'y', '$.nothing.at.all'), true],
  ['a null is found', leaf('entry', 'equal', null, '$.none'), true],
  ['[*] gives a list', leaf('entry', 'contains', 2, '$.deep.list[*].n'), true],
  ['[*] that finds nothing gives none', leaf('entry', 'contains', 2, '$.deep.list[*].m'), false],
  ['a path on a text gives the text', leaf('user', 'equal', 'alice', '$.name'), true],
  [
    'two [*] are two lists',
    leaf('entry', 'equal', { fact: 'entry', path: '$.list[*]' }, '$.list[*]'),
    false,
  ],
  [
    'two paths are one object',
    leaf('entry', 'equal', { fact: 'entry', path: '$.deep' }, '$.deep'),
    true,
  ],
  ['a path in the value', leaf('user', 'notEqual', { fact: 'entry', path: '$.text' }), true],
  ['a nested any in all', { all: [NAMED, { any: [leaf('hour', 'equal', 1), NAMED] }] }, true],
  ['not', { not: NAMED }, false],
  ['not of not', { not: { not: NAMED } }, true],
  ['a shared condition', { condition: 'named' }, true],
  ['a shared condition of a shared one', { all: [{ not: { condition: 'again' } }] }, false],
  [
    'priority does not change a verdict',
    { all: [{ ...leaf('hour', 'equal', 1), priority: 9 }, NAMED] },
    false,
  ],
  ['names do not change a verdict', { all: [{ ...NAMED, name: 'some' }], name: 'top' }, true],
  [
    'params do not change a verdict',
    { all: [{ ...leaf('hour', 'equal', 5), params: { a: 1 } }] },
    true,
  ],
]

const SHARED = { named: NAMED, again: { any: [{ condition: 'named' }] } }
const none = { lists: new Map(), schedules: new Map() }

function parse(raw: RawCondition): ReturnType<typeof parseCondition> {
  const errors: Problem[] = []
  const context = { ...none, sharedNames: new Set(Object.keys(SHARED)) }
  const condition = parseCondition(raw, '', context, (problem) => {
    if (problem.level === 'error') errors.push(problem)
  })
  expect(errors).toEqual([])
  return condition
}

describe('json-rules-engine and the compiled matcher', () => {
  it.each(TABLE)('%s', async (_, raw, expected) => {
    const tree = 'fact' in raw ? { all: [raw] } : raw
    const judge = createJudge(tree, { shared: SHARED, lists: {} })
    expect(await judge(EVENT)).toBe(expected)
    const condition = parse(tree)
    if (condition === undefined) throw new Error('it must load')
    const shared = new Map(
      Object.entries(SHARED).flatMap(([name, one]) => {
        const parsed = parse(one)
        return parsed ? [[name, parsed]] : []
      }),
    )
    const matches = compileCondition(condition, { ...none, shared })
    expect(matches(EVENT as unknown as Event)).toBe(expected)
  })

  it('says which comparison json-rules-engine would have thrown for', () => {
    const condition = parse({ all: [leaf('user', 'not:in', { fact: 'ip' })] })
    if (condition === undefined) throw new Error('it must load')
    const faults: string[] = []
    const onFault = ({ pointer }: { readonly pointer: string }) => void faults.push(pointer)
    const matches = compileCondition(condition, { ...none, shared: new Map(), onFault })
    expect(matches(EVENT as unknown as Event)).toBe(false)
    expect(faults).toEqual(['/all/0'])
  })

  it('an entry whose toString is no function can be compared with anything', () => {
    const odd = { ...EVENT, entry: JSON.parse('{"a":{"toString":1}}') }
    for (const operator of ['lessThan', 'not:lessThan', 'not:in']) {
      const value = operator.endsWith('in') ? 'text' : 5
      const condition = parse({ all: [leaf('entry', operator, value, '$.a')] })
      if (condition === undefined) throw new Error('it must load')
      const matches = compileCondition(condition, { ...none, shared: new Map() })
      expect(matches(odd as unknown as Event), operator).toBe(false)
    }
  })
})

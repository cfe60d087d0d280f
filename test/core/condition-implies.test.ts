// Owns the proof that a condition said to imply another does: by table, and against random events.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/core/compile.ts'
import { type Formula, implies, toFormula } from '../../src/core/condition-implies.ts'
import type { Event } from '../../src/core/event.ts'
import { lookedUpLeaf, rawEvent, rawTree, SHARED_NAMES } from './arbitrary-conditions.ts'
import type { RawCondition } from './judge.ts'
import { leaf, loads, prepare } from './verdict-fuzz.ts'

const SHARED = {
  first: { all: [{ fact: 'user', operator: 'equal', value: 'ab' }] },
  second: { any: [{ condition: 'first' }, { fact: 'hour', operator: 'lessThan', value: 5 }] },
}

function setOf(first: RawCondition, second: RawCondition, trees: readonly RawCondition[]) {
  const { rules, compile } = prepare({ first, second, rules: trees })
  const formulas = rules.map(({ conditions }) => toFormula(conditions, compile) as Formula)
  const checks = rules.map(({ conditions }) => compileCondition(conditions, compile))
  return { formulas, checks, compile }
}

function isImplied(narrow: RawCondition, wide: RawCondition): boolean {
  const { formulas, compile } = setOf(SHARED.first, SHARED.second, [narrow, wide])
  return implies(formulas[0] as Formula, formulas[1] as Formula, compile)
}

const of = (fact: string, operator: string, value: unknown) => ({ fact, operator, value })
const A = of('user', 'equal', 'a')
const B = of('operation', 'equal', 'b')
const C = of('ip', 'equal', '10.0.0.1')

const IMPLIED: readonly (readonly [name: string, narrow: RawCondition, wide: RawCondition])[] = [
  ['more conditions imply fewer', { all: [A, B] }, { all: [A] }],
  ['in any order and depth', { all: [{ all: [C, B] }, A] }, { all: [A, { all: [B] }] }],
  ['one of some implies one of more', { any: [A, B] }, { any: [C, B, A] }],
  ['all of some implies any of them', { all: [A, B] }, { any: [B, C] }],
  ['cases apart', { any: [{ all: [A, B] }, { all: [A, C] }] }, { all: [A, { any: [B, C] }] }],
  ['not any is all not', { not: { any: [A, B] } }, { all: [{ not: A }] }],
  ['not of fewer implies not of more', { not: A }, { not: { all: [A, B] } }],
  [
    'a name stands for its condition',
    { all: [{ condition: 'first' }, B] },
    { condition: 'second' },
  ],
  ['`notEqual` is not `equal`', { not: A }, { all: [of('user', 'notEqual', 'a')] }],
  ['`not:in` is `notIn`', all('user', 'not:in', ['a', 'b']), all('user', 'notIn', ['a'])],
  ['a value implies a list with it', { all: [A] }, all('user', 'in', ['b', 'a'])],
  [
    'a short list implies a longer one',
    all('user', 'in', ['a', 'b']),
    all('user', 'in', ['b', 'c', 'a']),
  ],
  ['a value implies its named list', { all: [A] }, all('user', 'inList', 'people')],
  [
    'a named list implies its values',
    all('user', 'inList', 'people'),
    all('user', 'in', ['a', 'ab', 5, 'bob', 'c']),
  ],
  ['a value implies what it fulfils', all('user', 'equal', 'abc'), all('user', 'matches', '^a')],
  [
    'a value implies what it folds to',
    all('user', 'equal', 'Abc'),
    all('user', 'lower:equal', 'abc'),
  ],
  ['a value implies that it is no other', { all: [A] }, all('user', 'notIn', ['b'])],
  ['a value implies that it is there', { all: [A] }, all('user', 'exists', true)],
  [
    'an end implies that it is there',
    all('user', 'endsWith', 'b'),
    { not: of('user', 'exists', false) },
  ],
  [
    'a longer beginning implies a shorter',
    all('user', 'startsWith', 'ab'),
    all('user', 'startsWith', 'a'),
  ],
  ['a beginning implies its part', all('user', 'startsWith', 'abc'), all('user', 'includes', 'bc')],
  [
    'a folded beginning implies a shorter',
    all('user', 'lower:startsWith', 'ab'),
    all('user', 'lower:startsWith', 'a'),
  ],
  ['a lower bound implies one below it', all('hour', 'lessThan', 5), all('hour', 'lessThan', 6)],
  [
    'a strict bound implies the same',
    all('hour', 'greaterThan', 5),
    all('hour', 'greaterThanInclusive', 5),
  ],
  [
    'networks imply more networks',
    all('ip', 'inCidr', '10.0.0.0/8'),
    all('ip', 'inCidr', ['::/0', '10.0.0.0/8']),
  ],
]

const NOT_IMPLIED: typeof IMPLIED = [
  ['fewer conditions imply no more', { all: [A] }, { all: [A, B] }],
  ['one of more implies no one of some', { any: [A, B] }, { any: [A] }],
  ['another fact', { all: [A] }, all('message', 'equal', 'a')],
  [
    'another path of it',
    { all: [of('entry', 'equal', 'a')] },
    { all: [{ ...of('entry', 'equal', 'a'), path: '$.a' }] },
  ],
  ['a list with more', all('user', 'in', ['a', 'b']), all('user', 'in', ['a'])],
  ['a shorter beginning', all('user', 'startsWith', 'a'), all('user', 'startsWith', 'ab')],
  [
    'a beginning in another case',
    all('user', 'lower:startsWith', 'ab'),
    all('user', 'startsWith', 'a'),
  ],
  ['a part of a list member', all('user', 'includes', 'ab'), all('user', 'includes', 'a')],
  ['a bound that is not strict', all('hour', 'lessThanInclusive', 5), all('hour', 'lessThan', 5)],
  ['a bound of the other side', all('hour', 'lessThan', 5), all('hour', 'greaterThan', 1)],
  ['not there implies no value', { not: A }, all('user', 'exists', true)],
  [
    '`not:` of what throws is no opposite',
    all('user', 'not:lessThan', 5),
    { not: of('user', 'lessThan', 5) },
  ],
  ['what is true of a missing fact', all('user', 'exists', false), all('user', 'exists', true)],
  [
    'values from facts',
    { all: [of('user', 'equal', { fact: 'ip' })] },
    all('user', 'exists', true),
  ],
]

function all(fact: string, operator: string, value: unknown): RawCondition {
  return { all: [of(fact, operator, value)] }
}

describe('a condition', () => {
  it.each(IMPLIED)('implies: %s', (_name, narrow, wide) => {
    expect(isImplied(narrow, wide)).toBe(true)
  })

  it.each(NOT_IMPLIED)('does not imply: %s', (_name, narrow, wide) => {
    expect(isImplied(narrow, wide)).toBe(false)
  })

  it('implies another only if that holds for every event for which it holds', () => {
    const few = fc.oneof(lookedUpLeaf.filter(loads), leaf)
    const tree = rawTree(few, SHARED_NAMES)
    const drawn = fc.record({
      first: rawTree(few, []),
      second: rawTree(few, ['first']),
      trees: fc.array(tree, { minLength: 6, maxLength: 6 }),
      leaves: fc.array(few, { minLength: 12, maxLength: 12 }),
      events: fc.array(rawEvent, { minLength: 20, maxLength: 20 }),
    })
    let implied = 0
    fc.assert(
      fc.property(drawn, ({ first, second, trees: whole, leaves, events }) => {
        const [a = {}, b = {}] = whole
        const trees = [...whole, ...leaves.map((one) => ({ all: [one] }))]
        trees.push({ all: [a, b] }, { any: [a, b] }, { not: a }, { not: { all: [b, a] } })
        trees.push(...leaves.slice(0, 6).map((one) => ({ not: one })))
        const { formulas, checks, compile } = setOf(first, second, trees)
        const verdicts = checks.map((check) =>
          events.map((event) => check(event as unknown as Event)),
        )
        formulas.forEach((narrow, from) => {
          formulas.forEach((wide, to) => {
            if (from === to || !implies(narrow, wide, compile)) return
            implied += 1
            const lost = events.findIndex((_, at) => verdicts[from]?.[at] && !verdicts[to]?.[at])
            if (lost >= 0) {
              const pair = `${JSON.stringify(trees[from])} does not imply ${JSON.stringify(trees[to])}`
              throw new Error(`${pair}: ${fc.stringify(events[lost])}`)
            }
          })
        })
      }),
      { numRuns: 80 },
    )
    expect(implied, 'pairs that were said to be implied').toBeGreaterThan(1_000)
  }, 60_000)
})

// Owns random conditions and events for the differential tests: few names and values, so that they meet.
import fc from 'fast-check'
import type { RawCondition, RawEvent } from './judge.ts'

export const LISTS = {
  people: { kind: 'values', items: ['a', 'ab', 5, 'bob'] },
  office: { kind: 'cidr', items: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'] },
} as const

export const SCHEDULE = { days: ['mon-fri'], hours: ['08:00-18:00'] } as const

const FACTS = [
  'user',
  'operation',
  'ip',
  'time',
  'hour',
  'actions',
  'resources',
  'entry',
  'message',
]

/** Facts as events have them, and as they never should. */
const oddValue = fc.constantFrom<unknown>(
  undefined,
  null,
  '',
  'a',
  'A',
  'ab',
  'Abc',
  'abc',
  'abd',
  'bob',
  '5',
  '5abc',
  'undefined',
  '/a/b',
  '/a/b/c',
  '10.0.0.7',
  '::ffff:10.0.0.7',
  '2001:db8::5',
  '192.0.2.1',
  0,
  5,
  -1,
  7.5,
  1_700_000_000_000,
  1_700_200_000_000,
  true,
  false,
  [],
  ['a', 'b'],
  ['A', 5],
  [5, 6],
  [['a'], 'a'],
  [null],
  {},
  { a: 1 },
  { toString: 1 },
  { toString: 1, valueOf: 2 },
  [{ type: 'a', id: 'b' }, { type: 'b' }],
)

const entry = fc.constantFrom<unknown>(
  undefined,
  {},
  { a: 'a', b: { c: 5 } },
  { a: ['a', 'b', 5], b: { c: 'ab' } },
  { a: [{ x: 'a' }, { x: 5 }, {}], b: { c: null } },
  { a: { x: 'A' }, 'any name': 'a', b: 5 },
  { a: { toString: 'x' }, b: ['10.0.0.7'] },
)

/** Only what is there is a fact; `undefined` is left out half of the time, as either may happen. */
export const rawEvent: fc.Arbitrary<RawEvent> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...FACTS.filter((fact) => fact !== 'entry')), oddValue, {
      minKeys: 2,
      maxKeys: 8,
      noNullPrototype: true,
    }),
    entry,
  )
  .map(([facts, raw]) => ({ ...facts, entry: raw }))

const path = fc.constantFrom(
  '$',
  '$.a',
  '.a',
  '$.b.c',
  "$['any name']",
  '$[0]',
  '$[*]',
  '$[*].type',
  '$.a[0]',
  '$.a[*]',
  '$.a[*].x',
  '$.a.x',
)

const scalar = fc.constantFrom<unknown>('a', 'A', 'ab', 'b', '5', '', 5, 0, 7, true, false, null)
const textValue = fc.constantFrom('a', 'A', 'ab', 'b', '/a', '5', 'abc', '/a/b')
/** What a rule can hold: JSON has no undefined. */
const written = oddValue.map((value) => value ?? null)
const list = fc.array(
  fc.oneof({ weight: 8, arbitrary: scalar }, { weight: 1, arbitrary: written }),
  {
    minLength: 0,
    maxLength: 4,
  },
)

/** Values an operator can be given; wrong ones among them, which the loader must refuse. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  equal: fc.oneof(scalar, scalar, written),
  notEqual: fc.oneof(scalar, scalar, written),
  in: fc.oneof(list, list, fc.constantFrom('abc', 'undefined5', 5, null)),
  notIn: fc.oneof(list, list, fc.constantFrom('abc', 'undefined5', 5, null)),
  contains: fc.oneof(scalar, written),
  doesNotContain: fc.oneof(scalar, written),
  lessThan: fc.oneof(fc.constantFrom(5, 6, 0, '5', 'b'), written),
  lessThanInclusive: fc.oneof(fc.constantFrom(5, 6, 0, '5', 'b'), written),
  greaterThan: fc.oneof(fc.constantFrom(5, 4, 0, '5', 'a'), written),
  greaterThanInclusive: fc.oneof(fc.constantFrom(5, 4, 0, '5', 'a'), written),
  startsWith: fc.oneof(textValue, scalar),
  endsWith: fc.oneof(textValue, scalar),
  includes: fc.oneof(textValue, scalar),
  matches: fc.constantFrom('a', '^a', 'b$', '[A-Z]', '^/a/', '^(a|5)', '\\d+'),
  glob: fc.constantFrom('a*', '*b', '/a/*', '/a/**', '?', '**', '/*/b', 'a?c*'),
  inCidr: fc.constantFrom<unknown>(
    '10.0.0.0/8',
    '2001:db8::/32',
    ['10.0.0.7', '::/0'],
    '0.0.0.0/0',
  ),
  inList: fc.constantFrom('people', 'office'),
  exists: fc.boolean(),
  present: fc.boolean(),
  inSchedule: fc.constant('work'),
}

const DECORATORS = [
  'not',
  'someFact',
  'everyFact',
  'someValue',
  'everyValue',
  'swap',
  'lower',
  'upper',
]

const decorators = fc.oneof(
  { weight: 5, arbitrary: fc.constant<string[]>([]) },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...DECORATORS), { minLength: 1, maxLength: 1 }),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom(...DECORATORS), { minLength: 2, maxLength: 4 }),
  },
)

const reference = fc
  .tuple(fc.constantFrom(...FACTS), fc.option(path, { nil: undefined, freq: 3 }))
  .map(([fact, selected]) => (selected === undefined ? { fact } : { fact, path: selected }))

export const rawLeaf: fc.Arbitrary<RawCondition> = fc
  .tuple(fc.constantFrom(...Object.keys(VALUES)), decorators, fc.integer({ min: 0, max: 5 }))
  .chain(([operator, before, from]) => {
    const plain = VALUES[operator] ?? scalar
    const spread = before.some((decorator) => decorator.endsWith('Value'))
    const literal = spread ? fc.array(plain, { maxLength: 3 }) : plain
    return fc
      .tuple(reference, from === 0 ? reference : literal, fc.option(fc.integer({ min: 1, max: 3 })))
      .map(([target, value, priority]) => ({
        ...target,
        operator: [...before, operator].join(':'),
        value: value === undefined ? null : value,
        ...(priority !== null && { priority }),
      }))
  })

/** Comparisons of few facts that an index can look up, so that many rules share a look-up. */
export const lookedUpLeaf: fc.Arbitrary<RawCondition> = fc
  .tuple(
    fc.constantFrom(
      { fact: 'user' },
      { fact: 'message' },
      { fact: 'actions' },
      { fact: 'entry', path: '$.a' },
    ),
    fc.constantFrom('', '', '', 'not:', 'lower:', 'someFact:', 'someFact:lower:', 'someValue:'),
    fc.constantFrom('equal', 'in', 'contains', 'startsWith', 'endsWith', 'glob', 'inList'),
  )
  .chain(([target, before, operator]) => {
    const plain = VALUES[operator] ?? scalar
    const value = before === 'someValue:' ? fc.array(plain, { minLength: 1, maxLength: 3 }) : plain
    return value.map((one) => ({ ...target, operator: before + operator, value: one ?? null }))
  })

export const SHARED_NAMES = ['first', 'second'] as const

/** A whole tree over leaves of the given kind; `shared`: the names it may refer to. */
export function rawTree(
  leaf: fc.Arbitrary<RawCondition>,
  shared: readonly string[],
): fc.Arbitrary<RawCondition> {
  const { tree } = fc.letrec<{ node: RawCondition; tree: RawCondition }>((tie) => {
    const children = fc.array(tie('node'), { minLength: 1, maxLength: 3 })
    const groups: fc.Arbitrary<RawCondition>[] = [
      children.map((all) => ({ all })),
      children.map((any) => ({ any })),
      tie('node').map((not) => ({ not })),
    ]
    if (shared.length > 0) {
      groups.push(fc.constantFrom(...shared).map((condition) => ({ condition })))
    }
    return {
      node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, ...groups),
      tree: fc.oneof({ depthSize: 'small' }, ...groups),
    }
  })
  return tree
}

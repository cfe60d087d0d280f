// Owns witnesses: what an event must show for a condition to hold, as far as an index can look it up.
// Never more than is necessary: a rule without witnesses is asked about every event.
import type { CompileContext } from './compile.ts'
import type { Condition, Leaf } from './condition.ts'
import type { DecoratorName } from './decorators.ts'
import { SHARE_PART_FACTOR, shareOfValue } from './estimate.ts'
import type { Need } from './operators/operator.ts'
import { type Extractor, nameOf } from './reading.ts'

/** One of the values is necessary. */
export type Witness = {
  readonly extractor: Extractor
  /** The same for extractors that give the same keys. */
  readonly name: string
  readonly values: readonly unknown[]
  /** Whether showing one of the values is all that the condition asks for. */
  readonly exact: boolean
  /** Estimated share of events that show one of the values. */
  readonly share: number
}

/** All of them are necessary, at most one for each extractor. */
export type Conjunction = readonly Witness[]

/** Ways kept apart: more of them are united, at the price of candidates that don't match. */
const WAYS_MAX = 8

/** Values of one witness; beyond, looking the fact up in the rule itself costs less than the index. */
const VALUES_MAX = 256

/** Prefixes and suffixes are cut to these lengths, so that many rules share one look-up. */
const LENGTHS = [32, 16, 8, 4, 2, 1]

/** The ways in which the condition can hold: each event that fulfils it shows all of one of them. */
export function findWitnesses(
  condition: Condition,
  context: CompileContext,
): readonly Conjunction[] {
  switch (condition.kind) {
    case 'all': {
      const ways = condition.children.map((child) => findWitnesses(child, context))
      // What shows one of several conditions does not show that all of them hold.
      return crossWays(ways).map((way) => way.map((witness) => ({ ...witness, exact: false })))
    }
    case 'any':
      return uniteWays(condition.children.flatMap((child) => findWitnesses(child, context)))
    case 'not':
      return [[]]
    case 'shared': {
      const shared = context.shared.get(condition.shared)
      return shared ? findWitnesses(shared, context) : [[]]
    }
    case 'leaf':
      return [witnessesOfLeaf(condition, context)]
  }
}

/** All are necessary; what would become too many ways is left to the conditions themselves. */
export function crossWays<W extends Witness>(
  ways: readonly (readonly (readonly W[])[])[],
): readonly (readonly W[])[] {
  const fewest = ways.toSorted((a, b) => a.length - b.length)
  return fewest.reduce<readonly (readonly W[])[]>(
    (left, right) =>
      left.length * right.length > WAYS_MAX
        ? left
        : left.flatMap((a) => right.map((b) => joinWays(a, b))),
    [[]],
  )
}

function joinWays<W extends Witness>(a: readonly W[], b: readonly W[]): readonly W[] {
  if (a.length === 0) return b
  const joined = new Map(a.map((witness) => [witness.name, witness]))
  for (const witness of b) {
    const known = joined.get(witness.name)
    if (known === undefined || witness.share < known.share) joined.set(witness.name, witness)
  }
  return [...joined.values()]
}

/** One of the ways is necessary. Ways that differ only in their values become one. */
function uniteWays(ways: readonly Conjunction[]): readonly Conjunction[] {
  if (ways.some((way) => way.length === 0)) return [[]]
  const byNames = new Map<string, Conjunction>()
  for (const way of ways) {
    const key = way
      .map((witness) => witness.name)
      .sort()
      .join(' ')
    const known = byNames.get(key)
    byNames.set(key, known ? uniteTwo(known, way) : way)
  }
  const united = [...byNames.values()]
  if (united.length <= WAYS_MAX) return united
  return [united.reduce(uniteTwo)]
}

/** What is necessary either way: the extractors both have, with the values of both. */
function uniteTwo(a: Conjunction, b: Conjunction): Conjunction {
  return a.flatMap((witness) => {
    const other = b.find((candidate) => candidate.name === witness.name)
    if (other === undefined) return []
    const values = [...witness.values, ...other.values]
    const exact = witness.exact && other.exact
    return witnessOf(witness.extractor, values, exact)
  })
}

function witnessesOfLeaf(leaf: Leaf, context: CompileContext): Conjunction {
  const need = leaf.valueFact === undefined ? needOf(leaf, context) : undefined
  if (need === undefined) return []
  const { fact, path } = leaf
  const { as, fold, values } = need
  if (as === 'value' || as === 'member') {
    return witnessOf({ fact, path, as, fold, length: 0 }, values, true)
  }
  const texts = values.filter((value) => typeof value === 'string')
  const shortest = Math.min(...texts.map((text) => text.length))
  const length = LENGTHS.find((candidate) => candidate <= shortest)
  if (length === undefined || texts.length < values.length) return []
  const cut = texts.map((text) => (as === 'prefix' ? text.slice(0, length) : text.slice(-length)))
  const whole = need.exact !== false && texts.every((text) => text.length === length)
  return witnessOf({ fact, path, as, fold, length }, cut, whole)
}

type FoldedNeed = Need & { readonly fold: 'lower' | 'upper' | undefined }

/** What the operator needs, seen through its decorators; undefined when one of them hides it. */
function needOf(leaf: Leaf, context: CompileContext): FoldedNeed | undefined {
  const { operator, decorators } = leaf.comparison
  if (operator.needs === undefined) return undefined
  const { fold, member, values } = readDecorators(decorators, leaf.value)
  if (values === undefined) return undefined
  const needs = values.map((value) => operator.needs?.(value, context))
  const [first] = needs
  if (first === undefined || needs.some((need) => need?.as !== first.as)) return undefined
  const united = needs.flatMap((need) => need?.values ?? [])
  const exact = needs.every((need) => need?.exact !== false)
  // Before a list, as `contains` needs one, `lower` and `upper` do nothing.
  if (!member)
    return { as: first.as, values: united, exact, fold: first.as === 'member' ? undefined : fold }
  return first.as === 'value' ? { as: 'member', values: united, exact, fold } : undefined
}

type Seen = {
  readonly fold: 'lower' | 'upper' | undefined
  readonly member: boolean
  /** The literal values one of which the operator is given; undefined: not known. */
  readonly values: readonly unknown[] | undefined
}

function readDecorators(decorators: readonly DecoratorName[], value: unknown): Seen {
  const unknown: Seen = { fold: undefined, member: false, values: undefined }
  let seen: Seen = { fold: undefined, member: false, values: [value] }
  for (const decorator of decorators) {
    if (decorator === 'someFact' && !seen.member && !seen.fold) seen = { ...seen, member: true }
    else if ((decorator === 'lower' || decorator === 'upper') && !seen.fold) {
      seen = { ...seen, fold: decorator }
    } else if (decorator === 'someValue' && seen.values?.every(Array.isArray)) {
      seen = { ...seen, values: seen.values.flat() }
    } else return unknown
  }
  return seen
}

/** None when there are too many values to look up; an empty list of values is never shown. */
function witnessOf(extractor: Extractor, values: readonly unknown[], exact: boolean): Conjunction {
  const distinct = [...new Set(values)]
  if (distinct.length > VALUES_MAX) return []
  const one = shareOfValue(extractor.fact) * (extractor.length > 0 ? SHARE_PART_FACTOR : 1)
  const share = Math.min(1, one * distinct.length)
  return [{ extractor, name: nameOf(extractor), values: distinct, exact, share }]
}

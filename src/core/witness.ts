// Owns witnesses: what an event must show for a condition to hold, as far as an index can look it up.
// Never more than is necessary: a rule without witnesses is asked about every event.
import type { CompileContext } from './compile.ts'
import type { Condition, FactReference, Leaf } from './condition.ts'
import type { DecoratorName } from './decorators.ts'
import type { FactName } from './event.ts'
import type { Need } from './operators/operator.ts'

/**
 * How an index gets the key of an event: the fact itself, each member of a list, its first or its
 * last `length` characters, each of them maybe in lower or upper case.
 */
export type Extractor = FactReference & {
  readonly as: 'value' | 'member' | 'prefix' | 'suffix'
  readonly fold: 'lower' | 'upper' | undefined
  /** Characters of a prefix or suffix, else 0. */
  readonly length: number
}

/** One of the values is necessary. */
export type Witness = {
  readonly extractor: Extractor
  /** The same for extractors that give the same keys. */
  readonly name: string
  readonly values: readonly unknown[]
  /** Estimated share of events that show one of the values. */
  readonly share: number
}

/** All of them are necessary, at most one for each extractor. */
export type Conjunction = readonly Witness[]

/** Alternatives kept apart: more of them are united, at the price of candidates that don't match. */
const ALTERNATIVES_MAX = 8

/** Values of one witness; beyond, looking the fact up in the rule itself costs less than the index. */
const VALUES_MAX = 256

/** Prefixes and suffixes are cut to these lengths, so that many rules share one look-up. */
const LENGTHS = [32, 16, 8, 4, 2, 1]

/**
 * The share of events one value of a fact has, by experience: ids, users and addresses tell events
 * apart, methods and outcomes hardly do. Wrong estimates cost time, never a match.
 */
const SHARES: Readonly<Partial<Record<FactName, number>>> = {
  id: 0.0001,
  resourceId: 0.0005,
  requestId: 0.0005,
  user: 0.02,
  ip: 0.02,
  uri: 0.005,
  path: 0.005,
  date: 0.02,
  errorStatus: 0.02,
  errorCode: 0.01,
  errorMessage: 0.01,
  asn: 0.03,
  asOrg: 0.03,
  city: 0.03,
  actions: 0.03,
  resource: 0.06,
  resourceTypes: 0.06,
  country: 0.08,
  hour: 0.05,
  operation: 0.12,
  weekday: 0.15,
  type: 0.3,
  status: 0.3,
  outcome: 0.3,
  method: 0.3,
  service: 0.3,
  initiator: 0.5,
  ipKind: 0.5,
  contract: 0.9,
}
const SHARE_OTHER = 0.1

/** How much more events share the first or last characters than a whole value. */
const SHARE_PART_FACTOR = 3

/** The ways in which the condition can hold: each event that fulfils it shows all of one of them. */
export function findWitnesses(
  condition: Condition,
  context: CompileContext,
): readonly Conjunction[] {
  switch (condition.kind) {
    case 'all':
      return condition.children
        .map((child) => findWitnesses(child, context))
        .sort((a, b) => a.length - b.length)
        .reduce(crossAlternatives, [[]])
    case 'any':
      return uniteAlternatives(condition.children.flatMap((child) => findWitnesses(child, context)))
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

/** Both sides are necessary; what would become too many ways is left to the rule itself. */
function crossAlternatives(
  left: readonly Conjunction[],
  right: readonly Conjunction[],
): readonly Conjunction[] {
  if (left.length * right.length > ALTERNATIVES_MAX) return left
  return left.flatMap((a) => right.map((b) => joinConjunctions(a, b)))
}

function joinConjunctions(a: Conjunction, b: Conjunction): Conjunction {
  const joined = new Map(a.map((witness) => [witness.name, witness]))
  for (const witness of b) {
    const known = joined.get(witness.name)
    if (known === undefined || witness.share < known.share) joined.set(witness.name, witness)
  }
  return [...joined.values()]
}

/** One of the ways is necessary. Ways that differ only in their values become one. */
function uniteAlternatives(ways: readonly Conjunction[]): readonly Conjunction[] {
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
  if (united.length <= ALTERNATIVES_MAX) return united
  return [united.reduce(uniteTwo)]
}

/** What is necessary either way: the extractors both have, with the values of both. */
function uniteTwo(a: Conjunction, b: Conjunction): Conjunction {
  return a.flatMap((witness) => {
    const other = b.find((candidate) => candidate.name === witness.name)
    if (other === undefined) return []
    return witnessOf(witness.extractor, [...witness.values, ...other.values])
  })
}

function witnessesOfLeaf(leaf: Leaf, context: CompileContext): Conjunction {
  const need = leaf.valueFact === undefined ? needOf(leaf, context) : undefined
  if (need === undefined) return []
  const { fact, path } = leaf
  const { as, fold, values } = need
  if (as === 'value' || as === 'member') {
    return witnessOf({ fact, path, as, fold, length: 0 }, values)
  }
  const texts = values.filter((value) => typeof value === 'string')
  const shortest = Math.min(...texts.map((text) => text.length))
  const length = LENGTHS.find((candidate) => candidate <= shortest)
  if (length === undefined || texts.length < values.length) return []
  const cut = texts.map((text) => (as === 'prefix' ? text.slice(0, length) : text.slice(-length)))
  return witnessOf({ fact, path, as, fold, length }, cut)
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
  if (!member) return { as: first.as, values: united, fold }
  return first.as === 'value' ? { as: 'member', values: united, fold } : undefined
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
function witnessOf(extractor: Extractor, values: readonly unknown[]): Conjunction {
  const distinct = [...new Set(values)]
  if (distinct.length > VALUES_MAX) return []
  const one =
    (SHARES[extractor.fact] ?? SHARE_OTHER) * (extractor.length > 0 ? SHARE_PART_FACTOR : 1)
  const share = Math.min(1, one * distinct.length)
  return [{ extractor, name: nameOf(extractor), values: distinct, share }]
}

function nameOf({ fact, path, as, fold, length }: Extractor): string {
  return JSON.stringify([fact, path?.steps, as, fold, length])
}

// Owns which instruction asks a comparison, so that the commonest need no call. Instructions:
// program.ts; what rules become as a whole: rule-program.ts.
import type { CompileContext, Compiler } from './compile.ts'
import type { Condition, Leaf } from './condition.ts'
import { placeOf } from './frame.ts'
import { type Assembler, COMPARE, OP } from './program.ts'
import { type Extractor, nameOf, numberOf } from './reading.ts'

/** The first numbers of an instruction; the targets follow, swapped when it does not hold. */
export type LeafCode = { readonly head: readonly number[]; readonly holds: boolean }

/** Comparisons of one fact from which on reading its number costs less than comparing its text. */
const POPULAR_MIN = 12

/** Values told apart by their numbers; more of them are left to the operator's own set. */
const NUMBERED_MAX = 256

export type LeafScope = {
  readonly assembler: Assembler
  readonly compiler: Compiler
  readonly context: CompileContext
}

/** A function from leaves to their instruction; `conditions` are all that the leaves belong to. */
export function createLeafCode(
  conditions: readonly Condition[],
  scope: LeafScope,
): (leaf: Leaf) => LeafCode {
  const popular = findPopular(conditions, scope.context)
  const known = new Map<Leaf, LeafCode>()
  return (leaf) => {
    const code = known.get(leaf) ?? codeOf(leaf, popular, scope)
    known.set(leaf, code)
    return code
  }
}

function codeOf(leaf: Leaf, popular: ReadonlySet<string>, scope: LeafScope): LeafCode {
  const equality = equalityOf(leaf, scope.context)
  const code = equality ? equalityCode(equality, popular, scope) : comparisonCode(leaf, scope)
  if (code) return code
  const check = scope.assembler.check(scope.compiler.compile(leaf))
  return { head: [OP.call, check], holds: true }
}

function equalityCode(
  { extractor, values, holds }: Equality,
  popular: ReadonlySet<string>,
  { assembler, compiler }: LeafScope,
): LeafCode | undefined {
  if (popular.has(nameOf(extractor)) && values.length <= NUMBERED_MAX) {
    const reading = compiler.readings.of(extractor)
    const numbers = [...new Set(values.map((value) => numberOf(reading, value)))]
    const [number] = numbers
    return number !== undefined && numbers.length === 1
      ? { head: [OP.is, reading.index, number], holds }
      : { head: [OP.isOneOf, reading.index, assembler.set(numbers)], holds }
  }
  const [value] = values
  if (values.length !== 1 || extractor.path || extractor.fold) return undefined
  return { head: [OP.same, placeOf(extractor.fact), assembler.constant(value)], holds }
}

const COMPARISONS: Readonly<Record<string, number>> = {
  lessThan: COMPARE.less,
  lessThanInclusive: COMPARE.lessOrSame,
  greaterThan: COMPARE.more,
  greaterThanInclusive: COMPARE.moreOrSame,
}

/** Comparisons of a fact with a number. */
function comparisonCode(leaf: Leaf, { assembler, compiler }: LeafScope): LeafCode | undefined {
  const { operator, decorators } = leaf.comparison
  const how = COMPARISONS[operator.name]
  if (how === undefined || decorators.length > 0 || leaf.path) return undefined
  if (typeof leaf.value !== 'number') return undefined
  const number = assembler.number(leaf.value)
  const check = assembler.check(compiler.compile(leaf))
  return { head: [OP.compare, placeOf(leaf.fact), number, how, check], holds: true }
}

type Equality = {
  readonly extractor: Extractor
  readonly values: readonly unknown[]
  /** Whether the leaf holds for one of the values, or for any other. */
  readonly holds: boolean
}

/** What a leaf says when it only asks whether a fact is one of some values. */
function equalityOf(leaf: Leaf, context: CompileContext): Equality | undefined {
  const { operator, decorators } = leaf.comparison
  if (leaf.valueFact) return undefined
  let holds = true
  let fold: 'lower' | 'upper' | undefined
  for (const decorator of decorators) {
    if (decorator === 'not') holds = !holds
    else if ((decorator === 'lower' || decorator === 'upper') && !fold) fold = decorator
    else return undefined
  }
  const { fact, path, value } = leaf
  const extractor: Extractor = { fact, path, as: 'value', fold, length: 0 }
  switch (operator.name) {
    case 'equal':
      return { extractor, values: [value], holds }
    case 'notEqual':
      return { extractor, values: [value], holds: !holds }
    case 'in':
      return Array.isArray(value) ? { extractor, values: value, holds } : undefined
    case 'notIn':
      return Array.isArray(value) ? { extractor, values: value, holds: !holds } : undefined
    case 'inList': {
      const list = context.lists.get(String(value))
      return list?.kind === 'values' ? { extractor, values: list.values, holds } : undefined
    }
    default:
      return undefined
  }
}

/** Names of the extractors that are worth a number. */
function findPopular(conditions: readonly Condition[], context: CompileContext): Set<string> {
  const counts = new Map<string, number>()
  const count = (condition: Condition): void => {
    if (condition.kind === 'all' || condition.kind === 'any') condition.children.forEach(count)
    else if (condition.kind === 'not') count(condition.child)
    else if (condition.kind === 'leaf') {
      const equality = equalityOf(condition, context)
      if (equality === undefined) return
      const name = nameOf(equality.extractor)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  conditions.forEach(count)
  return new Set([...counts].flatMap(([name, times]) => (times >= POPULAR_MIN ? [name] : [])))
}

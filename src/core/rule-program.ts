// Owns how the tree of rules becomes a program. Instructions: program.ts; running them: rule-run.ts.
import type { CompileContext, Compiler } from './compile.ts'
import type { Condition, Leaf } from './condition.ts'
import { COST_CHEAP } from './estimate.ts'
import { placeOf } from './frame.ts'
import { type Assembler, COMPARE, createAssembler, OP, type Program } from './program.ts'
import { type Extractor, nameOf, numberOf } from './reading.ts'
import type { Member, Node } from './rule-tree.ts'

/** Where a verdict leads. */
type Targets = { readonly then: number; readonly otherwise: number }

/** Comparisons of one fact from which on reading its number costs less than comparing its text. */
const POPULAR_MIN = 12

/** Values told apart by their numbers; more of them are left to the operator's own set. */
const NUMBERED_MAX = 256

export type Sources = {
  readonly tree: Node | undefined
  readonly conditions: readonly Condition[]
  readonly compiler: Compiler
  readonly context: CompileContext
}

export function assembleRules({ tree, conditions, compiler, context }: Sources): Program {
  const assembler = createAssembler()
  const popular = findPopular(conditions, context)
  // Place 0 is no target: it means that there is none.
  assembler.emit(0)
  const back = assembler.emit(OP.back)
  const scope = { assembler, compiler, context, popular, back }
  const start = tree === undefined ? back : emitNode(tree, scope)
  return assembler.finish(start, compiler.readings.all, conditions.length)
}

type Scope = {
  readonly assembler: Assembler
  readonly compiler: Compiler
  readonly context: CompileContext
  /** Names of the extractors that are worth a number. */
  readonly popular: ReadonlySet<string>
  /** The place of an instruction that goes back. */
  readonly back: number
}

function emitNode(node: Node, scope: Scope): number {
  const { assembler, back } = scope
  switch (node.kind) {
    case 'ask':
      return node.members.reduceRight((next, member) => emitAsk(member, next, scope), back)
    case 'key': {
      const rest = node.rest ? emitNode(node.rest, scope) : back
      const targets = new Map<number, number>()
      for (const [number, branch] of node.branches) targets.set(number, emitNode(branch, scope))
      const op = node.reading.many ? OP.lookEach : OP.look
      return assembler.emit(op, node.reading.index, assembler.table(targets), rest)
    }
    case 'test': {
      const rest = node.rest ? emitNode(node.rest, scope) : back
      const inside = emitNode(node.inside, scope)
      const then = rest === back ? inside : assembler.emit(OP.keep, rest, inside)
      return emitCondition(node.part.condition, { then, otherwise: rest }, scope)
    }
  }
}

function emitAsk({ rule, open }: Member, next: number, scope: Scope): number {
  const { assembler } = scope
  const found = assembler.emit(OP.found, rule, next)
  const parts = byRank(open, ({ cost, share }) => cost / (1 - share))
  const conditions = parts.map((part) => part.condition)
  const body = emitAll(conditions, { then: found, otherwise: next }, scope)
  return assembler.emit(OP.ask, rule, next, body)
}

/** What costs little for what it settles comes first. */
function byRank<T>(values: readonly T[], rankOf: (value: T) => number): readonly T[] {
  const ranks = new Map(values.map((value) => [value, rankOf(value)] as const))
  return values.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
}

function emitAll(conditions: readonly Condition[], targets: Targets, scope: Scope): number {
  return conditions.reduceRight(
    (then, condition) => emitCondition(condition, { ...targets, then }, scope),
    targets.then,
  )
}

function emitAny(conditions: readonly Condition[], targets: Targets, scope: Scope): number {
  return conditions.reduceRight(
    (otherwise, condition) => emitCondition(condition, { ...targets, otherwise }, scope),
    targets.otherwise,
  )
}

/** Leads to `then` when the condition holds, else to `otherwise`. */
function emitCondition(condition: Condition, targets: Targets, scope: Scope): number {
  const { compiler } = scope
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const isAll = condition.kind === 'all'
      const children = byRank(condition.children, (child) => {
        const { cost, share } = compiler.compilePart(child)
        return cost / (isAll ? 1 - share : share)
      })
      return isAll ? emitAll(children, targets, scope) : emitAny(children, targets, scope)
    }
    case 'not': {
      const { then, otherwise } = targets
      return emitCondition(condition.child, { then: otherwise, otherwise: then }, scope)
    }
    case 'shared':
      return emitCall(condition, targets, scope)
    case 'leaf':
      return emitLeaf(condition, targets, scope)
  }
}

function emitCall(condition: Condition, targets: Targets, scope: Scope): number {
  const check = scope.assembler.check(scope.compiler.compile(condition))
  return scope.assembler.emit(OP.call, check, targets.then, targets.otherwise)
}

function emitLeaf(leaf: Leaf, targets: Targets, scope: Scope): number {
  const equality = equalityOf(leaf, scope.context)
  if (equality) return emitEquality(leaf, equality, targets, scope)
  return emitComparison(leaf, targets, scope) ?? emitCall(leaf, targets, scope)
}

function emitEquality(leaf: Leaf, equality: Equality, targets: Targets, scope: Scope): number {
  const { assembler, compiler, popular } = scope
  const { extractor, values, holds } = equality
  const then = holds ? targets.then : targets.otherwise
  const otherwise = holds ? targets.otherwise : targets.then
  if (popular.has(nameOf(extractor)) && values.length <= NUMBERED_MAX) {
    const reading = compiler.readings.of(extractor)
    const numbers = [...new Set(values.map((value) => numberOf(reading, value)))]
    const [number] = numbers
    if (number !== undefined && numbers.length === 1) {
      return assembler.emit(OP.is, reading.index, number, then, otherwise)
    }
    return assembler.emit(OP.isOneOf, reading.index, assembler.set(numbers), then, otherwise)
  }
  const [value] = values
  if (values.length !== 1 || extractor.path || extractor.fold) return emitCall(leaf, targets, scope)
  const place = placeOf(extractor.fact)
  return assembler.emit(OP.same, place, assembler.constant(value), then, otherwise)
}

const COMPARISONS: Readonly<Record<string, number>> = {
  lessThan: COMPARE.less,
  lessThanInclusive: COMPARE.lessOrSame,
  greaterThan: COMPARE.more,
  greaterThanInclusive: COMPARE.moreOrSame,
}

/** Comparisons of a fact with a number. */
function emitComparison(leaf: Leaf, targets: Targets, scope: Scope): number | undefined {
  const { assembler, compiler } = scope
  const { operator, decorators } = leaf.comparison
  const how = COMPARISONS[operator.name]
  if (how === undefined || decorators.length > 0 || leaf.path) return undefined
  if (typeof leaf.value !== 'number') return undefined
  const number = assembler.number(leaf.value)
  const check = assembler.check(compiler.compile(leaf))
  const { then, otherwise } = targets
  return assembler.emit(OP.compare, placeOf(leaf.fact), number, how, check, then, otherwise)
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
  let holds = true
  let fold: 'lower' | 'upper' | undefined
  for (const decorator of decorators) {
    if (decorator === 'not') holds = !holds
    else if ((decorator === 'lower' || decorator === 'upper') && !fold) fold = decorator
    else return undefined
  }
  const { fact, path, value } = leaf
  if (leaf.valueFact) return undefined
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

function findPopular(conditions: readonly Condition[], context: CompileContext): Set<string> {
  const counts = new Map<string, number>()
  const count = (condition: Condition): void => {
    if (condition.kind === 'all' || condition.kind === 'any') condition.children.forEach(count)
    else if (condition.kind === 'not') count(condition.child)
    else if (condition.kind === 'leaf') {
      const equality = equalityOf(condition, context)
      if (equality === undefined) return
      const name = nameOf(equality.extractor)
      counts.set(name, (counts.get(name) ?? 0) + COST_CHEAP)
    }
  }
  for (const condition of conditions) count(condition)
  return new Set([...counts].flatMap(([name, times]) => (times >= POPULAR_MIN ? [name] : [])))
}

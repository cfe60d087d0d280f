// Owns the verdict of a condition: trees become synchronous functions. Which rules to ask: match.ts.
import type { Condition, FactReference, Leaf } from './condition.ts'
import { compileLiteral, compilePair, mayThrow } from './decorators.ts'
import type { Event } from './event.ts'
import { COST_DEAR, costOfLeaf } from './estimate.ts'
import { createFrame, fillFrame, type Frame, placeOf, turnOf } from './frame.ts'
import type { OperatorContext, Test } from './operators/operator.ts'
import {
  createReadings,
  type Extractor,
  nameOf,
  numberOf,
  type Readings,
  takeReading,
} from './reading.ts'

/** A verdict on the event in the frame. */
export type Check = (frame: Frame) => boolean

export type CompileContext = OperatorContext & {
  /** The shared conditions by name. */
  readonly shared: ReadonlyMap<string, Condition>
  /**
   * Called when json-rules-engine would throw for a leaf, which is false then: a value from a fact
   * that has no such comparison.
   */
  readonly onFault?: (leaf: Leaf) => void
}

/** One of the conditions that must hold together for a rule; equal ones have the same key. */
export type Part = {
  readonly key: string
  readonly condition: Condition
  readonly check: Check
  /** What asking costs: COST_CHEAP and more. */
  readonly cost: number
}

/** Compiles trees that are asked about the same frame, and shares what they have in common. */
export type Compiler = {
  readonly readings: Readings
  compile(condition: Condition): Check
  /** The conditions that must all hold, the cheapest first. */
  compileParts(condition: Condition): readonly Part[]
}

/** The verdict of one condition on an event. The condition must have been parsed without error. */
export function compileCondition(
  condition: Condition,
  context: CompileContext,
): (event: Event) => boolean {
  const check = createCompiler(context).compile(condition)
  const frame = createFrame()
  return (event) => {
    fillFrame(frame, event)
    return check(frame)
  }
}

/** Siblings are asked in the order of what they cost, which changes no verdict. */
function byCost(a: Part, b: Part): number {
  return a.cost - b.cost
}

/** `conditions`: what will be compiled, as far as known: what many of them look at is read once. */
export function createCompiler(
  context: CompileContext,
  conditions: readonly Condition[] = [],
): Compiler {
  const parts = new Map<string, Part>()
  const readings = createReadings()
  const popular = findPopular(conditions, context)

  function compileOnce(condition: Condition): Part {
    const { key, build } = describe(condition)
    const known = parts.get(key)
    if (known) return known
    const part = { key, condition, ...build() }
    parts.set(key, part)
    return part
  }

  type Description = {
    readonly key: string
    readonly build: () => { readonly check: Check; readonly cost: number }
  }

  function describe(condition: Condition): Description {
    switch (condition.kind) {
      case 'all':
      case 'any':
        return describeGroup(condition, condition.kind)
      case 'not': {
        const { key, check, cost } = compileOnce(condition.child)
        return { key: `not ${key}`, build: () => ({ check: (frame) => !check(frame), cost }) }
      }
      case 'shared':
        return describeShared(condition.shared)
      case 'leaf':
        return { key: leafKey(condition), build: () => buildLeaf(condition) }
    }
  }

  function describeGroup(group: Condition, kind: 'all' | 'any'): Description {
    const children = flatten(group, kind).map(compileOnce).sort(byCost)
    const [only] = children
    if (only && children.length === 1) return { key: only.key, build: () => only }
    return {
      key: `${kind}(${children.map((child) => child.key).join(', ')})`,
      build() {
        const checks = children.map((child) => child.check)
        const cost = children.reduce((sum, child) => sum + child.cost, 0)
        const check = kind === 'all' ? combineAll(checks) : combineAny(checks)
        return { check: cost >= COST_DEAR ? remember(check) : check, cost }
      },
    }
  }

  function describeShared(name: string): Description {
    return {
      key: `shared ${JSON.stringify(name)}`,
      build() {
        const condition = context.shared.get(name)
        if (condition === undefined) throw new Error(`no shared condition ${JSON.stringify(name)}`)
        const { check, cost } = compileOnce(condition)
        return { check: remember(check), cost }
      },
    }
  }

  function buildLeaf(leaf: Leaf): { check: Check; cost: number } {
    const check = compileLeaf(leaf, { context, readings, popular })
    const cost = costOfLeaf(leaf)
    return { check: cost >= COST_DEAR ? remember(check) : check, cost }
  }

  return {
    readings,
    compile: (condition) => compileOnce(condition).check,
    compileParts: (condition) => flatten(condition, 'all').map(compileOnce).sort(byCost),
  }
}

/** Two leaves with the same key have the same verdict on every event. */
function leafKey(leaf: Leaf): string {
  const reference = (from: FactReference) => [from.fact, from.path?.text]
  const { valueFact, value } = leaf
  const operand = valueFact ? { from: reference(valueFact) } : { literal: value }
  return JSON.stringify([leaf.comparison.text, reference(leaf), operand])
}

/** The members of a group, with those of groups of the same kind inside it. */
function flatten(condition: Condition, kind: 'all' | 'any'): readonly Condition[] {
  return condition.kind === kind
    ? condition.children.flatMap((child) => flatten(child, kind))
    : [condition]
}

/** Asks once per event: worth its memory for what is dear or shared by many rules. */
function remember(check: Check): Check {
  let turn = -1
  let verdict = false
  return (frame) => {
    if (turn !== turnOf(frame)) {
      verdict = check(frame)
      turn = turnOf(frame)
    }
    return verdict
  }
}

/** Whether all of the checks hold. */
export function combineAll(checks: readonly Check[]): Check {
  const [a, b, c, d] = checks
  if (a && !b) return a
  if (a && b && !c) return (frame) => a(frame) && b(frame)
  if (a && b && c && !d) return (frame) => a(frame) && b(frame) && c(frame)
  return (frame) => {
    for (const check of checks) if (!check(frame)) return false
    return true
  }
}

function combineAny(checks: readonly Check[]): Check {
  const [a, b, c, d] = checks
  if (a && !b) return a
  if (a && b && !c) return (frame) => a(frame) || b(frame)
  if (a && b && c && !d) return (frame) => a(frame) || b(frame) || c(frame)
  return (frame) => {
    for (const check of checks) if (check(frame)) return true
    return false
  }
}

/** What leaves are compiled with. */
type Workshop = {
  readonly context: CompileContext
  readonly readings: Readings
  /** Names of the extractors that are worth a number. */
  readonly popular: ReadonlySet<string>
}

/** Comparisons of one fact from which on reading its number once costs less than comparing texts. */
const POPULAR_MIN = 12

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
  for (const condition of [...conditions, ...context.shared.values()]) count(condition)
  return new Set([...counts].flatMap(([name, times]) => (times >= POPULAR_MIN ? [name] : [])))
}

function compileLeaf(leaf: Leaf, workshop: Workshop): Check {
  const { context, readings } = workshop
  const { comparison, valueFact } = leaf
  const throws = mayThrow(comparison, valueFact === undefined)
  if (valueFact) {
    const test = compilePair(comparison, context)
    const readFact = readings.reference(leaf)
    const readValue = readings.reference(valueFact)
    const check: Check = (frame) => test(readFact(frame), readValue(frame))
    return throws ? guard(check, leaf, context) : check
  }
  const plain = compileEquality(leaf, workshop) ?? compilePlain(leaf, context)
  if (plain) return plain
  const test = compileLiteral(comparison, leaf.value, context)
  const check = compileTest(test, leaf, readings)
  return throws ? guard(check, leaf, context) : check
}

function compileTest(test: Test, leaf: Leaf, readings: Readings): Check {
  if (leaf.path) {
    const read = readings.reference(leaf)
    return (frame) => test(read(frame))
  }
  const place = placeOf(leaf.fact)
  return (frame) => test(frame[place])
}

/** Values told apart by their numbers; more of them are left to the operator's own set. */
const NUMBERED_MAX = 256

/** `equal`, `in` and their like compare the number of what the event shows. */
function compileEquality(leaf: Leaf, workshop: Workshop): Check | undefined {
  const { context, readings, popular } = workshop
  const equality = equalityOf(leaf, context)
  if (equality === undefined || !popular.has(nameOf(equality.extractor))) return undefined
  const { extractor, values, holds } = equality
  if (values.length > NUMBERED_MAX) return undefined
  const reading = readings.of(extractor)
  const numbers = [...new Set(values.map((value) => numberOf(reading, value)))]
  const [number] = numbers
  if (number !== undefined && numbers.length === 1) {
    return (frame) => {
      takeReading(reading, frame)
      return (reading.number === number) === holds
    }
  }
  const isOne = new Uint8Array(Math.max(0, ...numbers) + 1)
  for (const one of numbers) isOne[one] = 1
  const wanted = holds ? 1 : 0
  return (frame) => {
    takeReading(reading, frame)
    return (isOne[reading.number] ?? 0) === wanted
  }
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

/** The commonest leaves without a call in between. */
function compilePlain(leaf: Leaf, context: CompileContext): Check | undefined {
  const { value, path } = leaf
  const { operator, decorators } = leaf.comparison
  if (path || decorators.length > 0) return undefined
  const place = placeOf(leaf.fact)
  if (typeof value === 'number') return compileNumber(leaf, value, context)
  switch (operator.name) {
    case 'equal':
      return (frame) => frame[place] === value
    case 'notEqual':
      return (frame) => frame[place] !== value
    case 'startsWith':
      return (frame) => {
        const fact = frame[place]
        return typeof fact === 'string' && typeof value === 'string' && fact.startsWith(value)
      }
    default:
      return undefined
  }
}

/** Comparisons of a number with a number; any other fact goes the operator's own way. */
function compileNumber(leaf: Leaf, value: number, context: CompileContext): Check | undefined {
  const place = placeOf(leaf.fact)
  const test = compileLiteral(leaf.comparison, value, context)
  const other = guard((frame) => test(frame[place]), leaf, context)
  switch (leaf.comparison.operator.name) {
    case 'equal':
      return (frame) => frame[place] === value
    case 'lessThan':
      return (frame) => {
        const fact = frame[place]
        return typeof fact === 'number' ? fact < value : other(frame)
      }
    case 'lessThanInclusive':
      return (frame) => {
        const fact = frame[place]
        return typeof fact === 'number' ? fact <= value : other(frame)
      }
    case 'greaterThan':
      return (frame) => {
        const fact = frame[place]
        return typeof fact === 'number' ? fact > value : other(frame)
      }
    case 'greaterThanInclusive':
      return (frame) => {
        const fact = frame[place]
        return typeof fact === 'number' ? fact >= value : other(frame)
      }
    default:
      return undefined
  }
}

/** json-rules-engine throws: the leaf is false, whatever its decorators. */
function guard(check: Check, leaf: Leaf, { onFault }: CompileContext): Check {
  return (frame) => {
    try {
      return check(frame)
    } catch {
      onFault?.(leaf)
      return false
    }
  }
}

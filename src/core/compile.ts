// Owns the verdict of a condition: trees become synchronous functions. Which rules to ask: match.ts.
import type { Condition, FactReference, Leaf } from './condition.ts'
import { compileLiteral, compilePair, mayThrow } from './decorators.ts'
import type { Event } from './event.ts'
import { COST_DEAR, costOfLeaf, shareOf } from './estimate.ts'
import { createFrame, fillFrame, type Frame, placeOf, turnOf } from './frame.ts'
import type { OperatorContext, Test } from './operators/operator.ts'
import { createReadings, type Readings } from './reading.ts'

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
  /** What asking costs, in comparisons. */
  readonly cost: number
  /** The estimated share of events for which it holds. */
  readonly share: number
}

/** Compiles trees that are asked about the same frame, and shares what they have in common. */
export type Compiler = {
  readonly readings: Readings
  compile(condition: Condition): Check
  /** The conditions that must all hold. */
  compileParts(condition: Condition): readonly Part[]
  /** The same for any condition as a whole. */
  compilePart(condition: Condition): Part
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

export function createCompiler(context: CompileContext): Compiler {
  const parts = new Map<string, Part>()
  const seen = new Map<Condition, Part>()
  const readings = createReadings()

  function compileOnce(condition: Condition): Part {
    const known = seen.get(condition)
    if (known) return known
    const { key, build } = describe(condition)
    const equal = parts.get(key)
    const part = equal ?? { key, condition, ...build(), share: shareOf(condition, context) }
    parts.set(key, part)
    seen.set(condition, part)
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
    const check = compileLeaf(leaf, context, readings)
    const cost = costOfLeaf(leaf)
    return { check: cost >= COST_DEAR ? remember(check) : check, cost }
  }

  return {
    readings,
    compile: (condition) => compileOnce(condition).check,
    compilePart: compileOnce,
    compileParts: (condition) => flatten(condition, 'all').map(compileOnce),
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

function combineAll(checks: readonly Check[]): Check {
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

function compileLeaf(leaf: Leaf, context: CompileContext, readings: Readings): Check {
  const { comparison, valueFact } = leaf
  const throws = mayThrow(comparison, valueFact === undefined)
  if (valueFact) {
    const test = compilePair(comparison, context)
    const readFact = readings.reference(leaf)
    const readValue = readings.reference(valueFact)
    const check: Check = (frame) => test(readFact(frame), readValue(frame))
    return throws ? guard(check, leaf, context) : check
  }
  const plain = compilePlain(leaf, context)
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

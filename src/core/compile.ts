// Owns the verdict of a condition: trees become synchronous functions. Which rules to ask: match.ts.
import type { Condition, FactReference, Leaf } from './condition.ts'
import { compileLiteral, compilePair, mayThrow } from './decorators.ts'
import type { Event } from './event.ts'
import { createFrame, fillFrame, type Frame, placeOf, turnOf } from './frame.ts'
import type { OperatorContext } from './operators/operator.ts'
import { compilePath } from './path.ts'

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

/** Compiles trees that are asked about the same frames, and shares what they have in common. */
export type Compiler = {
  compile(condition: Condition): Check
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

/** What asking costs, in comparisons: siblings are asked in this order, which changes no verdict. */
type Compiled = { readonly check: Check; readonly cost: number }

const COST_CHEAP = 1
const COST_PATH = 3
const COST_DEAR = 30

export function createCompiler(context: CompileContext): Compiler {
  const leaves = new Map<string, Compiled>()
  const shared = new Map<string, Compiled>()

  function compileNode(condition: Condition): Compiled {
    switch (condition.kind) {
      case 'all':
      case 'any': {
        const { kind } = condition
        const children = flatten(condition, kind).map(compileNode)
        children.sort((a, b) => a.cost - b.cost)
        const checks = children.map((child) => child.check)
        const cost = children.reduce((sum, child) => sum + child.cost, 0)
        return { check: kind === 'all' ? combineAll(checks) : combineAny(checks), cost }
      }
      case 'not': {
        const { check, cost } = compileNode(condition.child)
        return { check: (frame) => !check(frame), cost }
      }
      case 'shared':
        return compileShared(condition.shared)
      case 'leaf':
        return compileLeafOnce(condition)
    }
  }

  function compileShared(name: string): Compiled {
    const known = shared.get(name)
    if (known) return known
    const condition = context.shared.get(name)
    if (condition === undefined) throw new Error(`no shared condition ${JSON.stringify(name)}`)
    const { check, cost } = compileNode(condition)
    const compiled = { check: remember(check), cost }
    shared.set(name, compiled)
    return compiled
  }

  function compileLeafOnce(leaf: Leaf): Compiled {
    const key = leafKey(leaf)
    const known = leaves.get(key)
    if (known) return known
    const check = compileLeaf(leaf, context)
    const cost = costOf(leaf)
    const compiled = { check: cost >= COST_DEAR ? remember(check) : check, cost }
    leaves.set(key, compiled)
    return compiled
  }

  return { compile: (condition) => compileNode(condition).check }
}

/** Two leaves with the same key have the same verdict on every event. */
function leafKey(leaf: Leaf): string {
  const reference = (from: FactReference) => [from.fact, from.path?.text]
  const { valueFact, value } = leaf
  const operand = valueFact ? { from: reference(valueFact) } : { literal: value }
  return JSON.stringify([leaf.comparison.text, reference(leaf), operand])
}

function costOf(leaf: Leaf): number {
  if (leaf.comparison.operator.cost === 'dear') return COST_DEAR
  return leaf.path || leaf.comparison.decorators.length > 0 ? COST_PATH : COST_CHEAP
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

function compileLeaf(leaf: Leaf, context: CompileContext): Check {
  const { comparison, valueFact } = leaf
  const throws = mayThrow(comparison, valueFact === undefined)
  if (valueFact) {
    const test = compilePair(comparison, context)
    const readFact = compileReference(leaf)
    const readValue = compileReference(valueFact)
    const check: Check = (frame) => test(readFact(frame), readValue(frame))
    return throws ? guard(check, leaf, context) : check
  }
  if (comparison.decorators.length === 0 && !leaf.path) {
    const check = compilePlain(leaf)
    if (check) return check
  }
  const test = compileLiteral(comparison, leaf.value, context)
  if (leaf.path) {
    const read = compileReference(leaf)
    const check: Check = (frame) => test(read(frame))
    return throws ? guard(check, leaf, context) : check
  }
  const place = placeOf(leaf.fact)
  const check: Check = (frame) => test(frame[place])
  return throws ? guard(check, leaf, context) : check
}

/** The commonest leaves without a call in between. */
function compilePlain(leaf: Leaf): Check | undefined {
  const { value } = leaf
  const place = placeOf(leaf.fact)
  switch (leaf.comparison.operator.name) {
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

/** Reads a fact; a path selects inside objects and lists only, as in json-rules-engine. */
export function compileReference({ fact, path }: FactReference): (frame: Frame) => unknown {
  const place = placeOf(fact)
  if (!path) return (frame) => frame[place]
  const select = compilePath(path)
  return (frame) => {
    const value = frame[place]
    return typeof value === 'object' && value !== null ? select(value) : value
  }
}

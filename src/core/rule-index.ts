// Owns an event's walk through the tree of rules: which rules hold, asking as few as possible. How
// the tree is built: rule-tree.ts.
import type { CompileContext, Compiler, Part } from './compile.ts'
import type { Condition } from './condition.ts'
import { shareOf } from './estimate.ts'
import { type Frame, turnOf } from './frame.ts'
import { type Reading, takeReading } from './reading.ts'
import { buildTree, type Clue, type Node, type RulePlan } from './rule-tree.ts'
import { crossWays, findWitnesses } from './witness.ts'

/** Finds the numbers of the conditions that hold for the event in the frame, in order. */
export type RuleIndex = {
  /** How many there are; they are the first members of `found`, until the next call. */
  find(frame: Frame): number
  readonly found: Int32Array
  /** Conditions without a witness: something of each is asked about every event. */
  readonly unindexed: number
}

/** An index over the conditions of rules, which are called by their place in the list. */
export function buildIndex(
  conditions: readonly Condition[],
  compiler: Compiler,
  context: CompileContext,
): RuleIndex {
  const waysOf = createWays(context)
  const plans = conditions.map((condition): RulePlan => {
    const parts = compiler.compileParts(condition)
    const shares = parts.map((part) => shareOf(part.condition, context))
    return { parts, shares, ways: waysOf(parts) }
  })
  const unindexed = plans.filter(({ ways }) => ways.some((way) => way.length === 0)).length
  const found = new Int32Array(plans.length)
  return { find: createWalk(buildTree(plans, compiler.readings), found), found, unindexed }
}

/** The witnesses of each part, found once for equal parts. */
function createWays(context: CompileContext): (parts: readonly Part[]) => RulePlan['ways'] {
  const known = new Map<string, ReturnType<typeof findWitnesses>>()
  const witnessesOf = ({ key, condition }: Part) => {
    const found = known.get(key) ?? findWitnesses(condition, context)
    known.set(key, found)
    return found
  }
  return (parts) =>
    crossWays(
      parts.map((part, number) => {
        const ways = witnessesOf(part)
        const alone = ways.length === 1 && ways[0]?.length === 1
        return ways.map((way) =>
          way.map((witness): Clue => {
            return { ...witness, proves: alone && witness.exact ? number : undefined }
          }),
        )
      }),
    )
}

/** A node as it is walked. */
type Step = {
  readonly rules: readonly number[]
  readonly checks: Node['checks']
  readonly reading: Reading | undefined
  readonly branches: Branches
  readonly test: Node['test']
  readonly inside: Step | undefined
  readonly rest: Step | undefined
}

/** A hash table of numbers: a power of two of places, at most half of them taken, 0 is empty. */
type Branches = { readonly numbers: Int32Array; readonly steps: readonly (Step | undefined)[] }

function createWalk(root: Node, found: Int32Array): (frame: Frame) => number {
  const start = toStep(root)
  /** The turn in which a rule was last asked: one can be met in several ways. */
  const asked = new Float64Array(found.length)
  let count = 0
  let frame: Frame = []
  let turn = 0

  function walk(from: Step): void {
    for (let step: Step | undefined = from; step !== undefined; step = step.rest) {
      const { reading, test } = step
      if (reading !== undefined) {
        takeReading(reading, frame)
        if (reading.many) walkMembers(reading, step.branches)
        else if (reading.number !== 0) walkBranch(reading.number, step.branches)
      } else if (test !== undefined) {
        if (step.inside !== undefined && test(frame)) walk(step.inside)
      } else ask(step)
    }
  }

  function walkMembers({ number: count, members }: Reading, branches: Branches): void {
    for (let index = 0; index < count; index += 1) walkBranch(members[index] ?? 0, branches)
  }

  function walkBranch(number: number, { numbers, steps }: Branches): void {
    const mask = numbers.length - 1
    for (let place = number & mask; numbers[place] !== 0; place = (place + 1) & mask) {
      if (numbers[place] !== number) continue
      const branch = steps[place]
      if (branch !== undefined) walk(branch)
      return
    }
  }

  function ask({ rules, checks }: Step): void {
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index] ?? 0
      if (asked[rule] === turn) continue
      asked[rule] = turn
      const check = checks[index]
      if (check === undefined || check(frame)) {
        found[count] = rule
        count += 1
      }
    }
  }

  return (current) => {
    count = 0
    frame = current
    turn = turnOf(current)
    walk(start)
    if (count > 1) found.subarray(0, count).sort()
    return count
  }
}

function toStep(node: Node): Step {
  return {
    rules: node.rules,
    checks: node.checks,
    reading: node.reading,
    branches: toBranches(node.branches ?? new Map()),
    test: node.test,
    inside: node.inside && toStep(node.inside),
    rest: node.rest && toStep(node.rest),
  }
}

function toBranches(nodes: ReadonlyMap<number, Node>): Branches {
  const size = 2 ** Math.ceil(Math.log2(nodes.size * 2 + 1))
  const numbers = new Int32Array(size)
  const steps = Array.from<Step | undefined>({ length: size }).fill(undefined)
  for (const [number, node] of nodes) {
    let place = number & (size - 1)
    while (numbers[place] !== 0) place = (place + 1) & (size - 1)
    numbers[place] = number
    steps[place] = toStep(node)
  }
  return { numbers, steps }
}

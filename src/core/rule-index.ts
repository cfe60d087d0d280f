// Owns the plan of an index: what each rule needs an event to show. Sorting rules by it:
// rule-tree.ts; running them: rule-run.ts.
import type { CompileContext, Compiler, Part } from './compile.ts'
import type { Condition } from './condition.ts'
import { assembleRules } from './rule-program.ts'
import { createRun, type RuleRun } from './rule-run.ts'
import { buildTree, type Clue, type RulePlan } from './rule-tree.ts'
import { crossWays, findWitnesses } from './witness.ts'

export type RuleIndex = RuleRun & {
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
    return { parts, ways: waysOf(parts) }
  })
  const unindexed = plans.filter(({ ways }) => ways.some((way) => way.length === 0)).length
  const tree = buildTree(plans, compiler.readings)
  const program = assembleRules({ tree, conditions, compiler, context })
  return { ...createRun(program), unindexed }
}

/** The witnesses of each part, found once for equal parts. */
function createWays(context: CompileContext): (parts: readonly Part[]) => RulePlan['ways'] {
  const known = new Map<Part, readonly (readonly Clue[])[]>()
  const cluesOf = (part: Part): readonly (readonly Clue[])[] => {
    const found = known.get(part)
    if (found) return found
    const ways = findWitnesses(part.condition, context)
    const alone = ways.length === 1 && ways[0]?.length === 1
    const clues = ways.map((way) =>
      way.map((witness): Clue => {
        return { ...witness, proves: alone && witness.exact ? part : undefined }
      }),
    )
    known.set(part, clues)
    return clues
  }
  return (parts) => crossWays(parts.map(cluesOf))
}

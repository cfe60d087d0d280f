// Owns circles among shared conditions: which refer to themselves, directly or through others.
import type { Condition } from './condition.ts'
import { pointerTo, type Report, reportError } from './shape.ts'

/** The shared conditions a tree refers to. */
function sharedNamesIn(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.children.flatMap(sharedNamesIn)
    case 'not':
      return sharedNamesIn(condition.child)
    case 'shared':
      return [condition.shared]
    case 'leaf':
      return []
  }
}

/**
 * Reports each shared condition that refers to itself, directly or through others, at its pointer
 * in `_conditions.json`. Returns the names of those in a circle: none of them can be used.
 */
export function findConditionCycles(
  shared: ReadonlyMap<string, Condition>,
  report: Report,
): ReadonlySet<string> {
  const circular = new Set<string>()
  for (const [name, condition] of shared) {
    const way = findWay(name, condition, shared)
    if (way === undefined) continue
    circular.add(name)
    const circle = [name, ...way].map((step) => JSON.stringify(step)).join(' → ')
    reportError(report, pointerTo('', name), `the condition refers to itself: ${circle}`)
  }
  return circular
}

/** The names from `target` back to itself, or undefined. Each name is visited once. */
function findWay(
  target: string,
  start: Condition,
  shared: ReadonlyMap<string, Condition>,
): readonly string[] | undefined {
  const seen = new Set<string>()
  const visit = (condition: Condition): readonly string[] | undefined => {
    for (const name of sharedNamesIn(condition)) {
      if (name === target) return [name]
      const next = shared.get(name)
      if (next === undefined || seen.has(name)) continue
      seen.add(name)
      const way = visit(next)
      if (way) return [name, ...way]
    }
    return undefined
  }
  return visit(start)
}

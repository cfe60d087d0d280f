// Owns which facts rules read, so that costly ones are not worked out in vain. What conditions mean:
// core/compile.ts.
import type { Condition } from '../core/condition.ts'
import type { FactName } from '../core/event.ts'
import type { Detect } from '../core/rule-detect.ts'
import type { RuleSet } from '../ruleset.ts'

/** Facts that come from data about addresses, which takes a moment and memory to open. */
export const ADDRESS_FACTS: readonly FactName[] = [
  'country',
  'asn',
  'asOrg',
  'city',
  'latitude',
  'longitude',
]

/** Whether rules of a set read one of the facts: to match, to except, to detect, or to group. */
export function readsAny({ rules, shared }: RuleSet, facts: readonly FactName[]): boolean {
  const names: ReadonlySet<string> = new Set(facts)
  const trees = rules.flatMap(({ conditions, exceptions, detect }) => {
    const steps = detect?.kind === 'sequence' ? detect.steps : []
    return [conditions, ...[...exceptions, ...steps].map((part) => part.conditions)]
  })
  return (
    [...trees, ...shared.values()].some((tree) => treeReads(tree, names)) ||
    rules.some(({ alert, detect }) =>
      [...alert.groupBy, ...factsOf(detect)].some((name) => names.has(name)),
    )
  )
}

/** What windows of a rule ask for. */
function factsOf(detect: Detect | undefined): readonly string[] {
  switch (detect?.kind) {
    case 'threshold':
      return detect.distinct === undefined ? detect.groupBy : [...detect.groupBy, detect.distinct]
    case 'firstSeen':
      return [...detect.groupBy, ...detect.value]
    case 'travel':
      return [...detect.groupBy, 'latitude', 'longitude']
    default:
      return detect?.groupBy ?? []
  }
}

/** Shared conditions are looked at by themselves. */
function treeReads(tree: Condition, names: ReadonlySet<string>): boolean {
  switch (tree.kind) {
    case 'all':
    case 'any':
      return tree.children.some((child) => treeReads(child, names))
    case 'not':
      return treeReads(tree.child, names)
    case 'shared':
      return false
    case 'leaf':
      return (
        names.has(tree.fact) || (tree.valueFact !== undefined && names.has(tree.valueFact.fact))
      )
  }
}

// Owns which facts rules read, so that costly ones are not worked out in vain. What conditions mean:
// core/compile.ts.
import type { Condition } from '../core/condition.ts'
import type { FactName } from '../core/event.ts'
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

/** Whether running rules read one of the facts: to match, to except, or to group alerts. */
export function readsAny({ rules, shared }: RuleSet, facts: readonly FactName[]): boolean {
  const names: ReadonlySet<string> = new Set(facts)
  const trees = rules.flatMap(({ conditions, exceptions }) => [
    conditions,
    ...exceptions.map((exception) => exception.conditions),
  ])
  return (
    [...trees, ...shared.values()].some((tree) => treeReads(tree, names)) ||
    rules.some(({ alert }) => alert.groupBy.some((name) => names.has(name)))
  )
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

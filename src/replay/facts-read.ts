// Owns whether rules read a fact in their conditions, so that costly facts are not worked out in
// vain. What conditions mean: core/compile.ts.
import type { Condition } from '../core/condition.ts'
import type { FactName } from '../core/event.ts'
import type { RuleSet } from '../ruleset.ts'

/** Whether a condition or exception of a running rule, or any shared condition, reads the fact. */
export function readsFact({ rules, shared }: RuleSet, fact: FactName): boolean {
  const trees = rules.flatMap(({ conditions, exceptions }) => [
    conditions,
    ...exceptions.map((exception) => exception.conditions),
  ])
  return [...trees, ...shared.values()].some((tree) => treeReads(tree, fact))
}

function treeReads(tree: Condition, fact: FactName): boolean {
  switch (tree.kind) {
    case 'all':
    case 'any':
      return tree.children.some((child) => treeReads(child, fact))
    case 'not':
      return treeReads(tree.child, fact)
    case 'shared':
      return false
    case 'leaf':
      return tree.fact === fact || tree.valueFact?.fact === fact
  }
}

// Owns which rules files are judged by: all that are not disabled, those with `detect` among them.
import { createMatcher } from '../core/match.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleSet } from '../ruleset.ts'

/** The same rule set, in which every rule that is not disabled is matched. */
export function withAllActive(ruleSet: RuleSet): RuleSet {
  const rules: readonly Rule[] = ruleSet.all.filter(({ status }) => status !== 'disabled')
  if (rules.length === ruleSet.rules.length) return ruleSet
  const matcher = createMatcher(rules, ruleSet)
  return { ...ruleSet, rules, matcher, match: (event) => matcher.match(event) }
}

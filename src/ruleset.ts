// Owns a set of rules: reads its folders, leaves out what is wrong with all reasons at once, and
// answers which rules an event matches. Which files: ruleset-files.ts; one rule: core/rule.ts.
import type { CompileContext } from './core/compile.ts'
import type { Condition } from './core/condition.ts'
import type { Event } from './core/event.ts'
import type { List } from './core/list.ts'
import { createMatcher, type Matcher } from './core/match.ts'
import type { Problem } from './core/problem.ts'
import { isRunning, type Rule } from './core/rule.ts'
import type { Schedule } from './core/schedule.ts'
import { buildParts } from './ruleset-build.ts'
import { readRuleFiles, type RuleFiles } from './ruleset-files.ts'

export type RuleSet = {
  /** Hash of the files' content: every alert, metric and log line about a verdict carries it. */
  readonly version: string
  /** The rules that are matched: those that are not disabled. */
  readonly rules: readonly Rule[]
  /** Every rule that loaded, by id. */
  readonly all: readonly Rule[]
  readonly lists: ReadonlyMap<string, List>
  readonly schedules: ReadonlyMap<string, Schedule>
  /** The shared conditions of `_conditions.json`, as explaining a verdict names them. */
  readonly conditions: ReadonlyMap<string, Condition>
  /** The same, as matching names them: a rule set is a context of both. */
  readonly shared: ReadonlyMap<string, Condition>
  /** The rules whose conditions hold for the event and none of whose exceptions does. */
  match(event: Event): readonly Rule[]
  readonly matcher: Matcher<Rule>
  /** The file a rule was read from, as problems name it; empty when there is no such rule. */
  fileOf(id: string): string
}

export type RuleSetOptions = {
  /** Read in this order. */
  readonly folders: readonly string[]
  readonly schedules: ReadonlyMap<string, Schedule>
  /** Today in the configured time zone, `2026-11-20`; absent: expiry is not looked at. */
  readonly nowDate?: string
  /** Told of each comparison that json-rules-engine would throw for; it is false then. */
  readonly onFault?: CompileContext['onFault']
}

export type LoadedRuleSet = { readonly ruleSet: RuleSet; readonly problems: readonly Problem[] }

/**
 * Loads the rules of some folders. Rules with an error are left out, the others run; problems are
 * in the order of files and lines. Throws RuleFolderError when a folder can't be read.
 */
export async function loadRuleSet(options: RuleSetOptions): Promise<LoadedRuleSet> {
  return buildRuleSet(await readRuleFiles(options.folders), options)
}

/** The same from files that were read before; no input or output. */
export function buildRuleSet(
  files: RuleFiles,
  options: Omit<RuleSetOptions, 'folders'>,
): LoadedRuleSet {
  const { problems, all, lists, conditions, paths } = buildParts(files, options)
  const rules = all.filter(isRunning)
  const { schedules, onFault } = options
  const context = { lists, schedules, conditions, shared: conditions }
  const matcher = createMatcher(rules, { ...context, ...(onFault && { onFault }) })
  const ruleSet: RuleSet = {
    version: files.version,
    rules,
    all,
    ...context,
    match: (event) => matcher.match(event),
    matcher,
    fileOf: (id) => paths.get(id) ?? '',
  }
  return { ruleSet, problems }
}

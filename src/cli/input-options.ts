// Owns what commands that judge entries have in common: their options and how the rules are loaded.
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { formatProblem } from '../core/problem.ts'
import { isRunning } from '../core/rule.ts'
import { fieldPath } from '../replay/judge.ts'
import type { Reading, ScheduleText } from '../replay/task.ts'
import { buildRuleSet, type RuleSet } from '../ruleset.ts'
import { type RuleFiles, RuleFolderError, readRuleFiles } from '../ruleset-files.ts'
import { type Cli, CommandError } from './context.ts'
import { counted } from './rules-load.ts'

/** How entries of files are read. */
export type InputOptions = {
  readonly strict?: boolean
  readonly timeField?: string
  readonly idField?: string
}

export function addInputOptions(command: Command): Command {
  return command
    .option('--strict', 'exit 1 when a line is no JSON object')
    .addOption(new Option('--time-field <path>', 'where other logs keep their time, e.g. a.b'))
    .addOption(new Option('--id-field <path>', 'where other logs keep their id'))
}

/** Throws a CommandError (2) when a field is no path. */
export function readingOf(
  { timeField, idField }: InputOptions,
  { timezone }: Config,
  readTimeMs: number,
): Reading {
  for (const [option, field] of [
    ['--time-field', timeField],
    ['--id-field', idField],
  ] as const) {
    if (field !== undefined) checkField(option, field)
  }
  return { timezone, contract: undefined, readTimeMs, timeField, idField }
}

function checkField(option: string, field: string): void {
  try {
    fieldPath(field)
  } catch (error) {
    throw new CommandError(2, `${option} ${field}: ${(error as Error).message}`)
  }
}

export type LoadedFiles = { readonly files: RuleFiles; readonly ruleSet: RuleSet }

/** Loads rules to judge with; those with errors are left out and told on stderr. */
export async function loadJudged(
  cli: Cli,
  folders: readonly string[],
  { schedules }: Pick<Config, 'schedules'>,
): Promise<LoadedFiles> {
  try {
    const files = await readRuleFiles(folders)
    const { ruleSet, problems } = buildRuleSet(files, { schedules })
    for (const problem of problems) {
      if (problem.level === 'error') cli.stderr.write(`${formatProblem(problem)}\n`)
    }
    return { files, ruleSet }
  } catch (error) {
    if (!(error instanceof RuleFolderError)) throw error
    throw new CommandError(2, error.message, 'check the path, --rules or "rules"', error)
  }
}

/** Says which rules are left out because windows are not yet kept. */
export function tellWaiting(cli: Cli, { all }: RuleSet): void {
  const waiting = all.filter((rule) => rule.status !== 'disabled' && !isRunning(rule))
  if (waiting.length === 0) return
  const ids = waiting.map((rule) => rule.id).join(', ')
  cli.stderr.write(`${counted(waiting.length, 'rule')} not yet active ("detect"): ${ids}\n`)
}

/** Schedules as threads get them. */
export function scheduleTexts({ schedules }: Pick<Config, 'schedules'>): readonly ScheduleText[] {
  return [...schedules.values()].map(({ name, timezone, week }) => ({ name, timezone, week }))
}

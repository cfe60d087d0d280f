// Owns what commands that judge entries have in common: their options, the rules they judge with,
// and what a thread is told to do the same.
import { randomInt } from 'node:crypto'
import { type Command, Option } from 'commander'
import type { Config } from '../config.ts'
import type { LookUp } from '../core/event.ts'
import { formatProblem } from '../core/problem.ts'
import { ADDRESS_FACTS, readsAny } from '../replay/facts-read.ts'
import { fieldPath } from '../replay/judge.ts'
import type { Reading, Task } from '../replay/task.ts'
import { buildRuleSet, type RuleSet } from '../ruleset.ts'
import { type RuleFiles, RuleFolderError, readRuleFiles } from '../ruleset-files.ts'
import { openData } from './address-data.ts'
import { type Cli, CommandError } from './context.ts'

/** How entries of files are read. */
export type InputOptions = {
  readonly strict?: boolean
  readonly timeField?: string
  readonly idField?: string
}

/** Seeds by which entries without an id are told apart: one that nobody can know. */
const HASH_SEEDS = 2 ** 32

export function addInputOptions(command: Command): Command {
  return command
    .option('--strict', 'exit 1 when a line is no JSON object')
    .addOption(new Option('--time-field <path>', 'where other logs keep their time, e.g. a.b'))
    .addOption(new Option('--id-field <path>', 'where other logs keep their id'))
}

export type LoadedFiles = {
  readonly files: RuleFiles
  readonly ruleSet: RuleSet
}

/** Loads rules to judge with; those with errors are left out and told on stderr. */
export async function loadJudged(
  cli: Cli,
  folders: readonly string[],
  { schedules }: Pick<Config, 'schedules'>,
  nameOf: (file: string) => string = (file) => file,
): Promise<LoadedFiles> {
  try {
    const files = await readRuleFiles(folders)
    const { ruleSet, problems } = buildRuleSet(files, { schedules })
    for (const problem of problems) {
      if (problem.level !== 'error') continue
      const { file } = problem
      const named = file === undefined ? problem : { ...problem, file: nameOf(file) }
      cli.stderr.write(`${formatProblem(named)}\n`)
    }
    return { files, ruleSet }
  } catch (error) {
    if (!(error instanceof RuleFolderError)) throw error
    throw new CommandError(2, error.message, 'check the path, --rules or "rules"', error)
  }
}

export type Asked = {
  readonly kind: Task['kind']
  readonly options: InputOptions
  readonly loaded: readonly LoadedFiles[]
  /** The time of entries that tell none, ms. */
  readonly readTimeMs: number
}

export type OpenedTask = {
  readonly task: Task
  readonly lookUp: LookUp | undefined
}

/**
 * What threads are told, and for this one the data about addresses, if a rule asks for it. Throws a
 * CommandError (2) when a field is no path or a file of data can't be used.
 */
export async function openTask(cli: Cli, config: Config, asked: Asked): Promise<OpenedTask> {
  const { kind, options, loaded, readTimeMs } = asked
  const { timeField, idField } = options
  checkField('--time-field', timeField)
  checkField('--id-field', idField)
  const { timezone, enrich } = config
  const hashSeed = randomInt(HASH_SEEDS)
  const reading: Reading = {
    timezone,
    contract: undefined,
    readTimeMs,
    timeField,
    idField,
    hashSeed,
  }
  const asksWhere = loaded.some(({ ruleSet }) => readsAny(ruleSet, ADDRESS_FACTS))
  const lookUp = asksWhere ? (await openData(cli, config)).lookUp : undefined
  const task: Task = {
    kind,
    ruleFiles: loaded.map(({ files }) => files),
    schedules: [...config.schedules.values()].map(({ name, week, timezone: zone }) => {
      return { name, timezone: zone, week }
    }),
    reading,
    enrich: asksWhere ? enrich : undefined,
  }
  return { task, lookUp }
}

function checkField(option: string, field: string | undefined): void {
  if (field === undefined) return
  try {
    fieldPath(field)
  } catch (error) {
    throw new CommandError(2, `${option} ${field}: ${(error as Error).message}`)
  }
}

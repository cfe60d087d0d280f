// Owns `tocsin backtest`: the alerts that rules would have raised, and what changes against others.
import { Command } from 'commander'
import {
  type Collector,
  createCollector,
  type Ending,
  type Gathered,
} from '../backtest/collector.ts'
import { TooManyGroupsError } from '../backtest/groups.ts'
import { TooManyAlertsError } from '../backtest/pieces.ts'
import { MEMBERS_HELD_MAX } from '../backtest/window-parts.ts'
import type { Config } from '../config.ts'
import { type BacktestJudge, createBacktestJudge } from '../replay/backtest-judge.ts'
import type { Task } from '../replay/task.ts'
import { oneContract, readMoment, readSpan } from './api-windows.ts'
import { readApi } from './backtest-api.ts'
import { type Compared, openCompared } from './backtest-compared.ts'
import { writeComparison } from './backtest-difference.ts'
import { writeJson, writeReport } from './backtest-report.ts'
import { type Cli, CommandError } from './context.ts'
import {
  addInputOptions,
  type InputOptions,
  type LoadedFiles,
  loadJudged,
  openTask,
} from './input-options.ts'
import { judgeFiles } from './judge-files.ts'
import { createProgressBar } from './progress-bar.ts'
import { readSettings } from './settings.ts'

type BacktestOptions = InputOptions & {
  readonly input?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly contract?: string
  readonly compare?: string
}

const HELP = `
An event counts once, however often and in whatever order it comes. Entries without a time that can
be read count as of 1970, and are in no window of "detect". What did not happen (absence, an absent
last step) is judged up to the last entry, or with --to up to then.

Examples:
  tocsin backtest --input november.ndjson
  tocsin backtest --from 7d --json > week.json
  tocsin backtest --input november.ndjson --compare origin/main`

/**
 * The time of entries that tell none: fixed, so that the same input gives the same result whenever
 * it is read.
 */
const UNDATED_MS = 0

export function backtestCommand(cli: Cli): Command {
  return addInputOptions(
    new Command('backtest')
      .description('the alerts that the rules would have raised')
      .option('--input <file...>', 'NDJSON files; "-" is stdin')
      .option('--from <T>', 'read the log from the API instead: first moment, inclusive')
      .option('--to <T>', 'last moment, exclusive (default: now; with --input: the last entry)')
      .option('--contract <number>', 'one contract (default: all that the credentials reach)')
      .option(
        '--compare <dir|ref>',
        'tell the difference to the rules of a folder or git revision',
      ),
  )
    .addHelpText('after', HELP)
    .action(async (options: BacktestOptions, command: Command) => {
      if ((options.input === undefined) === (options.from === undefined)) {
        throw new CommandError(2, 'expected either --input FILE or --from T', 'see --help')
      }
      const { config, json } = await readSettings(cli, command)
      const quiet = command.optsWithGlobals<{ quiet?: boolean }>().quiet === true
      const { compare } = options
      const compared =
        compare === undefined ? undefined : await openCompared(cli, compare, config.rules)
      try {
        await backtest(cli, { options, config, json, quiet, compared })
      } finally {
        await compared?.close()
      }
    })
}

type Backtest = {
  readonly options: BacktestOptions
  readonly config: Config
  readonly json: boolean
  readonly quiet: boolean
  readonly compared: Compared | undefined
}

async function backtest(cli: Cli, run: Backtest): Promise<void> {
  const { options, config, compared, json } = run
  const startedMs = cli.clock.now()
  const loaded = [await loadJudged(cli, config.rules, config)]
  if (compared !== undefined)
    loaded.push(await loadJudged(cli, compared.folders, config, compared.nameOf))
  const asked = { kind: 'backtest', options, loaded, readTimeMs: UNDATED_MS } as const
  const { task, lookUp } = await openTask(cli, config, asked)
  const ruleSets = loaded.map(({ ruleSet }) => ruleSet)
  const judge = createBacktestJudge(ruleSets, task.reading, lookUp)
  const collector = createCollector({ rules: loaded.map(rulesById) })
  try {
    const { bad, ending } = await readAll(cli, { run, task, judge, collector })
    const gathered = await collector.finish(ending, cli.signal)
    const seconds = (cli.clock.now() - startedMs) / 1_000
    tellUndated(cli, gathered)
    tellWindows(cli, gathered)
    const report = { gathered, seconds, compare: options.compare }
    if (json) await writeJson(cli, report)
    else if (options.compare === undefined) await writeReport(cli, report)
    else await writeComparison(cli, { gathered, base: options.compare })
    if (options.strict === true && bad > 0) throw new CommandError(1, '')
  } catch (error) {
    throw explain(error)
  } finally {
    collector.close()
  }
}

function rulesById({ ruleSet }: LoadedFiles) {
  return new Map(ruleSet.rules.map((rule) => [rule.id, rule]))
}

type Reader = {
  readonly run: Backtest
  readonly task: Task
  readonly judge: BacktestJudge
  readonly collector: Collector
}

type Read = {
  /** Lines without an entry. */
  readonly bad: number
  readonly ending: Ending
}

/** Reads the whole input. */
async function readAll(cli: Cli, reader: Reader): Promise<Read> {
  const { input, to } = reader.run.options
  if (input === undefined) return await readLog(cli, reader)
  const { task, judge, collector, run } = reader
  const markMs = to === undefined ? undefined : readMoment('to', to, cli.clock.now())
  const { quiet } = run
  const { settleMs } = run.config.detection
  const { bad } = await judgeFiles(cli, { files: input, task, judge, take: collector.add, quiet })
  if (bad > 0) cli.stderr.write(`${bad} line${bad === 1 ? '' : 's'} skipped\n`)
  return { bad, ending: { settleMs, ...(markMs !== undefined && { markMs }) } }
}

/** Reads a span of the log from the API. */
async function readLog(cli: Cli, { run, judge, collector }: Reader): Promise<Read> {
  const { options, quiet } = run
  const { from = '', to = 'now' } = options
  const span = readSpan({ from, to }, cli.clock.now())
  const bar = createProgressBar(quiet ? { write: () => undefined } : cli.stderr)
  try {
    const gaps = await readApi(cli, {
      config: oneContract(run.config, options.contract),
      span,
      bar,
      take: (entries, contract) => collector.add(judge.judgeEntries(entries, contract)),
    })
    return { bad: 0, ending: { markMs: span.to, settleMs: run.config.detection.settleMs, gaps } }
  } finally {
    bar.clear()
  }
}

function tellUndated(cli: Cli, { undated }: Gathered): void {
  if (undated === 0) return
  const [what, verb] = undated === 1 ? ['entry', 'states'] : ['entries', 'state']
  cli.stderr.write(`${undated} ${what} ${verb} no time that can be read: counted as of 1970\n`)
}

/** Says which rules with `detect` saw less than they matched. */
function tellWindows(cli: Cli, { ruleIds, tallies }: Gathered): void {
  for (const [at, { lacking, matches, isCrowded }] of (tallies[0] ?? []).entries()) {
    const id = ruleIds[at] ?? ''
    if (lacking > 0) {
      const what = `${lacking.toLocaleString('en')} of ${matches.toLocaleString('en')} matches`
      cli.stderr.write(`${id}: ${what} lack a value that "detect" asks for, and are in no window\n`)
    }
    if (isCrowded) {
      const most = MEMBERS_HELD_MAX.toLocaleString('en')
      cli.stderr.write(
        `${id}: more than ${most} events lie within reach of each other in one group: there may be more alerts\n`,
      )
    }
  }
}

/** What a person can do about a backtest that found too much, or had no room. */
function explain(error: unknown): unknown {
  if (error instanceof TooManyGroupsError || error instanceof TooManyAlertsError) {
    const remedy = 'narrow the rules, choose some with --rules, or read a shorter span'
    return new CommandError(1, error.message, remedy, error)
  }
  if (error instanceof Error && 'syscall' in error && error.syscall === 'write') {
    const message = `temporary files can't be written (${(error as NodeJS.ErrnoException).code})`
    return new CommandError(3, message, 'make room, or set TMPDIR to a folder with more', error)
  }
  return error
}

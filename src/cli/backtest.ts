// Owns `tocsin backtest`: the alerts that rules would have raised, and what changes against others.
import { Command } from 'commander'
import { type Collector, createCollector, type Gathered } from '../backtest/collector.ts'
import { TooManyGroupsError } from '../backtest/groups.ts'
import { TooManyAlertsError } from '../backtest/pieces.ts'
import type { Config } from '../config.ts'
import { type BacktestJudge, createBacktestJudge } from '../replay/backtest-judge.ts'
import type { Task } from '../replay/task.ts'
import { readApi, readSpan } from './backtest-api.ts'
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
  tellWaiting,
} from './input-options.ts'
import { judgeFiles } from './judge-files.ts'
import { createProgressBar } from './progress-bar.ts'
import { readSettings } from './settings.ts'

type BacktestOptions = InputOptions & {
  readonly input?: readonly string[]
  readonly from?: string
  readonly to: string
  readonly contract?: string
  readonly compare?: string
}

const HELP = `
An event counts once, however often and in whatever order it comes. Entries without a time that can
be read count as of 1970. Rules whose "detect" keeps windows are not active yet.

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
      .option('--to <T>', 'last moment, exclusive', 'now')
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
  const { options, config, compared, json, quiet } = run
  const startedMs = cli.clock.now()
  const loaded = [await loadJudged(cli, config.rules, config)]
  if (compared !== undefined)
    loaded.push(await loadJudged(cli, compared.folders, config, compared.nameOf))
  if (!quiet && loaded[0] !== undefined) tellWaiting(cli, loaded[0].ruleSet)
  const asked = { kind: 'backtest', options, loaded, readTimeMs: UNDATED_MS } as const
  const { task, lookUp } = await openTask(cli, config, asked)
  const ruleSets = loaded.map(({ ruleSet }) => ruleSet)
  const judge = createBacktestJudge(ruleSets, task.reading, lookUp)
  const collector = createCollector({ rules: loaded.map(rulesById) })
  try {
    const bad = await readAll(cli, { run, task, judge, collector })
    const gathered = await collector.finish(cli.signal)
    const seconds = (cli.clock.now() - startedMs) / 1_000
    tellUndated(cli, gathered)
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

/** Reads the whole input; the number of lines without an entry. */
async function readAll(cli: Cli, { run, task, judge, collector }: Reader): Promise<number> {
  const { options, quiet } = run
  if (options.input !== undefined) {
    const { input: files } = options
    const { bad } = await judgeFiles(cli, { files, task, judge, take: collector.add, quiet })
    if (bad > 0) cli.stderr.write(`${bad} line${bad === 1 ? '' : 's'} skipped\n`)
    return bad
  }
  const span = readSpan({ from: options.from ?? '', to: options.to }, cli.clock.now())
  const bar = createProgressBar(quiet ? { write: () => undefined } : cli.stderr)
  try {
    await readApi(cli, {
      config: oneContract(run.config, options.contract),
      span,
      bar,
      take: (entries, contract) => collector.add(judge.judgeEntries(entries, contract)),
    })
  } finally {
    bar.clear()
  }
  return 0
}

function oneContract(config: Config, contract: string | undefined): Config {
  if (contract === undefined) return config
  if (!/^\d{1,40}$/.test(contract)) {
    throw new CommandError(2, '--contract: expected digits', '`tocsin contracts` lists them')
  }
  return { ...config, ionos: { ...config.ionos, contracts: [contract] } }
}

function tellUndated(cli: Cli, { undated }: Gathered): void {
  if (undated === 0) return
  const [what, verb] = undated === 1 ? ['entry', 'states'] : ['entries', 'state']
  cli.stderr.write(`${undated} ${what} ${verb} no time that can be read: counted as of 1970\n`)
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

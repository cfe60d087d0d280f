// Owns `tocsin fetch`: a span of the log as NDJSON, every window of it proven complete.
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { isFields } from '../core/fields.ts'
import type { ActivityLogClient } from '../source/client.ts'
import type { SourceError } from '../source/errors.ts'
import { type PageSource, readWindow, type WindowPart } from '../source/page-reader.ts'
import { patiently, patientPages } from '../source/patient.ts'
import { probeApi } from '../source/probe.ts'
import { ceilSecond, floorSecond, formatTime, formatWindow, nextWidth } from '../source/window.ts'
import type { Span } from '../state/stores.ts'
import { commandPatience, withClient } from './api-calls.ts'
import { type Cli, CommandError } from './context.ts'
import { type Asked, type FetchFile, type FetchState, openFetchFile } from './fetch-output.ts'
import { readFetchState } from './fetch-output.ts'
import { MOMENT_FORMS, parseMoment } from './moment.ts'
import { createProgressBar, type ProgressBar } from './progress-bar.ts'
import { readSettings } from './settings.ts'

type FetchOptions = {
  readonly from: string
  readonly to: string
  readonly contract?: string
  readonly out?: string
}

const HELP = `
Entries are written one a line, oldest first. T is a date, a time, how long ago, or now.
A download to a FILE that was interrupted goes on where it was: run the same command again.

Example:
  tocsin fetch --from 2026-11-01 --to 2026-12-01 --out november.ndjson
  tocsin fetch --from 24h | tocsin match -`

/** The first window: the log's density is not known yet. */
const FIRST_WIDTH_MS = 3_600_000

/** Spans that could not be proven, named one by one in the message. */
const SPANS_SHOWN_MAX = 5

export function fetchCommand(cli: Cli): Command {
  return new Command('fetch')
    .description('download entries as NDJSON')
    .requiredOption('--from <T>', 'first moment, inclusive')
    .option('--to <T>', 'last moment, exclusive', 'now')
    .option('--contract <number>', 'one contract (default: all that the credentials reach)')
    .option('--out <file>', 'write there instead of to stdout, and resume')
    .addHelpText('after', HELP)
    .action(async (options: FetchOptions, command: Command) => {
      const { config, json } = await readSettings(cli, command)
      const quiet = command.optsWithGlobals<{ quiet?: boolean }>().quiet === true
      const done = await download(cli, oneContract(config, options), options)
      if (json && options.out !== undefined) cli.stdout.write(`${JSON.stringify(done)}\n`)
      else if (!quiet)
        cli.stderr.write(`${done.entries} entries${options.out ? ` in ${options.out}` : ''}\n`)
      if (done.unproven.length > 0) throw incomplete(done.unproven)
    })
}

function oneContract(config: Config, { contract }: FetchOptions): Config {
  if (contract === undefined) return config
  if (!/^\d{1,40}$/.test(contract)) {
    throw new CommandError(2, '--contract: expected digits', '`tocsin contracts` lists them')
  }
  return { ...config, ionos: { ...config.ionos, contracts: [contract] } }
}

/** A download under way. */
type Download = {
  readonly cli: Cli
  readonly config: Config
  readonly pages: PageSource
  readonly offsetCounts: 'rows' | 'pages'
  readonly bar: ProgressBar
  readonly file: FetchFile | undefined
  state: Omit<FetchState, 'bytes'>
}

type Done = { readonly entries: number; readonly unproven: readonly Span[] }

async function download(cli: Cli, config: Config, options: FetchOptions): Promise<Done> {
  const asked: Asked = { from: options.from, to: options.to, contract: options.contract ?? '' }
  const span = readSpan(asked, cli.clock.now())
  const path = options.out === undefined ? undefined : resolve(cli.cwd, options.out)
  const begun = path === undefined ? undefined : await readFetchState(path, asked)
  const bar = createProgressBar(cli.stderr)
  const onWait = ({ message }: SourceError, waitMs: number): void => {
    if (waitMs < WAIT_SHOWN_MS) return
    bar.clear()
    cli.stderr.write(`${message}: waiting ${Math.round(waitMs / 1_000)} s\n`)
  }
  return await withClient(config, cli, async (client) => {
    const patience = commandPatience(config, cli, onWait)
    const pages = patientPages(client, patience)
    const contracts = begun?.contracts ?? (await listContracts(client, config, cli))
    const fresh = { asked, span, contracts, contractsDone: 0, doneTo: span.from }
    const state = begun ?? { ...fresh, entries: 0, unproven: [], bytes: 0 }
    const offsetCounts = await askOffset(pages, state, cli)
    const file = path === undefined ? undefined : await openFetchFile(path, state)
    try {
      const task: Download = { cli, config, pages, offsetCounts, bar, file, state }
      await readAll(task)
      await file?.finish()
      return { entries: task.state.entries, unproven: task.state.unproven }
    } finally {
      bar.clear()
      await file?.close()
      if (cli.signal.aborted && file !== undefined) {
        cli.stderr.write('stopped: the same command goes on from here\n')
      }
    }
  })
}

/** Shorter waits are not worth a line. */
const WAIT_SHOWN_MS = 4_000

function readSpan(asked: Asked, nowMs: number): Span {
  const [from, to] = (['from', 'to'] as const).map((key) => {
    const time = parseMoment(asked[key], nowMs)
    if (time !== undefined) return time
    throw new CommandError(2, `--${key} ${asked[key]}: no time that can be read`, MOMENT_FORMS)
  })
  // What has not happened yet can't be downloaded, and would look complete.
  const span = {
    from: floorSecond(from ?? 0),
    to: Math.min(ceilSecond(to ?? 0), floorSecond(nowMs)),
  }
  if (span.from < span.to) return span
  throw new CommandError(2, '--from is not before --to', MOMENT_FORMS)
}

async function listContracts(
  client: ActivityLogClient,
  config: Config,
  cli: Cli,
): Promise<readonly string[]> {
  if (config.ionos.contracts !== 'all') return config.ionos.contracts
  const call = async () => await client.contracts(cli.signal)
  return await patiently(call, commandPatience(config, cli), cli.signal)
}

async function askOffset(
  pages: PageSource,
  { contracts, span }: Pick<FetchState, 'contracts' | 'span'>,
  cli: Cli,
): Promise<'rows' | 'pages'> {
  const [contract] = contracts
  if (contract === undefined) return 'rows'
  const { offsetCounts } = await probeApi(pages, contract, span.to, cli.signal)
  return offsetCounts === 'pages' ? 'pages' : 'rows'
}

async function readAll(task: Download): Promise<void> {
  for (const contract of task.state.contracts.slice(task.state.contractsDone)) {
    await readContract(task, contract)
    const contractsDone = task.state.contractsDone + 1
    await keep(task, '', { contractsDone, doneTo: task.state.span.from })
  }
}

async function readContract(task: Download, contract: string): Promise<void> {
  const { config, pages, offsetCounts, cli } = task
  const { to } = task.state.span
  for (let width = FIRST_WIDTH_MS; task.state.doneTo < to; ) {
    const from = task.state.doneTo
    const window = { from, to: Math.min(from + width, to) }
    const { pageSize } = config.ionos
    const request = { contract, window, pageSize, offsetCounts, signal: cli.signal }
    let hits = 0
    for await (const part of readWindow(pages, request)) {
      hits += part.total
      await keepPart(task, part)
    }
    width = nextWidth(width, hits)
  }
}

async function keepPart(task: Download, part: WindowPart): Promise<void> {
  // A line is an object; a hit that is null or a text tells nothing that could be matched.
  const lines = part.entries.filter(({ entry }) => isFields(entry))
  const text = lines.map(({ entry }) => `${JSON.stringify(entry)}\n`).join('')
  const { entries, unproven } = task.state
  await keep(task, text, {
    doneTo: part.window.to,
    entries: entries + lines.length,
    unproven: part.proven ? unproven : [...unproven, part.window],
  })
  const { span, contracts, contractsDone } = task.state
  const ofContract = (part.window.to - span.from) / (span.to - span.from)
  const share = (contractsDone + ofContract) / contracts.length
  const place = formatTime(part.window.to).replace('T', ' ').slice(0, 16)
  task.bar.show(share, `${place}  ${task.state.entries} entries`)
}

async function keep(task: Download, text: string, change: Partial<FetchState>): Promise<void> {
  task.state = { ...task.state, ...change }
  if (task.file !== undefined) await task.file.append(text, task.state)
  else if (text !== '' && task.cli.stdout.write(text) === false) await drained(task.cli)
}

async function drained({ stdout, signal }: Cli): Promise<void> {
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  const once: unknown = stdout.once.bind(stdout)
  if (typeof once !== 'function') return
  await new Promise<void>((done) => {
    once('drain', done)
    signal.addEventListener('abort', () => done(), { once: true })
  })
}

function incomplete(spans: readonly Span[]): CommandError {
  const shown = spans.slice(0, SPANS_SHOWN_MAX).map(formatWindow).join(', ')
  const rest = spans.length > SPANS_SHOWN_MAX ? ' …' : ''
  return new CommandError(
    3,
    `${spans.length} spans could not be read completely: ${shown}${rest}`,
    'what was found is in the output; fetch these spans again later',
  )
}

// Owns `tocsin fetch`: a span of the log as NDJSON, every window of it proven complete.
import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { isFields } from '../core/fields.ts'
import type { WindowPart } from '../source/page-reader.ts'
import { formatTime, formatWindow } from '../source/window.ts'
import type { Span } from '../state/stores.ts'
import { type ApiReader, oneContract, readSpan, withApiReader } from './api-windows.ts'
import { type Cli, CommandError } from './context.ts'
import { type Asked, type FetchFile, type FetchState, openFetchFile } from './fetch-output.ts'
import { readFetchState } from './fetch-output.ts'
import { writeOutput } from './output.ts'
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
      const done = await download(cli, oneContract(config, options.contract), options)
      if (json && options.out !== undefined) cli.stdout.write(`${JSON.stringify(done)}\n`)
      else if (!quiet)
        cli.stderr.write(`${done.entries} entries${options.out ? ` in ${options.out}` : ''}\n`)
      if (done.unproven.length > 0) throw incomplete(done.unproven)
    })
}

/** A download under way. */
type Download = {
  readonly cli: Cli
  readonly reader: ApiReader
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
  return await withApiReader(cli, { config, bar }, async (reader) => {
    const contracts = begun?.contracts ?? (await reader.contracts())
    const fresh = { asked, span, contracts, contractsDone: 0, doneTo: span.from }
    const state = begun ?? { ...fresh, entries: 0, unproven: [], bytes: 0 }
    const file = path === undefined ? undefined : await openFetchFile(path, state)
    try {
      const task: Download = { cli, reader, bar, file, state }
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

async function readAll(task: Download): Promise<void> {
  for (const contract of task.state.contracts.slice(task.state.contractsDone)) {
    await readContract(task, contract)
    const contractsDone = task.state.contractsDone + 1
    await keep(task, '', { contractsDone, doneTo: task.state.span.from })
  }
}

async function readContract(task: Download, contract: string): Promise<void> {
  const { doneTo, span } = task.state
  const rest = { from: doneTo, to: span.to }
  for await (const part of task.reader.read(contract, rest)) await keepPart(task, part)
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
  else await writeOutput(task.cli, text)
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

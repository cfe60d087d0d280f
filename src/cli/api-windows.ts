// Owns reading a span of the log from the API window by window, oldest first, for commands: what is
// asked, how the reading is split, and what is told while it takes long.
import type { Config } from '../config.ts'
import type { ActivityLogClient } from '../source/client.ts'
import type { SourceError } from '../source/errors.ts'
import { type PageSource, readWindow, type WindowPart } from '../source/page-reader.ts'
import { patiently, patientPages } from '../source/patient.ts'
import { probeApi } from '../source/probe.ts'
import { ceilSecond, floorSecond, nextWidth } from '../source/window.ts'
import type { Span } from '../state/stores.ts'
import { commandPatience, withClient } from './api-calls.ts'
import { type Cli, CommandError } from './context.ts'
import { MOMENT_FORMS, parseMoment } from './moment.ts'
import type { ProgressBar } from './progress-bar.ts'

/** The first window: the log's density is not known yet. */
const FIRST_WIDTH_MS = 3_600_000

/** Shorter waits are not worth a line. */
const WAIT_SHOWN_MS = 4_000

/** A moment as written. Throws a CommandError (2). */
export function readMoment(option: 'from' | 'to', written: string, nowMs: number): number {
  const time = parseMoment(written, nowMs)
  if (time !== undefined) return time
  throw new CommandError(2, `--${option} ${written}: no time that can be read`, MOMENT_FORMS)
}

/** Whole seconds from two moments as written. Throws a CommandError (2). */
export function readSpan(
  written: { readonly from: string; readonly to: string },
  nowMs: number,
): Span {
  const from = floorSecond(readMoment('from', written.from, nowMs))
  // What has not happened yet can't be read, and would look complete.
  const to = Math.min(ceilSecond(readMoment('to', written.to, nowMs)), floorSecond(nowMs))
  if (from < to) return { from, to }
  throw new CommandError(2, '--from is not before --to', MOMENT_FORMS)
}

/** The configuration, for one contract when one is asked for. Throws a CommandError (2). */
export function oneContract(config: Config, contract: string | undefined): Config {
  if (contract === undefined) return config
  if (!/^\d{1,40}$/.test(contract)) {
    throw new CommandError(2, '--contract: expected digits', '`tocsin contracts` lists them')
  }
  return { ...config, ionos: { ...config.ionos, contracts: [contract] } }
}

export type ApiReader = {
  /** The contracts asked for, or all that the credentials reach. */
  contracts(): Promise<readonly string[]>
  /**
   * The parts of a span of one contract, in order; an entry may be given twice. What has been read
   * of the span when a part is given is everything up to the end of its window.
   */
  read(contract: string, span: Span): AsyncGenerator<WindowPart>
}

/** Runs `use` with a reader; its connections are closed afterwards. Throws a CommandError. */
export async function withApiReader<T>(
  cli: Cli,
  { config, bar }: { readonly config: Config; readonly bar: ProgressBar },
  use: (reader: ApiReader) => Promise<T>,
): Promise<T> {
  const onWait = ({ message }: SourceError, waitMs: number): void => {
    if (waitMs < WAIT_SHOWN_MS) return
    bar.clear()
    cli.stderr.write(`${message}: waiting ${Math.round(waitMs / 1_000)} s\n`)
  }
  return await withClient(config, cli, async (client) => {
    const pages = patientPages(client, commandPatience(config, cli, onWait))
    let offsetCounts: 'rows' | 'pages' | undefined
    return await use({
      contracts: async () => await listContracts(cli, config, client),
      async *read(contract, span) {
        offsetCounts ??= await askOffset(cli, pages, { contract, span })
        yield* readSpanOf({ cli, config, pages, offsetCounts }, contract, span)
      },
    })
  })
}

async function listContracts(
  cli: Cli,
  config: Config,
  client: ActivityLogClient,
): Promise<readonly string[]> {
  if (config.ionos.contracts !== 'all') return config.ionos.contracts
  const call = async () => await client.contracts(cli.signal)
  return await patiently(call, commandPatience(config, cli), cli.signal)
}

type Asked = { readonly contract: string; readonly span: Span }

/** The same for all contracts: it is the API's. */
async function askOffset(
  cli: Cli,
  pages: PageSource,
  { contract, span }: Asked,
): Promise<'rows' | 'pages'> {
  const { offsetCounts } = await probeApi(pages, contract, span.to, cli.signal)
  return offsetCounts === 'pages' ? 'pages' : 'rows'
}

type Source = {
  readonly cli: Cli
  readonly config: Config
  readonly pages: PageSource
  readonly offsetCounts: 'rows' | 'pages'
}

async function* readSpanOf(
  { cli, config, pages, offsetCounts }: Source,
  contract: string,
  span: Span,
): AsyncGenerator<WindowPart> {
  let width = FIRST_WIDTH_MS
  for (let from = span.from; from < span.to; ) {
    const window = { from, to: Math.min(from + width, span.to) }
    const { pageSize } = config.ionos
    const request = { contract, window, pageSize, offsetCounts, signal: cli.signal }
    let hits = 0
    for await (const part of readWindow(pages, request)) {
      hits += part.total
      yield part
    }
    from = window.to
    width = nextWidth(width, hits)
  }
}

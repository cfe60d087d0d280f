// Owns reading a span of the log from the API for a backtest, window by window, oldest first.
import type { Config } from '../config.ts'
import type { ActivityLogClient } from '../source/client.ts'
import type { SourceError } from '../source/errors.ts'
import { readWindow } from '../source/page-reader.ts'
import { patiently, patientPages } from '../source/patient.ts'
import { probeApi } from '../source/probe.ts'
import { ceilSecond, floorSecond, formatTime, formatWindow, nextWidth } from '../source/window.ts'
import type { Span } from '../state/stores.ts'
import { commandPatience, withClient } from './api-calls.ts'
import { type Cli, CommandError } from './context.ts'
import { MOMENT_FORMS, parseMoment } from './moment.ts'
import type { ProgressBar } from './progress-bar.ts'

/** The first window: the log's density is not known yet. */
const FIRST_WIDTH_MS = 3_600_000

/** Shorter waits are not worth a line. */
const WAIT_SHOWN_MS = 4_000

export type ApiTask = {
  readonly config: Config
  readonly span: Span
  readonly bar: ProgressBar
  /** Gets what one window of a contract held; an entry may be given twice. */
  readonly take: (entries: readonly unknown[], contract: string) => void
}

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
  const to = Math.min(ceilSecond(readMoment('to', written.to, nowMs)), floorSecond(nowMs))
  if (from < to) return { from, to }
  throw new CommandError(2, '--from is not before --to', MOMENT_FORMS)
}

/**
 * Reads every contract. Spans that are not complete are told on stderr, and given by contract.
 * Throws a CommandError.
 */
export async function readApi(
  cli: Cli,
  { config, span, bar, take }: ApiTask,
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const gaps = new Map<string, readonly Span[]>()
  const onWait = ({ message }: SourceError, waitMs: number): void => {
    if (waitMs < WAIT_SHOWN_MS) return
    bar.clear()
    cli.stderr.write(`${message}: waiting ${Math.round(waitMs / 1_000)} s\n`)
  }
  await withClient(config, cli, async (client) => {
    const patience = commandPatience(config, cli, onWait)
    const contracts = await listContracts(cli, config, client)
    const pages = patientPages(client, patience)
    for (const [index, contract] of contracts.entries()) {
      const { offsetCounts } = await probeApi(pages, contract, span.to, cli.signal)
      const counts = offsetCounts === 'pages' ? ('pages' as const) : ('rows' as const)
      let width = FIRST_WIDTH_MS
      for (let from = span.from; from < span.to; ) {
        const window = { from, to: Math.min(from + width, span.to) }
        const { pageSize } = config.ionos
        const request = { contract, window, pageSize, offsetCounts: counts, signal: cli.signal }
        let hits = 0
        for await (const part of readWindow(pages, request)) {
          hits += part.total
          take(
            part.entries.map(({ entry }) => entry),
            contract,
          )
          if (part.proven) continue
          gaps.set(contract, [...(gaps.get(contract) ?? []), part.window])
          tellUnproven(cli, bar, part.window)
        }
        const share = (window.to - span.from) / (span.to - span.from)
        bar.show((index + share) / contracts.length, formatTime(window.to).slice(0, 16))
        from = window.to
        width = nextWidth(width, hits)
      }
    }
  })
  return gaps
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

function tellUnproven(cli: Cli, bar: ProgressBar, window: Span): void {
  bar.clear()
  cli.stderr.write(`${formatWindow(window)} could not be read completely\n`)
}

// Owns reading a span of the log from the API for a backtest: every contract, and what is missing.
import type { Config } from '../config.ts'
import { formatTime, formatWindow } from '../source/window.ts'
import type { Span } from '../state/stores.ts'
import { withApiReader } from './api-windows.ts'
import type { Cli } from './context.ts'
import type { ProgressBar } from './progress-bar.ts'

export type ApiTask = {
  readonly config: Config
  readonly span: Span
  readonly bar: ProgressBar
  /** Gets what one window of a contract held; an entry may be given twice. */
  readonly take: (entries: readonly unknown[], contract: string) => void
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
  await withApiReader(cli, { config, bar }, async (reader) => {
    const all = await reader.contracts()
    for (const [index, contract] of all.entries()) {
      for await (const { entries, window, proven } of reader.read(contract, span)) {
        take(
          entries.map(({ entry }) => entry),
          contract,
        )
        if (!proven) {
          gaps.set(contract, [...(gaps.get(contract) ?? []), window])
          bar.clear()
          cli.stderr.write(`${formatWindow(window)} could not be read completely\n`)
        }
        const share = (window.to - span.from) / (span.to - span.from)
        bar.show((index + share) / all.length, formatTime(window.to).slice(0, 16))
      }
    }
  })
  return gaps
}

// Owns how far one contract was read, over the store that remembers it. It reads nothing itself.
import type { Clock } from '../core/clock.ts'
import type { Gap } from '../core/coverage.ts'
import type { Log } from '../observe/log.ts'
import type { Fence, ReadStore, Span } from '../state/stores.ts'
import type { Persist } from './delivery.ts'
import { expectWritten } from './lease.ts'
import type { WindowPart } from './page-reader.ts'
import { floorSecond, formatWindow } from './window.ts'

export type Progress = {
  /** Finds the mark, or sets it on the very first start; says before what nothing was promised. */
  begin(startMs: number): Promise<{ readonly sinceMs: number; readonly isFirst: boolean }>
  mark(): number | undefined
  /** Last of all: now the part counts as read, and what it could not prove is a gap. */
  finish(part: WindowPart, counts: { readonly fresh: number }): Promise<void>
  /** Spans that wait for a proof, oldest first. */
  unproven(): Promise<readonly Gap[]>
  /** The window was read completely again, and with it the gaps inside. */
  prove(window: Span): Promise<void>
  giveUp(gaps: readonly Span[]): Promise<void>
  /** So many rows has an hour that was read completely. */
  confirmHour(hour: number, rows: number): Promise<void>
}

/** Unproven spans looked at in one round; the rest waits for the next. */
const UNPROVEN_MAX = 500

export function createProgress(options: {
  readonly contract: string
  readonly fence: Fence
  readonly reads: ReadStore
  readonly clock: Clock
  readonly log: Log
  readonly persist: Persist
}): Progress {
  const { contract, fence, reads, clock, log, persist } = options
  let mark: number | undefined

  return {
    mark: () => mark,
    async begin(startMs) {
      const from = floorSecond(startMs)
      const begun = await persist('find the mark', async () => await reads.begin(contract, from))
      mark = begun.mark
      return { sinceMs: begun.since, isFirst: begun.isFirst }
    },
    async finish(part, { fresh }) {
      const { window, proven, total, known } = part
      const counts = { total, known, entries: part.entries.length, fresh }
      const record = { window, proven, ...counts, at: clock.now() }
      const call = async () => await reads.finishWindow(contract, record, fence)
      expectWritten(contract, await persist('move the mark', call))
      mark = Math.max(mark ?? 0, window.to)
      if (proven) return
      const what = `${known} of ${total} entries`
      log.debug({ contract, ...window }, `could not prove ${formatWindow(window)}: ${what}`)
    },
    unproven: async () =>
      await persist(
        'list unproven spans',
        async () => await reads.unproven(contract, UNPROVEN_MAX),
      ),
    async prove(window) {
      const call = async () => await reads.prove(contract, window, clock.now(), fence)
      expectWritten(contract, await persist('mark as proven', call))
    },
    async giveUp(gaps) {
      if (gaps.length === 0) return
      await persist('give up gaps', async () => await reads.giveUp(contract, gaps))
      for (const gap of gaps) {
        const text = `gave up ${formatWindow(gap)}: it could not be read completely for a day`
        log.warn({ contract, ...gap }, text)
      }
    },
    async confirmHour(hour, rows) {
      const call = async () => await reads.confirmHour(contract, hour, rows, clock.now())
      await persist('confirm an hour', call)
    },
  }
}

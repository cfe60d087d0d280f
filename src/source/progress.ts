// Owns how far one contract was read, over the store that remembers it. It reads nothing itself.
import type { Log } from '../observe/log.ts'
import type { ReadStore, Span } from '../state/stores.ts'
import type { Persist } from './delivery.ts'
import type { WindowPart } from './page-reader.ts'
import { floorSecond, formatWindow, spanWithin } from './window.ts'

export type Progress = {
  /** Finds the mark, or sets it on the very first start; says before what nothing was promised. */
  begin(startMs: number): Promise<{ readonly sinceMs: number; readonly isFirst: boolean }>
  mark(): number | undefined
  /** Last of all: now the part counts as read, and what it could not prove is remembered. */
  finish(part: WindowPart): Promise<void>
  /** Spans that wait for a proof, oldest first. */
  unproven(): Promise<readonly Span[]>
  /** The window was read completely, and with it what was unproven inside. */
  prove(window: Span): Promise<void>
  giveUp(gaps: readonly Span[]): Promise<void>
}

/** Unproven spans looked at in one round; the rest waits for the next. */
const UNPROVEN_MAX = 500

export function createProgress(options: {
  readonly contract: string
  readonly reads: ReadStore
  readonly log: Log
  readonly persist: Persist
}): Progress {
  const { contract, reads, log, persist } = options
  let mark: number | undefined
  // Asking the store after every window would double its work for what is hardly ever there.
  let hasUnproven = true

  const list = async () => await reads.unproven(contract, UNPROVEN_MAX)

  const unproven = async (): Promise<readonly Span[]> => {
    if (!hasUnproven) return []
    const spans = await persist('list unproven spans', list)
    hasUnproven = spans.length > 0
    return spans
  }

  return {
    mark: () => mark,
    unproven,
    async begin(startMs) {
      const from = floorSecond(startMs)
      const begun = await persist('find the mark', async () => await reads.begin(contract, from))
      mark = begun.mark
      return { sinceMs: begun.since, isFirst: begun.isFirst }
    },
    async finish(part) {
      const { window } = part
      const open = part.proven ? [] : [window]
      const call = async () => await reads.finishWindow(contract, window, open)
      await persist('move the mark', call)
      mark = Math.max(mark ?? 0, window.to)
      if (part.proven) return
      hasUnproven = true
      const what = `${part.known} of ${part.total} entries`
      log.debug({ contract, ...window }, `could not prove ${formatWindow(window)}: ${what}`)
    },
    async prove(window) {
      const proven = (await unproven()).filter((span) => spanWithin(span, window))
      if (proven.length === 0) return
      await persist('mark as proven', async () => await reads.prove(contract, proven))
    },
    async giveUp(gaps) {
      if (gaps.length === 0) return
      await persist('give up gaps', async () => await reads.giveUp(contract, gaps))
      for (const gap of gaps) {
        const text = `gave up ${formatWindow(gap)}: it could not be read completely for a day`
        log.warn({ contract, ...gap }, text)
      }
    },
  }
}

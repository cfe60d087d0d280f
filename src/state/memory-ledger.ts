// Owns the sums of the ledger and the gaps of one contract in memory: what memory-reads.ts keeps
// beside its marks. The rules are those of the scripts in redis-gaps.ts and redis-batches.ts.
import {
  type ClosedGap,
  delayBucket,
  type Gap,
  type GapReason,
  hourOf,
  type HourRecord,
} from '../core/coverage.ts'
import type { FoundEntry, Span } from './read-stores.ts'

type Sums = {
  entries: number
  unusable: number
  delayMaxSeconds: number
  readonly evaluated: Record<string, number>
  readonly delays: Record<number, number>
  confirmed?: { readonly rows: number; readonly at: number }
}

export type MemoryLedger = {
  hour(time: number): Sums
  hours(span: Span): readonly HourRecord[]
  /** Counts a new entry in the hour that `place` lies in. */
  count(entry: FoundEntry, place: number): void
}

export function createMemoryLedger(): MemoryLedger {
  const hours = new Map<number, Sums>()
  const sumsOf = (time: number): Sums => {
    const hour = hourOf(time)
    const found = hours.get(hour)
    if (found !== undefined) return found
    const counts = { entries: 0, unusable: 0, delayMaxSeconds: 0 }
    const made: Sums = { ...counts, evaluated: {}, delays: {} }
    hours.set(hour, made)
    return made
  }
  return {
    hour: sumsOf,
    hours: ({ from, to }) =>
      [...hours]
        .filter(([hour]) => hour >= from && hour < to)
        .map(([hour, sums]) => ({ hour, ...sums })),
    count({ usable, delaySeconds }, place) {
      const sums = sumsOf(place)
      if (!usable) {
        sums.unusable += 1
        return
      }
      sums.entries += 1
      if (delaySeconds === undefined) return
      const seconds = Math.max(0, Math.round(delaySeconds))
      const bucket = delayBucket(seconds)
      sums.delays[bucket] = (sums.delays[bucket] ?? 0) + 1
      sums.delayMaxSeconds = Math.max(sums.delayMaxSeconds, seconds)
    },
  }
}

export type MemoryGaps = {
  open(span: Span, reason: GapReason, at: number): void
  /** Unproven spans that stay gaps. */
  giveUp(spans: readonly Span[]): void
  /** A read proved the window: what lies inside is closed, or will be. */
  close(
    window: Span,
    at: number,
    marks: { readonly read: number; readonly evaluated: number },
  ): void
  /** Oldest first. */
  list(): readonly Gap[]
  closed(): readonly ClosedGap[]
}

export function createMemoryGaps(): MemoryGaps {
  const gaps = new Map<string, Gap & { readonly covered?: number }>()
  const closed: ClosedGap[] = []
  const close = (name: string, gap: Gap, at: number): void => {
    gaps.delete(name)
    const { from, to, reason, foundAt } = gap
    closed.unshift({ from, to, reason, foundAt, closedAt: at })
  }
  return {
    open({ from, to }, reason, at) {
      const name = `${from}-${to}`
      gaps.set(name, { from, to, reason, foundAt: gaps.get(name)?.foundAt ?? at })
    },
    giveUp(spans) {
      for (const { from, to } of spans) {
        const foundAt = gaps.get(`${from}-${to}`)?.foundAt ?? 0
        gaps.set(`${from}-${to}`, { from, to, reason: 'given-up', foundAt })
      }
    },
    close(window, at, marks) {
      for (const [name, gap] of gaps) {
        if (gap.from < window.from || gap.to > window.to || gap.reason === 'lost') continue
        if (gap.reason !== 'poisoned') close(name, gap, at)
        else if (gap.covered === undefined) gaps.set(name, { ...gap, covered: marks.read })
        else if (marks.evaluated > gap.covered) close(name, gap, at)
      }
    },
    list: () =>
      [...gaps.values()]
        .map(({ from, to, reason, foundAt }) => ({ from, to, reason, foundAt }))
        .sort((left, right) => left.from - right.from || left.to - right.to),
    closed: () => closed,
  }
}

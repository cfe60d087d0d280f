// Owns in memory what is remembered of reading and evaluating the log: for tests and one-off runs,
// gone with them. Sums and gaps: memory-ledger.ts.
import type { Clock } from '../core/clock.ts'
import { hourOf, HOUR_MS, sumCoverage, wholeHours } from '../core/coverage.ts'
import { createMemoryGaps, createMemoryLedger } from './memory-ledger.ts'
import type {
  BatchStore,
  CoverageStore,
  EntryKey,
  Fence,
  Found,
  MarkStore,
  ReadStore,
  SeenStore,
  Span,
  WindowRecord,
} from './read-stores.ts'

/** What one process remembers of reading, evaluating and the gaps in both. */
export type MemoryReads = ReadStore & MarkStore & BatchStore & SeenStore & CoverageStore

export type MemoryReadOptions = {
  readonly clock?: Pick<Clock, 'now'>
  /** Who knows the highest fence that was given for a contract. */
  readonly leases?: { fence(contract: string): Fence }
}

type Reading = ReturnType<typeof createReading>

/** As long as the widest sweep reaches, twice. */
const SEEN_HOURS = 48

function createReading() {
  return {
    mark: undefined as number | undefined,
    begin: 0,
    windows: [] as WindowRecord[],
    /** By id, the time that the evaluated mark may not pass. */
    batches: new Map<string, number>(),
    /** By batch, what it is counted for: places in time, or the version that was faster. */
    counts: new Map<string, number[] | string>(),
    /** By hour of event time, so that old ones go hour by hour. */
    seen: new Map<number, Set<string>>(),
    poisoned: new Map<string, number>(),
    gaps: createMemoryGaps(),
    ledger: createMemoryLedger(),
  }
}

export function createMemoryReadStore(options: MemoryReadOptions = {}): MemoryReads {
  const readings = new Map<string, Reading>()
  const of = (contract: string): Reading => {
    const reading = readings.get(contract) ?? createReading()
    readings.set(contract, reading)
    return reading
  }
  const isFenced = (contract: string, given: Fence): boolean =>
    (options.leases?.fence(contract) ?? 0) !== given
  return {
    ...readsOf(of, isFenced),
    contracts: async () =>
      [...readings.keys()].filter((name) => of(name).mark !== undefined).sort(),
    ...batchesOf(of, isFenced),
    async evaluated(contract) {
      return evaluatedMark(of(contract))
    },
    async gaps(contract, { from, to }) {
      const all = of(contract).gaps.list()
      return all.filter((gap) => gap.from < to && gap.to > from)
    },
    async seen(contract, keys) {
      const reading = of(contract)
      if (options.clock !== undefined) forgetOld(reading, options.clock.now())
      return keys.map((key) => idsAt(reading, key).has(key.id))
    },
    async coverage(contract, asked) {
      const { begin, mark, gaps, ledger, poisoned, ...rest } = of(contract)
      const span = wholeHours(asked)
      const touches = (gap: Span): boolean => gap.from < span.to && gap.to > span.from
      return sumCoverage({
        contract,
        span,
        since: mark === undefined ? undefined : begin,
        readMark: mark,
        evaluatedMark: evaluatedMark({ mark, ...rest }),
        hours: ledger.hours(span),
        poisoned: [...poisoned.values()].filter((time) => time >= span.from && time < span.to)
          .length,
        gaps: gaps.list().filter(touches),
        closedGaps: gaps.closed().filter(touches),
      })
    },
  }
}

type Of = (contract: string) => Reading
type IsFenced = (contract: string, fence: Fence) => boolean

function readsOf(of: Of, isFenced: IsFenced): Omit<ReadStore, 'contracts'> {
  const close = (reading: Reading, window: Span, at: number): void => {
    const marks = { read: reading.mark ?? 0, evaluated: evaluatedMark(reading) ?? 0 }
    reading.gaps.close(window, at, marks)
  }
  return {
    async begin(contract, from) {
      const reading = of(contract)
      const { mark } = reading
      if (mark !== undefined) return { since: reading.begin, mark, isFirst: false }
      reading.mark = from
      reading.begin = from
      return { since: from, mark: from, isFirst: true }
    },
    mark: async (contract) => of(contract).mark,
    async finishWindow(contract, record, fence) {
      if (isFenced(contract, fence)) return 'fenced'
      const reading = of(contract)
      const { window, proven, at } = record
      reading.windows.unshift(record)
      if (proven) close(reading, window, at)
      else reading.gaps.open(window, 'unproven', at)
      reading.mark = Math.max(reading.mark ?? 0, window.to)
      return 'written'
    },
    windows: async (contract, limit) => of(contract).windows.slice(0, limit),
    async unproven(contract, limit) {
      const gaps = of(contract).gaps.list()
      return gaps.filter(({ reason }) => reason === 'unproven').slice(0, limit)
    },
    async prove(contract, window, at, fence) {
      if (isFenced(contract, fence)) return 'fenced'
      close(of(contract), window, at)
      return 'written'
    },
    async giveUp(contract, spans) {
      of(contract).gaps.giveUp(spans)
    },
    async confirmHour(contract, hour, rows, at) {
      of(contract).ledger.hour(hour).confirmed = { rows, at }
    },
  }
}

function batchesOf(of: Of, isFenced: IsFenced): BatchStore {
  return {
    async announce(contract, { id, time }, fence) {
      if (isFenced(contract, fence)) return 'fenced'
      const { batches, mark = 0 } = of(contract)
      if (!batches.has(id)) batches.set(id, Math.max(mark, time))
      return 'written'
    },
    async remember(contract, found, fence) {
      if (isFenced(contract, fence)) return 'fenced'
      remember(of(contract), found)
      return 'written'
    },
    async finish(contract, { id }, version) {
      const reading = of(contract)
      if (!reading.batches.delete(id)) return
      const places = reading.counts.get(id)
      if (places === undefined) reading.counts.set(id, version)
      else {
        reading.counts.delete(id)
        for (const place of places) countEvaluated(reading, Number(place), version)
      }
    },
    async forget(contract, ids, at) {
      const { batches, counts, gaps } = of(contract)
      for (const id of ids) {
        const place = batches.get(id)
        if (place !== undefined && counts.has(id)) {
          gaps.open({ from: place, to: place + 1 }, 'lost', at)
        }
        batches.delete(id)
        counts.delete(id)
      }
      for (const id of counts.keys()) if (!batches.has(id)) counts.delete(id)
    },
    async poison(contract, { id, span, entries, at, window }) {
      const reading = of(contract)
      if (!reading.batches.delete(id)) return
      reading.gaps.open(span, 'poisoned', at)
      const places = reading.counts.get(id)
      if (Array.isArray(places)) for (const place of places) reading.ledger.hour(place).entries -= 1
      reading.counts.delete(id)
      for (const entry of entries) {
        idsAt(reading, entry).delete(entry.id)
        reading.poisoned.set(entry.id, clampTo(window, entry.time))
      }
    },
    async waiting(contract, limit) {
      const placed = [...of(contract).batches].sort(
        ([leftId, left], [rightId, right]) => left - right || (leftId < rightId ? -1 : 1),
      )
      return placed.slice(0, limit).map(([id]) => id)
    },
  }
}

function remember(reading: Reading, { batch, window, entries }: Found): void {
  const places: number[] = []
  for (const entry of entries) {
    const ids = idsAt(reading, entry)
    if (ids.has(entry.id)) continue
    ids.add(entry.id)
    reading.poisoned.delete(entry.id)
    const place = clampTo(window, entry.time)
    reading.ledger.count(entry, place)
    if (entry.usable) places.push(place)
  }
  if (batch === undefined) return
  const before = reading.counts.get(batch)
  if (typeof before === 'string') {
    for (const place of places) countEvaluated(reading, place, before)
    reading.counts.delete(batch)
  } else if (places.length > 0 && reading.batches.has(batch)) {
    reading.counts.set(batch, [...places, ...(before ?? [])])
  }
}

function countEvaluated(reading: Reading, place: number, version: string): void {
  const { evaluated } = reading.ledger.hour(place)
  evaluated[version] = (evaluated[version] ?? 0) + 1
}

function evaluatedMark({ mark, batches }: Pick<Reading, 'mark' | 'batches'>): number | undefined {
  return mark === undefined ? undefined : Math.min(mark, ...batches.values())
}

function clampTo({ from, to }: Span, time: number): number {
  return Math.min(Math.max(time, from), to - 1)
}

function idsAt(reading: Reading, key: EntryKey): Set<string> {
  const hour = hourOf(key.time)
  const ids = reading.seen.get(hour) ?? new Set<string>()
  reading.seen.set(hour, ids)
  return ids
}

function forgetOld(reading: Reading, nowMs: number): void {
  for (const hour of reading.seen.keys()) {
    if (hour < hourOf(nowMs) - SEEN_HOURS * HOUR_MS) reading.seen.delete(hour)
  }
}

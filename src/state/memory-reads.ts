// Owns the marks, the batches under way and the seen entries in memory: for tests and one-off runs, gone with them.
import type { Clock } from '../core/clock.ts'
import type { BatchStore, EntryKey, MarkStore, ReadStore, SeenStore, Span } from './stores.ts'

/** What one process remembers of reading, evaluating and the gaps in both. */
export type MemoryReads = ReadStore & MarkStore & BatchStore

type Reading = {
  mark: number | undefined
  begin: number
  readonly unproven: Map<string, Span>
  readonly gaps: Map<string, Span>
  /** By id, the time that the evaluated mark may not pass. */
  readonly batches: Map<string, number>
}

export function createMemoryReadStore(): MemoryReads {
  const readings = new Map<string, Reading>()

  const of = (contract: string): Reading => {
    const found = readings.get(contract)
    if (found !== undefined) return found
    const made = { mark: undefined, begin: 0, unproven: new Map(), gaps: new Map() }
    const reading: Reading = { ...made, batches: new Map() }
    readings.set(contract, reading)
    return reading
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
    async finishWindow(contract, window, unproven) {
      const reading = of(contract)
      reading.mark = Math.max(reading.mark ?? 0, window.to)
      for (const span of unproven) reading.unproven.set(nameOf(span), span)
    },
    unproven: async (contract, limit) => byTime(of(contract).unproven).slice(0, limit),
    async prove(contract, spans) {
      for (const span of spans) of(contract).unproven.delete(nameOf(span))
    },
    async giveUp(contract, spans) {
      for (const span of spans) {
        of(contract).unproven.delete(nameOf(span))
        of(contract).gaps.set(nameOf(span), span)
      }
    },

    async evaluated(contract) {
      const { mark, batches } = of(contract)
      return mark === undefined ? undefined : Math.min(mark, ...batches.values())
    },
    async gaps(contract, { from, to }) {
      const { unproven, gaps } = of(contract)
      const all = [...byTime(unproven), ...byTime(gaps)].sort(compareSpans)
      return all.filter((gap) => gap.from < to && gap.to > from)
    },

    async announce(contract, { id, time }) {
      const { batches, mark = 0 } = of(contract)
      if (!batches.has(id)) batches.set(id, Math.max(mark, time))
    },
    async finish(contract, id) {
      of(contract).batches.delete(id)
    },
    async poison(contract, id, span) {
      of(contract).gaps.set(nameOf(span), span)
      of(contract).batches.delete(id)
    },
    async waiting(contract, limit) {
      const placed = [...of(contract).batches].sort(
        ([leftId, left], [rightId, right]) => left - right || (leftId < rightId ? -1 : 1),
      )
      return placed.slice(0, limit).map(([id]) => id)
    },
  }
}

function nameOf(span: Span): string {
  return `${span.from}-${span.to}`
}

function byTime(spans: ReadonlyMap<string, Span>): readonly Span[] {
  return [...spans.values()].sort(compareSpans)
}

function compareSpans(left: Span, right: Span): number {
  return left.from - right.from || left.to - right.to
}

const HOUR_MS = 3_600_000

/** As long as the widest sweep reaches, twice. */
const SEEN_HOURS = 48

export function createMemorySeenStore(clock: Clock): SeenStore {
  /** By contract and hour of event time, so that old ones go hour by hour. */
  const hours = new Map<string, Map<number, Set<string>>>()

  const idsAt = (contract: string, key: EntryKey): Set<string> => {
    const ofContract = hours.get(contract) ?? new Map<number, Set<string>>()
    hours.set(contract, ofContract)
    const hour = Math.floor(key.time / HOUR_MS)
    const ids = ofContract.get(hour) ?? new Set<string>()
    ofContract.set(hour, ids)
    return ids
  }

  const forgetOld = (contract: string): void => {
    const oldest = Math.floor(clock.now() / HOUR_MS) - SEEN_HOURS
    for (const hour of hours.get(contract)?.keys() ?? []) {
      if (hour < oldest) hours.get(contract)?.delete(hour)
    }
  }

  return {
    seen: async (contract, keys) => keys.map((key) => idsAt(contract, key).has(key.id)),
    async add(contract, keys) {
      for (const key of keys) idsAt(contract, key).add(key.id)
      forgetOld(contract)
    },
    async remove(contract, keys) {
      for (const key of keys) idsAt(contract, key).delete(key.id)
    },
  }
}

// Owns the read marks and the seen entries in memory: for tests and one-off runs, gone with them.
import type { Clock } from '../core/clock.ts'
import type { EntryKey, ReadStore, SeenStore, Span } from './stores.ts'

export function createMemoryReadStore(): ReadStore {
  const marks = new Map<string, number>()
  const begins = new Map<string, number>()
  const open = new Map<string, Map<string, Span>>()

  const spansOf = (contract: string): Map<string, Span> => {
    const spans = open.get(contract) ?? new Map<string, Span>()
    open.set(contract, spans)
    return spans
  }

  return {
    async begin(contract, from) {
      const mark = marks.get(contract)
      if (mark !== undefined) return { since: begins.get(contract) ?? 0, mark, isFirst: false }
      marks.set(contract, from)
      begins.set(contract, from)
      return { since: from, mark: from, isFirst: true }
    },
    mark: async (contract) => marks.get(contract),
    async finishWindow(contract, window, unproven) {
      marks.set(contract, Math.max(marks.get(contract) ?? 0, window.to))
      for (const span of unproven) spansOf(contract).set(`${span.from}-${span.to}`, span)
    },
    async unproven(contract, limit) {
      const spans = [...spansOf(contract).values()]
      return spans.sort((left, right) => left.from - right.from).slice(0, limit)
    },
    async prove(contract, spans) {
      for (const span of spans) spansOf(contract).delete(`${span.from}-${span.to}`)
    },
  }
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

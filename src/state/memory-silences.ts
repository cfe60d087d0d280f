// Owns silences and leases in memory; the same contracts as redis-silences.ts and redis-leases.ts.
import type { Silence } from '../core/silence.ts'
import type { LeaseStore, SilenceStore } from './stores.ts'

export function createMemorySilenceStore(): SilenceStore {
  const silences = new Map<string, Silence>()
  let handled = 0
  return {
    async list() {
      return [...silences.values()].sort((a, b) => b.createdAt - a.createdAt)
    },
    async add(silence) {
      silences.set(silence.id, silence)
      return 'added'
    },
    async expire(id, by, now) {
      const found = silences.get(id)
      if (found === undefined || found.endsAt <= now) return undefined
      const startsAt = Math.min(found.startsAt, now)
      const ended = { ...found, startsAt, endsAt: now, expiredBy: by }
      silences.set(id, ended)
      return ended
    },
    async endsHandled() {
      return handled
    },
    async handleEnds(until) {
      handled = until
    },
  }
}

/** One process has memory to itself: it always gets the lease. */
export function createMemoryLeaseStore(): LeaseStore {
  return {
    async hold() {
      return true
    },
    async release() {},
  }
}

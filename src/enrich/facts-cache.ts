// Owns remembering the facts of addresses that were looked up lately, in memory of a fixed size.
import type { Address } from '../core/address.ts'
import type { GeoFacts } from '../core/event.ts'

/** Addresses remembered at once, a power of two; some 150 bytes each. */
const SLOTS = 32_768

export type FactsCache = {
  /** What is remembered of the address, else what `locate` finds, which is remembered. */
  readonly find: (address: Address) => GeoFacts
  readonly clear: () => void
}

/**
 * Each address has one slot, and the last one there stays: there is no order to keep up, and a log
 * full of addresses that come once makes it no larger.
 */
export function createFactsCache(locate: (address: Address) => GeoFacts): FactsCache {
  const keys = new Int32Array(4 * SLOTS)
  const facts: (GeoFacts | undefined)[] = Array.from({ length: SLOTS }, () => undefined)
  return {
    find(address) {
      const w0 = address.w0 | 0
      const w1 = address.w1 | 0
      // IPv4 as ::ffff:0:0/96, which no IPv6 address is held as.
      const w2 = address.version === 4 ? 0xffff : address.w2 | 0
      const w3 = address.w3 | 0
      const slot = slotOf(w0, w1, w2, w3)
      const at = 4 * slot
      const isThere =
        keys[at + 3] === w3 && keys[at + 2] === w2 && keys[at + 1] === w1 && keys[at] === w0
      const known = isThere ? facts[slot] : undefined
      if (known !== undefined) return known
      const found = locate(address)
      keys[at] = w0
      keys[at + 1] = w1
      keys[at + 2] = w2
      keys[at + 3] = w3
      facts[slot] = found
      return found
    },
    clear: () => void facts.fill(undefined),
  }
}

/** Spreads neighbouring addresses over all slots (the constants are those of MurmurHash3). */
function slotOf(w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(w0, 0xcc9e2d51) ^ Math.imul(w1, 0x1b873593)
  hash ^= Math.imul(w2 ^ (hash >>> 15), 0x85ebca6b)
  hash ^= Math.imul(w3 ^ (hash >>> 13), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) & (SLOTS - 1)
}

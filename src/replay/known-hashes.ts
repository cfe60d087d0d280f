// Owns which hashes of 64 bits were met before, in a table of fixed size. What is forgotten is told
// again, which its reader must not mind. What hashes stand for: backtest-groups.ts.

export type KnownHashes = {
  /** Whether it is met for the first time, or was forgotten. Words are signed. */
  isNew(high: number, low: number): boolean
}

/** Slots of 8 bytes; a power of two. */
const SLOTS = 131_072

/** Beyond this share of them everything is forgotten: looking for a free slot would take long. */
const LOAD_MAX = 0.6

export function createKnownHashes(slots: number = SLOTS): KnownHashes {
  const highs = new Int32Array(slots)
  const lows = new Int32Array(slots)
  const mask = slots - 1
  let size = 0
  return {
    isNew(high, low) {
      // No bits are no hash but a free slot; one in 2⁶⁴ hashes is told each time.
      let slot = low & mask
      while (highs[slot] !== 0 || lows[slot] !== 0) {
        if (highs[slot] === high && lows[slot] === low) return false
        slot = (slot + 1) & mask
      }
      if (size >= slots * LOAD_MAX) {
        highs.fill(0)
        lows.fill(0)
        size = 0
        slot = low & mask
      }
      highs[slot] = high
      lows[slot] = low
      size += 1
      return true
    },
  }
}

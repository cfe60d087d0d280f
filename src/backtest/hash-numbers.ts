// Owns giving small numbers to hashes of 64 bits, in the order in which they come. What a number
// stands for is its user's.

export type HashNumbers = {
  /** The number of a hash; one that is new gets the next number, from 0. */
  add(high: number, low: number): number
  /** The number of a hash, -1 when it was never added. */
  readonly numberOf: (high: number, low: number) => number
  highAt(number: number): number
  lowAt(number: number): number
  size(): number
}

const SIZE_AT_FIRST = 1_024

type Table = {
  readonly highs: Uint32Array
  readonly lows: Uint32Array
  /** The number and 1, by hash; 0 is free. Twice as many as there is room for numbers. */
  readonly slots: Uint32Array
}

/** At 16 bytes each, and half as much again while it grows. */
export function createHashNumbers(): HashNumbers {
  let table = createTable(SIZE_AT_FIRST)
  let size = 0

  const enlarge = (): void => {
    const larger = createTable(table.highs.length * 2)
    larger.highs.set(table.highs)
    larger.lows.set(table.lows)
    table = larger
    for (let number = 0; number < size; number += 1) {
      table.slots[slotOf(table, table.highs[number] ?? 0, table.lows[number] ?? 0)] = number + 1
    }
  }

  return {
    add(high, low) {
      const known = (table.slots[slotOf(table, high, low)] ?? 0) - 1
      if (known >= 0) return known
      if (size === table.highs.length) enlarge()
      table.highs[size] = high
      table.lows[size] = low
      table.slots[slotOf(table, high, low)] = size + 1
      size += 1
      return size - 1
    },
    numberOf: (high, low) => (table.slots[slotOf(table, high, low)] ?? 0) - 1,
    highAt: (number) => table.highs[number] ?? 0,
    lowAt: (number) => table.lows[number] ?? 0,
    size: () => size,
  }
}

function createTable(room: number): Table {
  return {
    highs: new Uint32Array(room),
    lows: new Uint32Array(room),
    slots: new Uint32Array(room * 2),
  }
}

/** Where a hash is, or the free slot where it would be. */
function slotOf({ slots, highs, lows }: Table, high: number, low: number): number {
  const mask = slots.length - 1
  let slot = low & mask
  for (;;) {
    const number = (slots[slot] ?? 0) - 1
    if (number < 0 || (highs[number] === high && lows[number] === low)) return slot
    slot = (slot + 1) & mask
  }
}

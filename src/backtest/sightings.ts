// Owns which event was seen for which alert group, each once, in an open table of numbers. What does
// not fit goes to sighting-files.ts; what becomes of them: pieces.ts.

/**
 * An event (64 bits of a hash of its id), what it was seen for (0: at all; else the place of a
 * group, place.ts), and its time in ms.
 */
export type Sighting = {
  readonly high: number
  readonly low: number
  readonly place: number
  readonly time: number
}

export type Sightings = {
  /** Copies count once, with the earliest of their times. False when there is no room. */
  add(high: number, low: number, place: number, time: number): boolean
  /** All of them in no order that means anything; the object is the same each time. */
  each(visit: (sighting: Sighting) => void): void
  clear(): void
}

/** A power of two. 10 MB, at 20 bytes each: what is beyond goes to files, which costs little. */
export const SLOTS_MAX = 524_288

const SLOTS_AT_FIRST = 4_096

/** Share of the slots: beyond it, looking for a free one takes long. */
const LOAD_MAX = 0.75

type Table = {
  readonly slots: number
  readonly highs: Uint32Array
  readonly lows: Uint32Array
  /** The place and 1; 0 is a free slot. */
  readonly marks: Uint32Array
  readonly times: Float64Array
  size: number
}

/** `slotsMax` is a power of two. */
export function createSightings(slotsMax: number = SLOTS_MAX): Sightings {
  const slotsAtFirst = Math.min(SLOTS_AT_FIRST, slotsMax)
  let table = createTable(slotsAtFirst)

  const makeRoom = (): boolean => {
    if (table.size < table.slots * LOAD_MAX) return true
    if (table.slots >= slotsMax) return false
    const larger = createTable(table.slots * 2)
    visitAll(table, (sighting) => insert(larger, sighting))
    table = larger
    return true
  }

  return {
    add(high, low, place, time) {
      if (!makeRoom()) return false
      insert(table, { high, low, place, time })
      return true
    },
    each: (visit) => visitAll(table, visit),
    clear() {
      table = createTable(slotsAtFirst)
    },
  }
}

function createTable(slots: number): Table {
  return {
    slots,
    highs: new Uint32Array(slots),
    lows: new Uint32Array(slots),
    marks: new Uint32Array(slots),
    times: new Float64Array(slots),
    size: 0,
  }
}

function insert(table: Table, { high, low, place, time }: Sighting): void {
  const { highs, lows, marks, times } = table
  const mark = place + 1
  const mask = table.slots - 1
  // The place takes part, or a rule that matches everything would make one long search.
  let slot = (low ^ Math.imul(mark, 2_654_435_761)) & mask
  while (marks[slot] !== 0) {
    if (marks[slot] === mark && highs[slot] === high && lows[slot] === low) {
      if (time < (times[slot] ?? 0)) times[slot] = time
      return
    }
    slot = (slot + 1) & mask
  }
  highs[slot] = high
  lows[slot] = low
  marks[slot] = mark
  times[slot] = time
  table.size += 1
}

function visitAll(
  { slots, highs, lows, marks, times }: Table,
  visit: (sighting: Sighting) => void,
): void {
  const sighting = { high: 0, low: 0, place: 0, time: 0 }
  for (let slot = 0; slot < slots; slot += 1) {
    const mark = marks[slot] ?? 0
    if (mark === 0) continue
    sighting.high = highs[slot] ?? 0
    sighting.low = lows[slot] ?? 0
    sighting.place = mark - 1
    sighting.time = times[slot] ?? 0
    visit(sighting)
  }
}

// Owns members of windows in columns of numbers: as many as fit into memory, and their order. What
// does not fit goes to member-runs.ts.

/**
 * One matching event in one window: `place` is the window's (place.ts), then the event (64 bits of
 * a hash of its id), its time in ms, and what its kind remembers (see `BacktestAnswer.members`).
 */
export type MemberRecord = {
  place: number
  high: number
  low: number
  time: number
  a: number
  b: number
  c: number
}

export type Members = {
  /** False when there is no room. */
  add(record: Readonly<MemberRecord>): boolean
  /** All of them in order; the object is the same each time. */
  each(visit: (record: Readonly<MemberRecord>) => void): void
  size(): number
  clear(): void
}

/** At 44 bytes each, and 8 more while they are put in order. */
export const MEMBERS_MAX = 131_072

const MEMBERS_AT_FIRST = 4_096

type Columns = {
  readonly places: Uint32Array
  readonly highs: Uint32Array
  readonly lows: Uint32Array
  readonly times: Float64Array
  readonly as: Float64Array
  readonly bs: Float64Array
  readonly cs: Float64Array
}

/** The order of members: by window, time and event. Copies are neighbours. */
export function compareRecords(one: Readonly<MemberRecord>, other: Readonly<MemberRecord>): number {
  if (one.place !== other.place) return one.place - other.place
  if (one.time !== other.time) return one.time - other.time
  if (one.high !== other.high) return one.high - other.high
  if (one.low !== other.low) return one.low - other.low
  return one.a - other.a || one.b - other.b
}

export function createMembers(membersMax: number = MEMBERS_MAX): Members {
  let columns = createColumns(Math.min(MEMBERS_AT_FIRST, membersMax))
  let size = 0
  return {
    add(record) {
      if (size === membersMax) return false
      if (size === columns.places.length) columns = enlarge(columns, Math.min(2 * size, membersMax))
      write(columns, size, record)
      size += 1
      return true
    },
    each(visit) {
      const record = { place: 0, high: 0, low: 0, time: 0, a: 0, b: 0, c: 0 }
      for (const index of orderOf(columns, size)) visit(read(columns, index, record))
    },
    size: () => size,
    clear() {
      size = 0
    },
  }
}

function createColumns(room: number): Columns {
  return {
    places: new Uint32Array(room),
    highs: new Uint32Array(room),
    lows: new Uint32Array(room),
    times: new Float64Array(room),
    as: new Float64Array(room),
    bs: new Float64Array(room),
    cs: new Float64Array(room),
  }
}

function enlarge(before: Columns, room: number): Columns {
  const columns = createColumns(room)
  columns.places.set(before.places)
  columns.highs.set(before.highs)
  columns.lows.set(before.lows)
  columns.times.set(before.times)
  columns.as.set(before.as)
  columns.bs.set(before.bs)
  columns.cs.set(before.cs)
  return columns
}

function write(columns: Columns, index: number, record: Readonly<MemberRecord>): void {
  columns.places[index] = record.place
  columns.highs[index] = record.high
  columns.lows[index] = record.low
  columns.times[index] = record.time
  columns.as[index] = record.a
  columns.bs[index] = record.b
  columns.cs[index] = record.c
}

function read(columns: Columns, index: number, record: MemberRecord): MemberRecord {
  record.place = columns.places[index] ?? 0
  record.high = columns.highs[index] ?? 0
  record.low = columns.lows[index] ?? 0
  record.time = columns.times[index] ?? 0
  record.a = columns.as[index] ?? 0
  record.b = columns.bs[index] ?? 0
  record.c = columns.cs[index] ?? 0
  return record
}

/**
 * Where the members lie, in their order. By counting, window by window; inside one they mostly came
 * in order, and only where they didn't are they sorted.
 */
function orderOf(columns: Columns, size: number): Uint32Array {
  const { places } = columns
  let placeMax = 0
  for (let index = 0; index < size; index += 1) placeMax = Math.max(placeMax, places[index] ?? 0)
  // Behind `ends[place]` lie those of the next window, once all are put where they belong.
  const ends = new Uint32Array(placeMax + 2)
  for (let index = 0; index < size; index += 1) {
    const place = places[index] ?? 0
    ends[place + 1] = (ends[place + 1] ?? 0) + 1
  }
  for (let place = 1; place < ends.length; place += 1) {
    ends[place] = (ends[place] ?? 0) + (ends[place - 1] ?? 0)
  }
  const order = new Uint32Array(size)
  for (let index = 0; index < size; index += 1) {
    const place = places[index] ?? 0
    const at = ends[place] ?? 0
    order[at] = index
    ends[place] = at + 1
  }
  const compare = comparison(columns)
  for (let place = 0; place <= placeMax; place += 1) {
    const start = place === 0 ? 0 : (ends[place - 1] ?? 0)
    const end = ends[place] ?? 0
    if (!isOrdered(order, { start, end, compare })) order.subarray(start, end).sort(compare)
  }
  return order
}

type Compare = (one: number, other: number) => number

/** The order of two members of one window. */
function comparison({ times, highs, lows, as, bs }: Columns): Compare {
  return (one, other) => {
    const byTime = (times[one] ?? 0) - (times[other] ?? 0)
    if (byTime !== 0) return byTime
    const byHigh = (highs[one] ?? 0) - (highs[other] ?? 0)
    if (byHigh !== 0) return byHigh
    const byLow = (lows[one] ?? 0) - (lows[other] ?? 0)
    if (byLow !== 0) return byLow
    return (as[one] ?? 0) - (as[other] ?? 0) || (bs[one] ?? 0) - (bs[other] ?? 0)
  }
}

type Slice = { readonly start: number; readonly end: number; readonly compare: Compare }

function isOrdered(order: Uint32Array, { start, end, compare }: Slice): boolean {
  for (let at = start + 1; at < end; at += 1) {
    if (compare(order[at - 1] ?? 0, order[at] ?? 0) > 0) return false
  }
  return true
}

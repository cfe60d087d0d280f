// Owns how sightings become pieces of time, united across `quiet`: the extents of alerts. The same
// law as core/alert-group.ts, for millions of events at once. Pure.
import type { Sightings } from './sightings.ts'

/** Extents in the order of place and first; gaps between those of one place exceed its `quiet`. */
export type Pieces = {
  readonly size: number
  readonly places: Uint32Array
  /** Times in ms. */
  readonly firsts: Float64Array
  readonly lasts: Float64Array
  /** Different events; where a rule counts values, different values. */
  readonly counts: Uint32Array
}

/** At 24 bytes each, and twice that while they are united. */
export const PIECES_MAX = 2_000_000

/** No reader could go through so many alerts. */
export class TooManyAlertsError extends Error {
  override readonly name = 'TooManyAlertsError'
  readonly code = 'too-many-alerts'
  constructor() {
    super(`more than ${PIECES_MAX.toLocaleString('en')} alerts`)
  }
}

/** How far apart, in ms, events of one alert may be. */
export type QuietOf = (place: number) => number

/** The pieces of all sightings but those at place 0. */
export function unitePlaces(sightings: Sightings, quietOf: QuietOf): Pieces {
  const { places, times } = sortTimes(sightings)
  const builder = createBuilder(quietOf)
  for (let index = 0; index < places.length; index += 1) {
    const time = times[index] ?? 0
    builder.add({ place: places[index] ?? 0, first: time, last: time, count: 1 })
  }
  return builder.done()
}

/** The pieces of some extents, which are put in order for it. */
export function uniteAll(extents: Piece[], quietOf: QuietOf): Pieces {
  extents.sort((one, other) => one.place - other.place || one.first - other.first)
  const builder = createBuilder(quietOf)
  for (const extent of extents) builder.add(extent)
  return builder.done()
}

/** The pieces of two disjoint sets of events, united. */
export function unitePieces(one: Pieces, other: Pieces, quietOf: QuietOf): Pieces {
  if (one.size === 0) return other
  if (other.size === 0) return one
  const builder = createBuilder(quietOf)
  for (let left = 0, right = 0; left < one.size || right < other.size; ) {
    const takesLeft = right === other.size || (left < one.size && isBefore(one, left, other, right))
    builder.add(takesLeft ? pieceAt(one, left) : pieceAt(other, right))
    if (takesLeft) left += 1
    else right += 1
  }
  return builder.done()
}

/** Pieces that come bit by bit: united when they are alike in number, so that each is few times. */
export type Pile = {
  readonly add: (pieces: Pieces) => void
  /** All that was added; the pile is empty then. */
  unite(): Pieces
}

export function createPile(quietOf: QuietOf): Pile {
  const heaps: Pieces[] = []
  const uniteLast = (): void => {
    const [before, last] = heaps.splice(-2) as [Pieces, Pieces]
    heaps.push(unitePieces(before, last, quietOf))
  }
  const sizeFromEnd = (place: number) => heaps.at(-place)?.size ?? Number.POSITIVE_INFINITY
  return {
    add(pieces) {
      heaps.push(pieces)
      while (heaps.length > 1 && sizeFromEnd(2) <= 2 * sizeFromEnd(1)) uniteLast()
    },
    unite() {
      while (heaps.length > 1) uniteLast()
      return heaps.pop() ?? createPieces(0)
    },
  }
}

/** The times of each place in order, by counting: there are few places and many times. */
function sortTimes(sightings: Sightings): { places: Uint32Array; times: Float64Array } {
  let placeMax = 0
  sightings.each(({ place }) => {
    placeMax = Math.max(placeMax, place)
  })
  // Behind `ends[place]` lie the times of the next place, once all are put where they belong.
  const ends = new Uint32Array(placeMax + 2)
  sightings.each(({ place }) => {
    if (place > 0) ends[place + 1] = (ends[place + 1] ?? 0) + 1
  })
  for (let place = 1; place < ends.length; place += 1) {
    ends[place] = (ends[place] ?? 0) + (ends[place - 1] ?? 0)
  }
  const size = ends[placeMax + 1] ?? 0
  const places = new Uint32Array(size)
  const times = new Float64Array(size)
  sightings.each(({ place, time }) => {
    if (place === 0) return
    const at = ends[place] ?? 0
    places[at] = place
    times[at] = time
    ends[place] = at + 1
  })
  for (let place = 1; place <= placeMax; place += 1) {
    const start = ends[place - 1] ?? 0
    const end = ends[place] ?? 0
    if (end - start > 1) times.subarray(start, end).sort()
  }
  return { places, times }
}

/** The extent of a detection, or of several that were united. */
export type Piece = {
  readonly place: number
  readonly first: number
  readonly last: number
  readonly count: number
}

/** Takes pieces in the order of place and first, and joins what belongs together. */
function createBuilder(quietOf: QuietOf) {
  let pieces = createPieces(1_024)
  let size = 0
  let place = -1
  let quiet = 0
  const push = (piece: Piece): void => {
    if (size === PIECES_MAX) throw new TooManyAlertsError()
    if (size === pieces.places.length) pieces = resized(pieces, Math.min(size * 2, PIECES_MAX))
    pieces.places[size] = piece.place
    pieces.firsts[size] = piece.first
    pieces.lasts[size] = piece.last
    pieces.counts[size] = piece.count
    size += 1
  }
  return {
    add(piece: Piece): void {
      const { lasts, counts } = pieces
      const at = size - 1
      if (piece.place !== place) {
        place = piece.place
        quiet = quietOf(place)
        push(piece)
      } else if (piece.first - (lasts[at] ?? 0) > quiet) push(piece)
      else {
        lasts[at] = Math.max(lasts[at] ?? 0, piece.last)
        counts[at] = (counts[at] ?? 0) + piece.count
      }
    },
    done: (): Pieces => ({ ...resized(pieces, size), size }),
  }
}

function createPieces(room: number): Pieces {
  return {
    size: 0,
    places: new Uint32Array(room),
    firsts: new Float64Array(room),
    lasts: new Float64Array(room),
    counts: new Uint32Array(room),
  }
}

function resized(pieces: Pieces, room: number): Pieces {
  const made = createPieces(room)
  made.places.set(pieces.places.subarray(0, room))
  made.firsts.set(pieces.firsts.subarray(0, room))
  made.lasts.set(pieces.lasts.subarray(0, room))
  made.counts.set(pieces.counts.subarray(0, room))
  return made
}

function isBefore(one: Pieces, left: number, other: Pieces, right: number): boolean {
  const places = (one.places[left] ?? 0) - (other.places[right] ?? 0)
  if (places !== 0) return places < 0
  return (one.firsts[left] ?? 0) <= (other.firsts[right] ?? 0)
}

function pieceAt(pieces: Pieces, index: number): Piece {
  return {
    place: pieces.places[index] ?? 0,
    first: pieces.firsts[index] ?? 0,
    last: pieces.lasts[index] ?? 0,
    count: pieces.counts[index] ?? 0,
  }
}

// Owns finding chains: for each time a chain can begin, the latest it can end inside `within`.
import { type Moves, createMovesReader } from './sequence-moves.ts'
import type { Moment, Plan } from './sequence-plan.ts'

/** A time a chain begins, with the earliest and the latest time chains from there end. */
type Beginning = { readonly time: number; readonly endMin: number; readonly endMax: number }

export type Chain = { readonly first: number; readonly last: number }

/**
 * For each time at which a chain begins that ends within `withinMs`, the one that ends last. What
 * an absent last step asks for is left to the caller.
 *
 * Why a walk there and back is enough: let a state be the number of slots filled. At each moment a
 * chain goes from state p to one in [low(p), high(p)], and neither bound falls as p grows. So two
 * chains of which one begins earlier and ends later meet or cross at a moment, and there they can
 * change places: both beginnings go with both ends. Hence
 *  1. of two states at the same moment the one with more slots filled ends no later: the earliest
 *     end of a state is that of the last living state it can go to, the latest that of the first;
 *  2. a beginning reaches each time between its earliest and its latest end at which any chain
 *     ends: the chain that ends there crosses one of its own.
 * A walk back through time finds earliest and latest ends, a walk ahead the times at which chains
 * end, and the chain wanted is found by looking its end up.
 *
 * Inside a step one event more is as good as one event less to wait for. So of its states the last
 * ones live, and the first ones (but for its start) are reached: a run is moved as a whole. That
 * leaves O(steps) for each event, and the copying of a run for each moment.
 */
export function longestChains(
  plan: Plan,
  moments: readonly Moment[],
  withinMs: number,
): readonly Chain[] {
  const ends = endsOf(plan, moments)
  if (ends.length === 0) return []
  return beginningsOf(plan, moments).flatMap(({ time, endMin, endMax }) => {
    const last = latestUpTo(ends, Math.min(endMax, time + withinMs))
    return last !== undefined && last >= endMin ? [{ first: time, last }] : []
  })
}

/** Walks back: what becomes of a chain in a state, judged by the moments behind it. */
function beginningsOf(plan: Plan, moments: readonly Moment[]): readonly Beginning[] {
  const read = createMovesReader(plan)
  const beginnings: Beginning[] = []
  const ends = createEnds(plan.slots)
  for (const moment of moments.toReversed()) {
    const { time } = moment
    ends.endMin[plan.slots] = time
    ends.endMax[plan.slots] = time
    const beginning = moveBack(ends, read(moment))
    if (beginning !== undefined) beginnings.push({ time, ...beginning })
  }
  return beginnings.toReversed()
}

/** For each state when chains in it end; `endMin` is Infinity where none does: it is dead. */
type Ends = { readonly endMin: Float64Array; readonly endMax: Float64Array }

function createEnds(slots: number): Ends {
  const endMin = new Float64Array(slots + 1).fill(Infinity)
  return { endMin, endMax: new Float64Array(endMin) }
}

/** The ends before a moment from those after it, in place, and those of a chain that begins in it. */
function moveBack(ends: Ends, moves: Moves): Omit<Beginning, 'time'> | undefined {
  const { endMin, endMax } = ends
  let beginning: Omit<Beginning, 'time'> | undefined
  // Ascending, and all three only look at states that were not judged anew yet: from ≥ state.
  let firstLiving = 0
  let lastLiving = -1
  let seen = 0
  for (let index = 0; index < moves.count; index += 1) {
    const state = moves.first[index] ?? 0
    const size = moves.size[index] ?? 0
    // A chain begins by filling a slot.
    const from = state === 0 ? 1 : (moves.low[index] ?? 0)
    const to = moves.high[index] ?? 0
    if (size > 1) {
      moveRunBack(ends, { first: state, size, by: to - state })
      continue
    }
    firstLiving = Math.max(firstLiving, from)
    while (firstLiving <= to && endMin[firstLiving] === Infinity) firstLiving += 1
    for (seen = Math.max(seen, from); seen <= to; seen += 1) {
      if (endMin[seen] !== Infinity) lastLiving = seen
    }
    const isLiving = firstLiving <= to
    const earliest = isLiving ? (endMin[lastLiving] ?? Infinity) : Infinity
    const latest = isLiving ? (endMax[firstLiving] ?? Infinity) : Infinity
    if (state > 0) {
      endMin[state] = earliest
      endMax[state] = latest
    } else if (isLiving) beginning = { endMin: earliest, endMax: latest }
  }
  return beginning
}

type Run = { readonly first: number; readonly size: number; readonly by: number }

/** The last state in reach lives if any does; the first that lives is the same for the whole run. */
function moveRunBack({ endMin, endMax }: Ends, { first, size, by }: Run): void {
  const end = first + size
  const living = firstWhere(first, end + by, (state) => endMin[state] !== Infinity)
  if (living < end + by) {
    const latest = endMax[living] ?? Infinity
    endMax.fill(latest, Math.max(first, living - by), Math.max(first, Math.min(living, end)))
  }
  endMin.copyWithin(first, first + by, end + by)
}

/** Walks ahead: the times at which any chain ends, ascending. */
function endsOf(plan: Plan, moments: readonly Moment[]): readonly number[] {
  const read = createMovesReader(plan)
  const ends: number[] = []
  const isReached = new Uint8Array(plan.slots + 1)
  isReached[0] = 1
  for (const moment of moments) {
    isReached[plan.slots] = 0
    moveAhead(isReached, read(moment))
    if (isReached[plan.slots] === 1) ends.push(moment.time)
  }
  return ends
}

function moveAhead(isReached: Uint8Array, moves: Moves): void {
  // Descending; from here on what lower states can reach is reached already, as high never falls.
  let done = isReached.length
  for (let index = moves.count - 1; index >= 0; index -= 1) {
    const state = moves.first[index] ?? 0
    const size = moves.size[index] ?? 0
    const high = moves.high[index] ?? 0
    const last = size > 1 ? lastReached(isReached, state, state + size) : state
    if (isReached[last] !== 1) continue
    if (size > 1) isReached.fill(1, last + 1, last + 1 + high - state)
    else {
      if ((moves.low[index] ?? 0) > state) isReached[state] = 0
      for (let to = Math.min(high, done - 1); to > state; to -= 1) isReached[to] = 1
    }
    done = state + 1
  }
}

/** The last of a run that is reached; its first one, which may begin the step, stands for none. */
function lastReached(isReached: Uint8Array, first: number, end: number): number {
  return firstWhere(first + 1, end, (state) => isReached[state] !== 1) - 1
}

/** The first from which on `holds` is true, in [from, to); `to` when it is for none. */
function firstWhere(from: number, to: number, holds: (index: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** The latest of ascending times up to `time`. */
export function latestUpTo(times: readonly number[], time: number): number | undefined {
  return times[firstWhere(0, times.length, (index) => (times[index] ?? Infinity) > time) - 1]
}

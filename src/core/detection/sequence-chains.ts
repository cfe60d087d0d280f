// Owns finding chains: for each time a chain can begin, the latest it can end inside `within`.
import { createMovesReader } from './sequence-moves.ts'
import type { Moment, Plan } from './sequence-plan.ts'

/** A time a chain begins, with the earliest and the latest time chains from there end. */
type Beginning = { readonly time: number; readonly endMin: number; readonly endMax: number }

export type Chain = { readonly first: number; readonly last: number }

/**
 * For each time at which a chain begins that ends within `withinMs`, the one that ends last. What
 * an absent last step asks for is left to the caller. O(moments × slots), and less where moments
 * touch few slots.
 *
 * Why that is enough work: let a state be the number of slots filled. At each moment a chain goes
 * from state p to one in [low(p), high(p)], and neither bound falls as p grows (moves). So two
 * chains of which one begins earlier and ends later meet or cross at a moment, and there they can
 * change places: both beginnings go with both ends. Hence
 *  1. the later of two states at the same moment ends no later: the earliest end of a state is
 *     that of the last living state in reach, the latest end that of the first;
 *  2. a beginning reaches each time between its earliest and its latest end at which any chain
 *     ends: the chain that ends there crosses one of its own.
 * A walk back through time finds earliest and latest ends, a walk ahead the times at which chains
 * end, and the chain wanted is found by looking its end up.
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
  // Infinity: the state leads to no end.
  const endMin = new Float64Array(plan.slots + 1).fill(Infinity)
  const endMax = new Float64Array(plan.slots + 1).fill(Infinity)
  for (const moment of moments.toReversed()) {
    const { time } = moment
    const { count, states, low, high } = read(moment)
    endMin[plan.slots] = time
    endMax[plan.slots] = time
    let firstLiving = 0
    let lastLiving = -1
    let seen = 0
    for (let index = 0; index < count; index += 1) {
      const state = states[index] ?? 0
      // A chain begins by filling a slot.
      const from = state === 0 ? 1 : (low[index] ?? 0)
      const to = high[index] ?? 0
      // Both pointers only look at states that were not judged anew yet: from ≥ state.
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
      } else if (isLiving) beginnings.push({ time, endMin: earliest, endMax: latest })
    }
  }
  return beginnings.toReversed()
}

/** Walks ahead: the times at which any chain ends, ascending. */
function endsOf(plan: Plan, moments: readonly Moment[]): readonly number[] {
  const read = createMovesReader(plan)
  const ends: number[] = []
  const isReached = new Uint8Array(plan.slots + 1)
  isReached[0] = 1
  for (const moment of moments) {
    const { count, states, low, high } = read(moment)
    isReached[plan.slots] = 0
    // States from here on were reached already from the states behind, as high never falls.
    let done = plan.slots + 1
    for (let index = count - 1; index >= 0; index -= 1) {
      const state = states[index] ?? 0
      if (isReached[state] !== 1) continue
      if ((low[index] ?? 0) > state) isReached[state] = 0
      for (let to = Math.min(high[index] ?? 0, done - 1); to > state; to -= 1) isReached[to] = 1
      done = state + 1
    }
    if (isReached[plan.slots] === 1) ends.push(moment.time)
  }
  return ends
}

/** The latest of ascending times up to `time`. */
export function latestUpTo(times: readonly number[], time: number): number | undefined {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? Infinity) <= time) low = middle + 1
    else high = middle
  }
  return times[low - 1]
}

// Owns what the events of one moment can fill: how far a chain gets when several happen at once.
import type { Moment, Plan } from './sequence-plan.ts'

/**
 * What one moment does to chains, as runs of states (slots filled so far) in ascending order; a state
 * in no run stays as it is. The state `first + n` of a run, n < `size`, has from `low + n` to
 * `high + n` slots filled afterwards; with `high` below `low` the chain ends without success. Runs of
 * more than one state lie inside one step, with all that they lead to, and have `low` = `first`.
 */
export type Moves = {
  count: number
  readonly first: Int32Array
  readonly size: Int32Array
  readonly low: Int32Array
  readonly high: Int32Array
}

/**
 * Reads one moment after the other, always into the same lists: with thousands of slots, those of
 * all moments together would not fit into memory.
 *
 * A chain with p slots filled can have any number from low to high of them filled afterwards, as
 * events may be left out. It must go on (`low` is p + 1) where p slots complete a step whose absent
 * successor occurs now, because that lies strictly between unless one of its neighbours is at this
 * moment too. Where events run out inside a step, p becomes p + their number at most, whichever
 * they are: one run. Only the last states of a step, as many as events, are looked at one by one.
 */
export function createMovesReader(plan: Plan): (moment: Moment) => Moves {
  const size = plan.slots + 2 * plan.steps.length
  const [first, sizes, low, high] = [0, 1, 2, 3].map(() => new Int32Array(size))
  const moves = { count: 0, first, size: sizes, low, high } as Moves

  function add(state: number, run: number, lowest: number, highest: number): void {
    moves.first[moves.count] = state
    moves.size[moves.count] = run
    moves.low[moves.count] = lowest
    moves.high[moves.count] = highest
    moves.count += 1
  }

  return (moment) => {
    moves.count = 0
    const reach = reachIn(plan, moment)
    for (const step of plan.steps) {
      const events = countOf(moment, step.bit)
      const isBarred = (moment.any & step.absentBefore) !== 0
      let state = step.start
      const tail = Math.max(state, step.end - events)
      if (isBarred || (state === 0 && events > 0)) {
        add(state, 1, isBarred ? state + 1 : state, state < tail ? state + events : reach(state))
        state += 1
      }
      if (events === 0) continue
      if (state < tail) add(state, tail - state, state, state + events)
      for (state = Math.max(state, tail); state < step.end; state += 1) {
        add(state, 1, state, reach(state))
      }
    }
    return moves
  }
}

function countOf({ fulfilled, any }: Moment, bit: number): number {
  if ((any & bit) === 0) return 0
  if (fulfilled.length === 1) return 1
  let count = 0
  for (const bits of fulfilled) if ((bits & bit) !== 0) count += 1
  return count
}

/** The most slots filled afterwards, for ascending states whose step may become complete. */
function reachIn(plan: Plan, { fulfilled }: Moment): (state: number) => number {
  // One event fills one slot: so it nearly always is.
  if (fulfilled.length === 1) return (state) => state + 1
  let row: ReturnType<typeof createRow> | undefined
  return (state) => {
    row ??= createRow(plan, kindsOf(fulfilled))
    return row.reach(state)
  }
}

/** Events that fulfil the same steps are alike: only their number counts. */
type Kind = { readonly fulfils: number; spare: number; readonly taken: Map<number, number> }

function kindsOf(fulfilled: readonly number[]): readonly Kind[] {
  const counts = new Map<number, number>()
  for (const bits of fulfilled) counts.set(bits, (counts.get(bits) ?? 0) + 1)
  return [...counts].map(([fulfils, spare]) => ({ fulfils, spare, taken: new Map() }))
}

/**
 * A row of slots given different events, by augmenting paths: when the row can be filled with one
 * more slot at all, it can be by choosing again for those before. As its start moves on, its end
 * never moves back.
 */
function createRow(plan: Plan, kinds: readonly Kind[]) {
  const bitOf = (slot: number) => plan.steps.find(({ end }) => slot < end)?.bit ?? 0
  let start = 0
  let end = 0

  function release(bit: number): void {
    const kind = kinds.find(({ taken }) => (taken.get(bit) ?? 0) > 0)
    if (kind !== undefined) give(kind, bit, -1)
  }

  function give(kind: Kind, bit: number, count: 1 | -1): void {
    kind.taken.set(bit, (kind.taken.get(bit) ?? 0) + count)
    kind.spare -= count
  }

  function fill(bit: number, tried: Set<Kind>): boolean {
    for (const kind of kinds) {
      if ((kind.fulfils & bit) === 0 || tried.has(kind)) continue
      tried.add(kind)
      if (kind.spare === 0 && !freeOne(kind, tried)) continue
      give(kind, bit, 1)
      return true
    }
    return false
  }

  /** Another kind does what one event of this kind did. */
  function freeOne(kind: Kind, tried: Set<Kind>): boolean {
    for (const [bit, count] of kind.taken) {
      if (count === 0 || !fill(bit, tried)) continue
      give(kind, bit, -1)
      return true
    }
    return false
  }

  return {
    reach(state: number): number {
      for (; start < state && start < end; start += 1) release(bitOf(start))
      start = state
      end = Math.max(end, state)
      while (end < plan.slots && fill(bitOf(end), new Set())) end += 1
      return end
    },
  }
}

// Owns what the events of one moment can fill: how far a chain gets when several happen at once.
import type { Moment, Plan, PlanStep } from './sequence-plan.ts'

/** What one moment does to chains: only the states listed may change in it. */
export type Moves = {
  /** How many are listed. */
  count: number
  /** States (slots filled so far), ascending. */
  readonly states: Int32Array
  /** For each of them, the slots filled at least afterwards … */
  readonly low: Int32Array
  /** … and at most; less than `low`: the chain ends without success. */
  readonly high: Int32Array
}

/**
 * Reads one moment after the other, always into the same lists: with thousands of slots, those of
 * all moments together would not fit into memory.
 *
 * A chain with p slots filled has any number from low to high of them filled afterwards: filling
 * fewer is always possible, as events may be left out. It must go on (`low` is p + 1) where p slots
 * complete a step whose absent successor occurs now, because that lies strictly between unless one
 * of its neighbours is at this moment too.
 */
export function createMovesReader(plan: Plan): (moment: Moment) => Moves {
  const moves: Moves = {
    count: 0,
    states: new Int32Array(plan.slots),
    low: new Int32Array(plan.slots),
    high: new Int32Array(plan.slots),
  }
  return (moment) => {
    moves.count = 0
    for (const step of plan.steps) {
      const matches = (moment.any & step.bit) !== 0
      const isBarred = (moment.any & step.absentBefore) !== 0
      if (!matches && !isBarred) continue
      const end = matches ? step.end : step.start + 1
      const reach = matches ? reachIn(plan, step, moment.fulfilled) : (state: number) => state
      for (let state = step.start; state < end; state += 1) {
        moves.states[moves.count] = state
        moves.low[moves.count] = isBarred && state === step.start ? state + 1 : state
        moves.high[moves.count] = reach(state)
        moves.count += 1
      }
    }
    return moves
  }
}

/** The most slots that can be filled afterwards, for states of the step, asked in order. */
function reachIn(
  plan: Plan,
  { bit, end }: PlanStep,
  fulfilled: readonly number[],
): (state: number) => number {
  // One event fills one slot: so it nearly always is.
  if (fulfilled.length === 1) return (state) => state + 1
  const available = fulfilled.filter((bits) => (bits & bit) !== 0).length
  const row = createRow(plan, kindsOf(fulfilled))
  // Where events run out inside the step, which of them are taken does not matter.
  return (state) => (state + available < end ? state + available : row.reach(state))
}

/** Events that fulfil the same steps are alike: only their number counts. */
type Kind = { readonly fulfils: number; spare: number; readonly taken: Map<number, number> }

function kindsOf(fulfilled: readonly number[]): readonly Kind[] {
  const counts = new Map<number, number>()
  for (const bits of fulfilled) counts.set(bits, (counts.get(bits) ?? 0) + 1)
  return [...counts].map(([fulfils, spare]) => ({ fulfils, spare, taken: new Map() }))
}

/**
 * A row of slots given different events, by augmenting paths: when slots can be filled at all, the
 * next one can be whatever was chosen for those before, by choosing again. As the row's start
 * moves on its end never moves back.
 */
function createRow(plan: Plan, kinds: readonly Kind[]) {
  const bitOf = (slot: number) => plan.steps.find(({ end }) => slot < end)?.bit ?? 0
  let start = 0
  let end = 0

  function release(bit: number): void {
    const kind = kinds.find(({ taken }) => (taken.get(bit) ?? 0) > 0)
    if (kind === undefined) return
    kind.taken.set(bit, (kind.taken.get(bit) ?? 0) - 1)
    kind.spare += 1
  }

  function fill(bit: number, tried: Set<Kind>): boolean {
    for (const kind of kinds) {
      if ((kind.fulfils & bit) === 0 || tried.has(kind)) continue
      tried.add(kind)
      if (kind.spare === 0 && !giveUpOne(kind, tried)) continue
      kind.spare -= 1
      kind.taken.set(bit, (kind.taken.get(bit) ?? 0) + 1)
      return true
    }
    return false
  }

  /** Another kind does what one event of this kind did. */
  function giveUpOne(kind: Kind, tried: Set<Kind>): boolean {
    for (const [bit, count] of kind.taken) {
      if (count === 0 || !fill(bit, tried)) continue
      kind.taken.set(bit, (kind.taken.get(bit) ?? 0) - 1)
      kind.spare += 1
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

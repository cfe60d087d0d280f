// Owns the steps of a sequence as a row of slots, and members gathered by time. Chains: sequence-chains.ts.
import type { Detect } from '../rule-detect.ts'
import type { Member } from './member.ts'

export type Sequence = Extract<Detect, { kind: 'sequence' }>

/** A step that needs events: a run of slots, each for one event. */
export type PlanStep = {
  /** The bit of the step in `Member.steps`. */
  readonly bit: number
  /** The absent step between the step before and this one; 0: none. */
  readonly absentBefore: number
  /** Its slots: from `start` up to but not including `end`. */
  readonly start: number
  readonly end: number
}

/** A chain fills all slots, from the first to the last, in the order of time. */
export type Plan = {
  readonly steps: readonly PlanStep[]
  readonly slots: number
  /** Bits of all steps that need events. */
  readonly present: number
  /** The absent step at the end; 0: none. */
  readonly absentLast: number
}

export function planOf({ steps }: Sequence): Plan {
  const planned: PlanStep[] = []
  let slots = 0
  for (const [index, { absent, count }] of steps.entries()) {
    if (absent) continue
    const absentBefore = steps[index - 1]?.absent === true ? 1 << (index - 1) : 0
    planned.push({ bit: 1 << index, absentBefore, start: slots, end: slots + count })
    slots += count
  }
  const absentLast = steps.at(-1)?.absent === true ? 1 << (steps.length - 1) : 0
  const present = planned.reduce((bits, { bit }) => bits | bit, 0)
  return { steps: planned, slots, present, absentLast }
}

/** The members of one moment, as far as steps ask for them. */
export type Moment = {
  readonly time: number
  /** One for each member: the steps it fulfils. */
  readonly fulfilled: readonly number[]
  /** The steps that any of them fulfils. */
  readonly any: number
}

/** Members in order, gathered by time. */
export function momentsOf(members: readonly Member[]): readonly Moment[] {
  const moments: { time: number; fulfilled: number[]; any: number }[] = []
  for (const { time, steps = 0 } of members) {
    if (steps === 0) continue
    const moment = moments.at(-1)
    if (moment !== undefined && moment.time === time) {
      moment.fulfilled.push(steps)
      moment.any |= steps
    } else moments.push({ time, fulfilled: [steps], any: steps })
  }
  return moments
}

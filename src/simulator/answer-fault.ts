// Owns which fault a request meets: by chance from the seed, or by a test's script. Doing it: api.ts.
import type { AnswerFault, Faults } from './faults.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** What happens to one answer. At most one of `status`, `cut` and `reset`; `slow` with any. */
export type AnswerPlan = {
  readonly slowMs: number
  readonly status: number | undefined
  readonly retryAfterMs: number
  readonly cut: boolean
  readonly reset: boolean
  readonly movingTotal: boolean
  readonly shuffle: Faults['shuffle']
  readonly random: Random
}

/** Names of what a plan holds, for counters and logs. */
export function nameFaults(plan: AnswerPlan): readonly AnswerFault[] {
  const names: AnswerFault[] = []
  if (plan.slowMs > 0) names.push('slow')
  if (plan.status !== undefined) names.push(`${plan.status}`)
  if (plan.cut) names.push('cut')
  if (plan.reset) names.push('reset')
  if (plan.movingTotal) names.push('moving-total')
  return names
}

/** The plan for the n-th request: always the same for the same seed, faults and n. */
function planAnswer(faults: Faults, seed: string, number: number): AnswerPlan {
  const random = createRandom(seed, 'request', number)
  const slow = random.chance(faults.slow?.probability ?? 0)
  const refusal = Object.entries(faults.statuses ?? {}).find(([, { probability }]) =>
    random.chance(probability),
  )
  const reset = random.chance(faults.reset ?? 0)
  const cut = random.chance(faults.cut ?? 0)
  const moving = random.chance(faults.movingTotal ?? 0)
  const answered = refusal === undefined && !reset
  return {
    slowMs: slow ? (faults.slow?.ms ?? 0) : 0,
    status: refusal === undefined ? undefined : Number(refusal[0]),
    retryAfterMs: refusal?.[1].ms ?? 0,
    reset: refusal === undefined && reset,
    cut: answered && cut,
    movingTotal: answered && !cut && moving,
    shuffle: faults.shuffle,
    random,
  }
}

/** The plan when a script names the fault; its sizes are those of the faults in force. */
function planScripted(fault: AnswerFault | 'ok', faults: Faults, random: Random): AnswerPlan {
  const status = /^\d+$/.test(fault) ? Number(fault) : undefined
  return {
    slowMs: fault === 'slow' ? (faults.slow?.ms ?? SLOW_MS_SCRIPTED) : 0,
    status,
    retryAfterMs: status === 429 ? (faults.statuses?.[429]?.ms ?? RETRY_AFTER_MS_SCRIPTED) : 0,
    reset: fault === 'reset',
    cut: fault === 'cut',
    movingTotal: fault === 'moving-total',
    shuffle: faults.shuffle,
    random,
  }
}

/** Short, because scripts belong to tests. */
const SLOW_MS_SCRIPTED = 200
const RETRY_AFTER_MS_SCRIPTED = 1000

export type Planner = {
  /** The plan for the next request. */
  next(): AnswerPlan
  /** Names what the next requests meet, one each, before chance decides again. */
  script(faults: readonly (AnswerFault | 'ok')[]): void
}

/** Plans requests in the order they come; `faults` are those in force at that moment. */
export function createPlanner(seed: string, faults: () => Faults): Planner {
  let scripted: readonly (AnswerFault | 'ok')[] = []
  let number = 0
  return {
    next() {
      number += 1
      const [named, ...rest] = scripted
      if (named === undefined) return planAnswer(faults(), seed, number)
      scripted = rest
      return planScripted(named, faults(), createRandom(seed, 'script', number))
    },
    script(next) {
      scripted = [...next]
    },
  }
}

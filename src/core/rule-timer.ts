// Owns what each rule costs, as a sample: now and then some rules are asked one by one, beside the
// program that answers for all of them at once. Publishing it: rule-stats.ts.
import type { Event } from './event.ts'
import type { MatchableRule, Matcher } from './match.ts'

/** One event in so many is a sample: the price is below 3 % with the cheapest of rules. */
const EVENTS_PER_SAMPLE = 128
/** Rules timed in one sample; the next one goes on with the next rules. */
const RULES_PER_SAMPLE = 16
/** Empty measurements by which the clock's own price is found. */
const CALIBRATION_STEPS = 100

export type RuleTimer = {
  /** Takes note of an event; times some rules with it when its turn has come. */
  onEvent(event: Event): void
  /**
   * The estimated time since the last call, by rule, in the unit of `now`: as if each rule had been
   * asked about every event. The index spares most of it, except for rules without a witness.
   */
  drain(): ReadonlyMap<string, number>
}

/** `rules` are the matcher's, in its order; `now` is a clock of fine resolution. */
export function createRuleTimer<R extends MatchableRule>(
  rules: readonly R[],
  matcher: Pick<Matcher<R>, 'time'>,
  now: () => number,
): RuleTimer {
  const spent = new Float64Array(rules.length)
  const samples = new Uint32Array(rules.length)
  const count = Math.min(RULES_PER_SAMPLE, rules.length)
  const clockPrice = priceOf(now)
  let next = 0
  let wait = 1

  return {
    onEvent(event) {
      wait -= 1
      if (wait > 0 || count === 0) return
      wait = EVENTS_PER_SAMPLE
      matcher.time(event, { from: next, count, now, spent })
      for (let step = 0; step < count; step += 1) {
        const place = (next + step) % rules.length
        samples[place] = (samples[place] ?? 0) + 1
      }
      next = (next + count) % rules.length
    },

    drain() {
      const weight = (EVENTS_PER_SAMPLE * rules.length) / Math.max(1, count)
      const drained = new Map<string, number>()
      rules.forEach(({ id }, place) => {
        const own = (spent[place] ?? 0) - (samples[place] ?? 0) * clockPrice
        if (own > 0) drained.set(id, own * weight)
      })
      spent.fill(0)
      samples.fill(0)
      return drained
    },
  }
}

/** What asking the clock itself takes: the least of some tries. */
function priceOf(now: () => number): number {
  let least = Number.POSITIVE_INFINITY
  let before = now()
  for (let step = 0; step < CALIBRATION_STEPS; step += 1) {
    const after = now()
    least = Math.min(least, after - before)
    before = after
  }
  return Math.max(0, least)
}

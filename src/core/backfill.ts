// Owns how much history a first start reads, so that rules know what is usual before they alarm.
import type { Rule } from './rule.ts'

/** `auto`: as much as the rules look back at; or so many ms; or nothing but what is told of. */
export type Backfill = 'auto' | 'off' | number

const DAY_MS = 86_400_000

/** Reading more would take hours. */
export const BACKFILL_MS_MAX = 90 * DAY_MS

/** How far before the start reading begins, ms; `rules` are those that run. */
export function backfillMs(setting: Backfill, rules: readonly Pick<Rule, 'detect'>[]): number {
  if (setting === 'off') return 0
  if (setting !== 'auto') return Math.min(setting, BACKFILL_MS_MAX)
  return rules.reduce((longest, { detect }) => {
    if (detect?.kind === 'spike') return Math.max(longest, detect.baselineMs)
    if (detect?.kind !== 'firstSeen') return longest
    return Math.min(BACKFILL_MS_MAX, Math.max(longest, detect.historyMs + detect.learnMs))
  }, 0)
}

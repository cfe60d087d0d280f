// Owns when an alert that nobody ended is over because nothing more came. The end is derived from
// events and the evaluated mark, never from the clock, and a late entry takes it back.
import type { Alert } from './alert.ts'
import type { Branch } from './route.ts'
import { SYSTEM_RULE_SET } from './system-rule.ts'
import { resolveAfterOf } from './told.ts'

/**
 * Whether everything up to `last + resolveAfter` was evaluated, and `settle` beyond. Undefined as
 * the mark means that nothing is known. The system's own alerts end when their cause does.
 */
export function isQuiet(
  alert: Alert,
  branches: readonly Branch[],
  markMs: number | undefined,
  settleMs: number,
): boolean {
  const resolveAfterMs = resolveAfterOf({ after: alert, branches })
  if (alert.ruleSetVersion === SYSTEM_RULE_SET) return false
  if (alert.state === 'resolved' || resolveAfterMs === undefined || markMs === undefined) {
    return false
  }
  return markMs - settleMs >= alert.last + resolveAfterMs
}

// Owns who hears of an alert when no route is configured. Sends nothing.
import type { Alert } from './alert.ts'
import { type Severity, severityRank } from './severity.ts'

/** What is less severe is recorded and told to nobody. */
const SEVERITY_TOLD_MIN: Severity = 'low'

/** Everything of `low` and above goes to every receiver. */
export function routeToAll(receivers: readonly string[]): (alert: Alert) => readonly string[] {
  return ({ severity }) =>
    severityRank(severity) >= severityRank(SEVERITY_TOLD_MIN) ? receivers : []
}

// Owns what follows from alerts that changed: the notifications of the same transition, and what is
// counted and logged once it is stored. Who is told: core/notify-decision.ts.
import type { Alert, Notification } from '../core/alert.ts'
import type { AlertChange } from '../core/alert-group.ts'
import type { Rule } from '../core/rule.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Tell } from '../teller.ts'

type TellParts = { readonly metrics: Metrics; readonly log: Log }

/** The change as it is stored, with what its decision wrote down, and whom it tells. */
export function tellChange(
  { before, after, isSplit }: AlertChange,
  rule: Rule,
  tell: Tell,
  { metrics, log }: TellParts,
): { readonly change: AlertChange; readonly notifications: readonly Notification[] } {
  const { decision, alert, notifications } = tell(before, withRule(after, rule))
  const { reason } = decision
  const why = reason === 'none' ? decision.why : undefined
  const receivers = notifications.map(({ receiver }) => receiver)
  log.debug({ alert: `A-${alert.number}`, reason, why, receivers }, 'decided')
  if (why !== undefined) {
    metrics.notifications.inc({ receiver: 'none', reason: `none:${why}`, result: 'muted' })
  }
  return { change: { before, after: alert, ...(isSplit && { isSplit }) }, notifications }
}

/** What the rule says now about telling and resolving. */
function withRule(alert: Alert, { status, alert: spec }: Rule): Alert {
  const { staged: _staged, resolveAfterMs: _resolveAfterMs, ...rest } = alert
  return {
    ...rest,
    ...(status === 'staged' && { staged: true }),
    ...(spec.resolveAfterMs !== undefined && { resolveAfterMs: spec.resolveAfterMs }),
  }
}

/** Counts and logs only what was stored: a lost race must not count. */
export function reportStored(
  rule: Rule,
  detections: number,
  changes: readonly AlertChange[],
  { metrics, log }: TellParts,
): void {
  if (detections > 0) metrics.detections.inc({ rule: rule.id }, detections)
  for (const { before, after, isSplit } of changes) {
    const { number, severity, title, resolution } = after
    const about = { alert: `A-${number}`, rule: rule.id, severity, title }
    if (before === undefined) {
      metrics.alerts.inc({ rule: rule.id, severity })
      log.info(about, isSplit ? 'alert split off' : 'alert opened')
    } else if (resolution === 'superseded' && before.resolution !== 'superseded') {
      log.info(about, 'alert withdrawn: later entries showed that there was nothing')
    }
  }
}

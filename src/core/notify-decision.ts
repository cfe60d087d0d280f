// Owns who is told what and why: a named reason for every alert that changed. Sends nothing.
import type { Alert, Reason } from './alert.ts'
import type { AlertChange } from './alert-group.ts'

/** Why nobody is told. */
export type Muted = 'staged' | 'historical' | 'merged' | 'no-change' | 'no-receiver'

export type Decision =
  | { readonly reason: Reason }
  | { readonly reason: 'none'; readonly why: Muted }

/** Decides for one changed alert. `status` is the rule's: a staged one runs and tells nobody. */
export function decideNotification(
  change: AlertChange,
  rule: { readonly status: 'active' | 'staged' | 'disabled' },
): Decision {
  if (rule.status === 'staged') return { reason: 'none', why: 'staged' }
  if (change.after.historical) return { reason: 'none', why: 'historical' }
  if (change.after.resolution === 'merged') return { reason: 'none', why: 'merged' }
  if (isFirst(change)) return { reason: 'first' }
  return { reason: 'none', why: 'no-change' }
}

/** An alert is told first when it opens, or when what was history becomes live. */
function isFirst({ before, after }: { before: Alert | undefined; after: Alert }): boolean {
  return before === undefined || (before.historical === true && !after.historical)
}

// Owns what people do to alerts: acknowledge, resolve, comment; what each changes, what the audit
// trail says, and when one is refused. Who is told then: notify-decision.ts.
import { type Alert, alertName, type AlertState, type Resolution, type Signature } from './alert.ts'

/** How a person may end an alert. */
export const HUMAN_RESOLUTIONS = ['manual', 'false-positive'] as const

export type HumanResolution = (typeof HUMAN_RESOLUTIONS)[number]

export type AlertAction =
  | { readonly kind: 'acknowledge'; readonly comment?: string }
  | { readonly kind: 'resolve'; readonly reason: HumanResolution; readonly comment?: string }
  | { readonly kind: 'comment'; readonly comment: string }

/** What happens by itself, and is in the audit trail all the same. */
export type AlertTurn =
  | AlertAction
  | { readonly kind: 'end'; readonly reason: 'returned' | 'quiet'; readonly comment?: string }
  | { readonly kind: 'reopen'; readonly comment?: string }

/** One line of the audit trail; lines are only ever added. */
export type TrailEntry = Signature & {
  readonly action: AlertTurn['kind']
  readonly stateBefore: AlertState
  readonly stateAfter: AlertState
  readonly reason?: Resolution
  readonly comment?: string
}

/** Why an action was refused, for the person who asked for it. */
export type Refusal = {
  readonly refused: 'conflict' | 'acknowledged-already' | 'resolved-already' | 'nothing-said'
  readonly message: string
}

export type ActionResult = { readonly alert: Alert; readonly entry: TrailEntry } | Refusal

export const ACTION_COMMENT_LENGTH_MAX = 2_000

/**
 * The alert after an action, with the line for its trail, or why not. `seen` is the revision the
 * person had before them; absent: whatever it is now.
 */
export function applyAction(
  alert: Alert,
  action: AlertTurn,
  signature: Signature,
  seen?: number,
): ActionResult {
  const refusal = refusalOf(alert, action, seen)
  if (refusal !== undefined) return refusal
  const revision = (alert.revision ?? 0) + 1
  const after = { ...changed(alert, action, signature), revision }
  const comment = action.comment?.slice(0, ACTION_COMMENT_LENGTH_MAX)
  const reason = 'reason' in action ? action.reason : undefined
  const entry: TrailEntry = {
    ...signature,
    action: action.kind,
    stateBefore: alert.state,
    stateAfter: after.state,
    ...(reason !== undefined && { reason }),
    ...(comment !== undefined && comment !== '' && { comment }),
  }
  return { alert: after, entry }
}

function refusalOf(alert: Alert, action: AlertTurn, seen: number | undefined): Refusal | undefined {
  const name = alertName(alert)
  if (seen !== undefined && seen !== (alert.revision ?? 0)) {
    const message = `${name} was changed by somebody else meanwhile: ${stateText(alert)}`
    return { refused: 'conflict', message }
  }
  if (action.kind === 'comment') {
    const isEmpty = action.comment.trim() === ''
    return isEmpty ? { refused: 'nothing-said', message: 'the comment is empty' } : undefined
  }
  if (action.kind === 'reopen') return undefined
  if (alert.state === 'resolved') {
    return { refused: 'resolved-already', message: `${name} is ${stateText(alert)} already` }
  }
  if (action.kind === 'acknowledge' && alert.state === 'acknowledged') {
    return { refused: 'acknowledged-already', message: `${name} is ${stateText(alert)} already` }
  }
  return undefined
}

function changed(alert: Alert, action: AlertTurn, signature: Signature): Alert {
  switch (action.kind) {
    case 'comment':
      return alert
    case 'acknowledge': {
      const { count, severity } = alert
      return { ...alert, state: 'acknowledged', acknowledged: { ...signature, count, severity } }
    }
    case 'resolve':
    case 'end':
      return { ...alert, state: 'resolved', resolution: action.reason, resolved: signature }
    case 'reopen': {
      const { resolution: _resolution, resolved: _resolved, ...rest } = alert
      return { ...rest, state: alert.acknowledged === undefined ? 'open' : 'acknowledged' }
    }
  }
}

/** `acknowledged by anna, 2026-11-20T09:00:00.000Z`. */
function stateText(alert: Alert): string {
  const signature = alert.state === 'resolved' ? alert.resolved : alert.acknowledged
  if (alert.state === 'open' || signature === undefined) return alert.state
  const reason = alert.state === 'resolved' && alert.resolution ? ` (${alert.resolution})` : ''
  return `${alert.state}${reason} by ${signature.by}, ${new Date(signature.at).toISOString()}`
}

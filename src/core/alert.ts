// Owns what an alert and a notification are. How detections become alerts: alert-group.ts.
import type { Severity } from './severity.ts'

/** Why a message goes out; the same word is in the message, the log and the metric. */
export type Reason =
  | 'first'
  | 'severity'
  | 'grown'
  | 'repeat'
  | 'escalation'
  /** Only for receivers that keep a state of their own: somebody takes care. */
  | 'acknowledged'
  | 'resolved'
  | 'withdrawn'
  | 'test'

export type AlertState = 'open' | 'acknowledged' | 'resolved'

export const RESOLUTIONS = [
  'manual',
  'false-positive',
  'returned',
  'superseded',
  'merged',
  'quiet',
] as const

/** Why an alert is over; only the first two are a person's. */
export type Resolution = (typeof RESOLUTIONS)[number]

/** Where a person acted. */
export const ORIGINS = ['console', 'cli', 'slack', 'api', 'system'] as const

export type Origin = (typeof ORIGINS)[number]

/** Who did something, when (ms), and from where. */
export type Signature = { readonly by: string; readonly from: Origin; readonly at: number }

/**
 * What people were told about an alert, kept with it, so that a decision and its record are one
 * transition. Times are of the wall clock, ms.
 */
export type Told = {
  readonly firstAt: number
  readonly lastAt: number
  /** Count and severity of the last notification. */
  readonly count: number
  readonly severity: Severity
  /** When each receiver was told last. */
  readonly receivers: Readonly<Record<string, number>>
  /** Notifications so far by reason: the next one's sequence. */
  readonly sequences: Readonly<Partial<Record<Reason, number>>>
  /** The longest `after` of an escalation that was told, ms. */
  readonly escalatedMs?: number
  /**
   * Receivers whose route was muted when others were told, or who were told that it is over: while
   * it is open, their turn comes.
   */
  readonly owed?: readonly string[]
}

/** A value of a fact as shown to people: bounded in size, still unescaped, so hostile. */
export type Field = { readonly name: string; readonly value: string }

/** What is kept of an event to show it in an alert. */
export type Evidence = {
  readonly id: string
  readonly time: number
  readonly fields: readonly Field[]
}

/** One node of the verdict tree of json-rules-engine: what was asked, what was found. */
export type Why = {
  readonly kind: 'all' | 'any' | 'not' | 'leaf'
  readonly verdict: boolean
  /** Name of the shared condition or the leaf, when it has one. */
  readonly name?: string
  readonly children?: readonly Why[]
  readonly fact?: string
  readonly path?: string
  readonly operator?: string
  /** JSON text of the expected and the found value, cut to WHY_VALUE_LENGTH_MAX. */
  readonly expected?: string
  readonly found?: string
}

export const WHY_VALUE_LENGTH_MAX = 300

/** The rule as it was when the alert was raised. */
export type AlertRule = {
  readonly id: string
  readonly title: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly references: readonly string[]
  readonly falsePositives: readonly string[]
  readonly runbook?: string
}

export type Alert = {
  /** Derived from rule, group and number: the same after a repeat. */
  readonly id: string
  /** Shown as A-1042. */
  readonly number: number
  readonly contract: string
  readonly rule: AlertRule
  readonly ruleSetVersion: string
  readonly severity: Severity
  readonly state: AlertState
  readonly resolution?: Resolution
  readonly title: string
  readonly summary?: string
  /** The values its detections share, by fact name. */
  readonly group: readonly Field[]
  /** Event times, ms. */
  readonly first: number
  readonly last: number
  /** Different evidence events; of a rule that counts values, different values. */
  readonly count: number
  /** There were more: its window had no room for all. */
  readonly atLeast?: boolean
  /** Texts of the facts that the rule's templates name, from the earliest evidence. */
  readonly values: Readonly<Record<string, string>>
  /** The rule's `alert.fields`, from the earliest evidence. */
  readonly fields: readonly Field[]
  /** The first and the latest evidence, EVIDENCE_MAX in all. */
  readonly evidence: readonly Evidence[]
  readonly why?: Why
  /** json-rules-engine and the compiled matcher disagreed: raised all the same. */
  readonly disputed?: boolean
  /** Older than the notify horizon at first start: nobody is told. */
  readonly historical?: boolean
  /** Its rule was staged when it last changed: nobody is told. */
  readonly staged?: boolean
  /** Who took it on, with count and severity as they saw them. */
  readonly acknowledged?: Signature & { readonly count: number; readonly severity: Severity }
  /** Who ended it; `system` for what ended by itself. */
  readonly resolved?: Signature
  /** Actions on it so far, comments too: whoever acts says which they had seen. */
  readonly revision?: number
  readonly told?: Told
  /** It resolves itself when nothing came for so long, ms. */
  readonly resolveAfterMs?: number
  /** When it wants to be looked at again (wall clock, ms): a reminder, an escalation, … */
  readonly lookAt?: number
  /** Id of the alert it goes on from: a person resolved that one while it was still growing. */
  readonly continues?: string
}

export const EVIDENCE_MAX = 20

/** One message to one receiver, with the alert as it was at the moment of the decision. */
export type Notification = {
  /** Deterministic: alert id, receiver, reason and sequence. */
  readonly id: string
  readonly receiver: string
  readonly reason: Reason
  /** 0 for the first notification of this reason, then 1, 2, … */
  readonly sequence: number
  /** When it was decided, ms. */
  readonly createdAt: number
  readonly alert: Alert
  /** An earlier try may have been accepted: the message says so. */
  readonly possibleRepeat?: boolean
}

/** `A-1042`. */
export function alertName(alert: Pick<Alert, 'number'>): string {
  return `A-${alert.number}`
}

// Owns what an alert and a notification are. How detections become alerts: alert-group.ts.
import type { Severity } from './severity.ts'

/** Why a message goes out; the same word is in the message, the log and the metric. */
export type Reason =
  | 'first'
  | 'severity'
  | 'grown'
  | 'repeat'
  | 'escalation'
  | 'resolved'
  | 'withdrawn'
  | 'test'

export type AlertState = 'open' | 'acknowledged' | 'resolved'

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
  readonly resolution?: 'manual' | 'false-positive' | 'returned' | 'superseded' | 'merged' | 'quiet'
  readonly title: string
  readonly summary?: string
  /** The values its detections share, by fact name. */
  readonly group: readonly Field[]
  /** Event times, ms. */
  readonly first: number
  readonly last: number
  /** Different evidence events. */
  readonly count: number
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

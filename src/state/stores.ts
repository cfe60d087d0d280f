// Owns the interfaces of everything that is remembered; redis and memory implement them alike.
import type { Alert, Notification } from '../core/alert.ts'
import type { TrailEntry } from '../core/alert-action.ts'
import type { CanaryState } from '../core/canary.ts'
import type { Silence } from '../core/silence.ts'
import type { EntryKey, Span } from './read-stores.ts'

export type {
  DueWindow,
  TimeReach,
  WindowAnswer,
  WindowMember,
  WindowQuestion,
  WindowShape,
  WindowStore,
} from './window-store.ts'

export type * from './read-stores.ts'

/** What could not be used, kept with its text and the reason. */
export type DeadLetter = {
  readonly reason: string
  readonly text: string
  readonly at: number
}

export type DeadLetterStore = {
  add(contract: string, letters: readonly DeadLetter[]): Promise<void>
  list(contract: string, limit: number): Promise<readonly DeadLetter[]>
  count(contract: string): Promise<number>
}

/** One alert group of one contract: its key, and the events that ask to be counted in it. */
export type GroupQuestion = {
  readonly key: string
  readonly events: readonly EntryKey[]
  /** How far around the events alerts matter, ms: the rule's `quiet`. */
  readonly reachMs: number
}

/** What is stored of a group: read it, derive, commit with the version it was read at. */
export type GroupAnswer = {
  readonly version: number
  /** For each event of the question whether it is counted already. */
  readonly known: readonly boolean[]
  /** Alerts that lie within reach of the events. */
  readonly alerts: readonly Alert[]
  /** Where people resolved alerts of the group, ms, ascending. */
  readonly cuts: readonly number[]
}

/** One transition of one group: happens wholly, or not at all when the version moved on. */
export type GroupCommit = {
  readonly key: string
  readonly version: number
  /** Now, ms: decides which alerts are past their retention. */
  readonly at: number
  readonly events: readonly EntryKey[]
  readonly alerts: readonly Alert[]
  readonly notifications: readonly Notification[]
  /** Detections of windows that go and come, as texts with the time of their last event. */
  readonly extents?: {
    readonly removed: readonly string[]
    readonly added: readonly { readonly last: number; readonly text: string }[]
  }
  /** Windows whose members before a time were sealed into extents: they go. */
  readonly trims?: readonly { readonly window: string; readonly belowMs: number }[]
}

export type CommitResult = 'committed' | 'conflict'

/** A notification that waits in the outbox; `place` names it there. */
export type OutboxItem = { readonly place: string; readonly notification: Notification }

/** Alerts, the events counted in them, and the outbox that is written in the same transition. */
export type AlertStore = {
  read(contract: string, questions: readonly GroupQuestion[]): Promise<readonly GroupAnswer[]>
  commit(contract: string, commits: readonly GroupCommit[]): Promise<readonly CommitResult[]>
  alert(contract: string, id: string): Promise<Alert | undefined>
  /** The latest alerts by last event, newest first. */
  latest(contract: string, limit: number): Promise<readonly Alert[]>
  /** What waits in the outbox, oldest first. */
  outbox(contract: string, limit: number): Promise<readonly OutboxItem[]>
  /** Takes out what is safely on the receivers' queues. */
  clearOutbox(contract: string, places: readonly string[]): Promise<void>
}

/** Where an alert is kept: its group's key and its id. */
export type AlertPlace = { readonly group: string; readonly id: string }

/** The alerts of a group, the latest last, and the version a change of them must name. */
export type GroupState = { readonly version: number; readonly alerts: readonly Alert[] }

/** One transition of alerts that exist or open without an event; as GroupCommit, with a trail. */
export type GroupChange = {
  readonly group: string
  readonly version: number
  readonly alerts: readonly Alert[]
  /** Lines that audit trails get. */
  readonly trail: readonly { readonly alertId: string; readonly entry: TrailEntry }[]
  readonly notifications: readonly Notification[]
}

/** What people, and time, do to alerts. Same alerts and same versions as AlertStore's. */
export type AlertActionStore = {
  /** The latest alerts of a group, and the one with this id however old it is. */
  group(contract: string, group: string, id?: string): Promise<GroupState>
  change(contract: string, change: GroupChange): Promise<CommitResult>
  /** Where the alert with a number is. */
  find(contract: string, number: number): Promise<AlertPlace | undefined>
  /** Alerts that are not resolved, those to be looked at soonest first. */
  open(contract: string, limit: number): Promise<readonly Alert[]>
  /** Those whose `lookAt` has come. */
  due(contract: string, now: number, limit: number): Promise<readonly AlertPlace[]>
  /** Takes places out of the index that no alert is at any more. */
  forget(contract: string, places: readonly AlertPlace[]): Promise<void>
  /** Makes all that are not resolved due: something changed that concerns them all. */
  touch(contract: string, now: number): Promise<void>
  /** The audit trail, oldest first. */
  trail(contract: string, alertId: string): Promise<readonly TrailEntry[]>
}

export type SilenceStore = {
  /** All that are remembered, also those that ended in the last days; the newest first. */
  list(): Promise<readonly Silence[]>
  /** Adds one unless there are too many. */
  add(silence: Silence, now: number): Promise<'added' | 'too-many'>
  /** Ends it now; undefined when there is none that has not ended. */
  expire(id: string, by: string, now: number): Promise<Silence | undefined>
  /** Up to when ends of silences were acted upon, ms; 0 for never. */
  endsHandled(): Promise<number>
  handleEnds(until: number): Promise<void>
}

/** What only one process at a time does. */
export type LeaseStore = {
  /** Takes or keeps the lease for `forMs`; false when somebody else has it. */
  hold(name: string, owner: string, forMs: number): Promise<boolean>
  /** Gives it back, if it is ours. */
  release(name: string, owner: string): Promise<void>
}

/** Which canaries were sent and which arrived; times are ms. */
export type CanaryStore = {
  /** Notes that one is sent: it is waited for, unless an older one is already. */
  send(at: number): Promise<void>
  /** Notes that the one sent then has arrived: it and older ones are waited for no more. */
  receive(sentAt: number): Promise<void>
  state(): Promise<CanaryState>
}

/** Hands out alert numbers; gaps are fine, repeats are not. */
export type NumberStore = {
  take(count: number): Promise<readonly number[]>
  /** Numbers that no alert got. */
  giveBack(numbers: readonly number[]): void
}

/** Contracts that have state here: whoever recovers after a crash looks at each. */
export type ContractStore = {
  add(contract: string): Promise<void>
  list(): Promise<readonly string[]>
}

/** What a rule did in some span of time. */
export type RuleCounts = {
  readonly matches: number
  readonly detections: number
  /** Alerts it opened. */
  readonly alerts: number
  /** Matches that count for no detection, by reason: `no-group`, `late`, `clock`, … */
  readonly notCounted: Readonly<Record<string, number>>
  /** What its conditions took if they were asked about every event, µs; estimated from a sample. */
  readonly micros: number
  /** When an evaluator last found a match, ms. */
  readonly lastMatchAt: number | undefined
}

export type RuleStats = {
  /** Events that were judged. */
  readonly events: number
  /** By rule id; a rule that did nothing is missing. */
  readonly rules: ReadonlyMap<string, RuleCounts>
}

/** Statistics by the hour, of all evaluators together: good to look at, nothing rests on them. */
export type RuleStatsStore = {
  /** Adds what happened up to now; not idempotent. */
  add(at: number, stats: RuleStats): Promise<void>
  /** The sum of the hours that the span touches, at most eight days. */
  read(span: Span): Promise<RuleStats>
}

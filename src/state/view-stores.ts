// Owns the interfaces of what is kept and told only for people to look at: pages of alerts, news of
// changes, events. No alert rests on any of it.
import type { Alert } from '../core/alert.ts'

/** Where a page of alerts goes on: after this one. */
export type AlertPlaceInTime = { readonly last: number; readonly place: string }

/** Alerts by their last event, the newest first; those of one moment by their place, last first. */
export type AlertPageStore = {
  /** Alerts whose last event is at `to` (ms) or earlier and comes after `after`; down to `from`. */
  page(
    contract: string,
    question: {
      readonly from: number
      readonly to: number
      readonly after?: AlertPlaceInTime | undefined
      readonly limit: number
    },
  ): Promise<readonly (AlertPlaceInTime & { readonly alert: Alert })[]>
}

/** That alerts changed: a hint for pages that are open, nothing rests on it. */
export type AlertNews = { readonly contract: string; readonly ids: readonly string[] }

export type AlertNewsStore = {
  /** Never throws: news that get lost are old ones. */
  publish(news: AlertNews): void
  /** Returns what ends it. */
  subscribe(listener: (news: AlertNews) => void): () => void
}

/** An entry as it was read, kept for a while so that people can look at it and try rules on it. */
export type StoredEvent = {
  readonly id: string
  readonly time: number
  readonly readAt: number
  /** Ids of the rules it matched; empty in the sample of others. */
  readonly rules: readonly string[]
  readonly entry: unknown
}

/** The latest events that matched a rule, and a sample of others; what is old or too much goes. */
export type EventStore = {
  /** Recording an event again changes nothing but its rules. */
  record(contract: string, events: readonly StoredEvent[], now: number): Promise<void>
  /** The latest ones, newest first, down to `from` (ms). */
  latest(
    contract: string,
    question: { readonly from: number; readonly limit: number; readonly offset?: number },
  ): Promise<readonly StoredEvent[]>
  /** Those that are still there. */
  find(contract: string, ids: readonly string[]): Promise<readonly StoredEvent[]>
}

/** Since when rules have been staged, and the last week of which rule health was told. */
export type StagedStore = {
  /** All that are staged now: new ones since `at` (ms), others are forgotten. */
  note(ids: readonly string[], at: number): Promise<void>
  /** By id of the rule, ms. */
  since(): Promise<ReadonlyMap<string, number>>
  /** The number of the week; undefined: of none so far. */
  toldWeek(): Promise<number | undefined>
  setToldWeek(week: number): Promise<void>
}

// Owns what a thread that judges entries is told, and what it answers. Everything here can be
// handed from one thread to another.
import type { Week } from '../core/schedule.ts'
import type { EnrichmentSources } from '../enrich/sources.ts'
import type { RuleFiles } from '../ruleset-files.ts'

/** A schedule in the form that crosses threads. */
export type ScheduleText = {
  readonly name: string
  readonly timezone: string
  readonly week: Week
}

/** How entries are read as events. */
export type Reading = {
  readonly timezone: string
  /** The contract that was polled; undefined takes the one an entry states. */
  readonly contract: string | undefined
  /** The time of entries that tell none, ms. */
  readonly readTimeMs: number
  /** Where a log that is not IONOS's keeps its time and id: paths that were checked. */
  readonly timeField: string | undefined
  readonly idField: string | undefined
}

/**
 * `match` prints what matches; `backtest` gathers what alerts are made of, for one rule set or, to
 * compare, two.
 */
export type Task = {
  readonly kind: 'match' | 'backtest'
  readonly ruleFiles: readonly RuleFiles[]
  readonly schedules: readonly ScheduleText[]
  readonly reading: Reading
  /** Data about addresses; undefined when no rule asks where one lies. */
  readonly enrich: EnrichmentSources | undefined
}

/** A line that holds no entry. */
export type BadLine = { readonly line: number; readonly problem: string }

/** What every answer about a block says of its lines. */
export type LineTally = {
  readonly entries: number
  readonly badCount: number
  /** The first of them. */
  readonly bad: readonly BadLine[]
}

export type MatchAnswer = LineTally & {
  readonly matched: number
  /** The lines to print. */
  readonly output: string
}

/** An alert group, told the first time a thread meets it. */
export type GroupText = {
  /** 64 bits of a hash of contract, rule, and values. */
  readonly high: number
  readonly low: number
  readonly rule: string
  readonly contract: string
  /** Fact names and their values as shown. */
  readonly values: readonly (readonly [name: string, value: string | number | boolean])[]
}

/** Numbers per match in `BacktestAnswer.matches`. */
export const MATCH_WORDS = 4

export type BacktestAnswer = LineTally & {
  /** Entries without a time that can be read. */
  readonly undated: number
  /** 64 bits of a hash of each event's id: high, low, high, low, … */
  readonly ids: Uint32Array<ArrayBuffer>
  /** The events' times, ms. */
  readonly times: Float64Array<ArrayBuffer>
  /** Per match: place of the event, number of the rule set, high and low of the group. */
  readonly matches: Uint32Array<ArrayBuffer>
  readonly groups: readonly GroupText[]
}

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
  /** A random number of 32 bits by which entries without an id are told apart. */
  readonly hashSeed: number
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
  /** A hash of contract, rule, and values. */
  readonly high: number
  readonly low: number
  readonly rule: string
  readonly contract: string
  /** Fact names and their values as shown. */
  readonly values: readonly (readonly [name: string, value: string | number | boolean])[]
}

/** 64 bits of a hash. */
export type Hash = { readonly high: number; readonly low: number }

/** A window of a rule with `detect`, told the first time a thread meets it. */
export type WindowText = Hash & {
  readonly rule: string
  /** Its alert group; undefined for what matches and is in no window. */
  readonly group: Hash | undefined
  /** Whether it is for want of a value that those are in no window. */
  readonly isLack: boolean
}

/** Numbers per match in `BacktestAnswer.matches`. */
export const MATCH_WORDS = 4

/** Numbers per member in `BacktestAnswer.members`. */
export const MEMBER_WORDS = 7

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
  /**
   * Per match of a rule with `detect`: place of the event, number of the rule set, high and low of
   * the window, and what its kind remembers of it (core/detection/member.ts): a value as high and
   * low of its hash and then -1 (0: it has none); steps; latitude, longitude and then 1 + the place
   * of the event's id in `memberIds`.
   */
  readonly members: Float64Array<ArrayBuffer>
  readonly memberIds: readonly string[]
  readonly windows: readonly WindowText[]
}

// Owns which rules match an event: candidates from the index, their conditions, their exceptions.
import { type Check, type CompileContext, createCompiler } from './compile.ts'
import type { Condition } from './condition.ts'
import type { Event } from './event.ts'
import { beginTurn, createFrame, fillFrame } from './frame.ts'
import { buildIndex, type RuleIndex } from './rule-index.ts'

export type MatchableException = {
  readonly name: string
  readonly conditions: Condition
  /** The last day it holds (`2027-06-30`), by the event's `date`. */
  readonly expires?: string
}

export type MatchableRule = {
  readonly id: string
  readonly conditions: Condition
  readonly exceptions: readonly MatchableException[]
}

export type MatchOptions = {
  /** False: every rule is asked about every event. The matches are the same. */
  readonly index?: boolean
}

export type Matcher<R extends MatchableRule> = {
  /** The rules that match, in the order they were given; exceptions are applied. */
  match(event: Event): readonly R[]
  /** Whether one of the matcher's rules matches; rules it does not know never do. */
  matchOne(rule: R, event: Event): boolean
  /** Asks some of the rules one by one and adds what each took. The verdicts are not told. */
  time(event: Event, sample: TimingSample): void
  /** Rules without a witness: each of them is asked about every event. */
  readonly unindexed: number
}

/** Which rules to time: `count` of them from the place `from` on, round and round. */
export type TimingSample = {
  readonly from: number
  readonly count: number
  /** A clock of any unit. */
  readonly now: () => number
  /** By place: what the rule took is added. */
  readonly spent: Float64Array
}

type CompiledException = { readonly check: Check; readonly expires: string | undefined }

/**
 * Compiles rules so that one event is asked about few of them. The conditions must have been parsed
 * without error, and every shared condition they name must be there, without circles. Synchronous,
 * and not for two events at once: the state of the event under way is kept in the matcher.
 */
export function createMatcher<R extends MatchableRule>(
  rules: readonly R[],
  context: CompileContext,
  { index: indexed = true }: MatchOptions = {},
): Matcher<R> {
  const conditions = rules.map((rule) => rule.conditions)
  const compiler = createCompiler(context)
  const frame = createFrame()
  const checks = rules.map((rule) => compiler.compile(rule.conditions))
  const exceptions = rules.map((rule) =>
    rule.exceptions.map(({ conditions, expires }): CompiledException => {
      return { check: compiler.compile(conditions), expires }
    }),
  )
  const numbers = new Map(rules.map((rule, number) => [rule, number] as const))
  const index = indexed ? buildIndex(conditions, compiler, context) : askAll(checks)
  const none: readonly R[] = []

  function isExcepted(event: Event, number: number): boolean {
    const list = exceptions[number] ?? []
    return list.some(({ check, expires }) => !hasExpired(expires, event) && check(frame))
  }

  return {
    unindexed: index.unindexed,
    match(event) {
      fillFrame(frame, event)
      const count = index.run(frame)
      if (count === 0) return none
      const matched: R[] = []
      for (let place = 0; place < count; place += 1) {
        const number = index.found[place] ?? 0
        const rule = rules[number]
        if (rule !== undefined && !isExcepted(event, number)) matched.push(rule)
      }
      return matched.length === 0 ? none : matched
    },
    matchOne(rule, event) {
      const number = numbers.get(rule)
      if (number === undefined) return false
      fillFrame(frame, event)
      return checks[number]?.(frame) === true && !isExcepted(event, number)
    },
    time(event, { from, count, now, spent }) {
      fillFrame(frame, event)
      let before = now()
      for (let step = 0; step < count; step += 1) {
        const number = (from + step) % rules.length
        // What one rule worked out would be free for the next one.
        beginTurn(frame)
        if (checks[number]?.(frame)) isExcepted(event, number)
        const after = now()
        spent[number] = (spent[number] ?? 0) + after - before
        before = after
      }
    },
  }
}

/** No index: for tests that compare. */
function askAll(checks: readonly Check[]): RuleIndex {
  const found = new Int32Array(checks.length)
  return {
    unindexed: checks.length,
    found,
    run(frame) {
      const holding = checks.flatMap((check, number) => (check(frame) ? [number] : []))
      found.set(holding)
      return holding.length
    },
  }
}

/** By the event's own day; an event without a time has none that could be too late. */
export function hasExpired(expires: string | undefined, event: Event): boolean {
  return expires !== undefined && event.date !== undefined && event.date > expires
}

// Owns which rules match an event: candidates from the index, their conditions, their exceptions.
import { type Check, type CompileContext, createCompiler } from './compile.ts'
import type { Condition } from './condition.ts'
import type { Event } from './event.ts'
import { createFrame, fillFrame, turnOf } from './frame.ts'
import { buildIndex, type Entry } from './rule-index.ts'
import { findWitnesses } from './witness.ts'

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
  /** Rules without a witness: each of them is asked about every event. */
  readonly unindexed: number
}

type CompiledException = { readonly check: Check; readonly expires: string | undefined }

type CompiledRule<R> = {
  readonly rule: R
  readonly check: Check
  readonly exceptions: readonly CompiledException[]
}

/**
 * Compiles rules so that one event is asked about few of them. The conditions must have been parsed
 * without error, and every shared condition they name must be there, without circles. Not for two
 * events at once: `match` is synchronous and keeps its state between calls.
 */
export function createMatcher<R extends MatchableRule>(
  rules: readonly R[],
  context: CompileContext,
  { index: indexed = true }: MatchOptions = {},
): Matcher<R> {
  const compiler = createCompiler(context)
  const frame = createFrame()
  const compiled = rules.map((rule): CompiledRule<R> => {
    const exceptions = rule.exceptions.map(({ conditions, expires }) => {
      return { check: compiler.compile(conditions), expires }
    })
    return { rule, check: compiler.compile(rule.conditions), exceptions }
  })
  const numbers = new Map(rules.map((rule, number) => [rule, number] as const))
  const checks = compiled.map(({ check }) => check)
  const index = buildIndex(indexed ? entriesOf(rules, context) : everyRule(rules))
  /** The turn in which a rule was last asked: one can be a candidate in several ways. */
  const asked = new Float64Array(rules.length)
  const found: number[] = []
  const none: readonly R[] = []
  let turn = 0

  function ask(number: number): void {
    if (asked[number] === turn) return
    asked[number] = turn
    if (checks[number]?.(frame)) found.push(number)
  }

  function isExcepted(event: Event, exceptions: readonly CompiledException[]): boolean {
    return exceptions.some(({ check, expires }) => !hasExpired(expires, event) && check(frame))
  }

  return {
    unindexed: index.always,
    match(event) {
      fillFrame(frame, event)
      turn = turnOf(frame)
      found.length = 0
      index.visit(frame, ask)
      if (found.length === 0) return none
      if (found.length > 1) found.sort((a, b) => a - b)
      const matched: R[] = []
      for (const number of found) {
        const entry = compiled[number]
        if (entry && !isExcepted(event, entry.exceptions)) matched.push(entry.rule)
      }
      return matched.length === 0 ? none : matched
    },
    matchOne(rule, event) {
      const entry = compiled[numbers.get(rule) ?? -1]
      if (entry === undefined) return false
      fillFrame(frame, event)
      return entry.check(frame) && !isExcepted(event, entry.exceptions)
    },
  }
}

function entriesOf(rules: readonly MatchableRule[], context: CompileContext): readonly Entry[] {
  return rules.flatMap(({ conditions }, rule) =>
    findWitnesses(conditions, context).map((witnesses): Entry => ({ rule, witnesses })),
  )
}

function everyRule(rules: readonly MatchableRule[]): readonly Entry[] {
  return rules.map((_, rule): Entry => ({ rule, witnesses: [] }))
}

/** By the event's own day; an event without a time has none that could be too late. */
export function hasExpired(expires: string | undefined, event: Event): boolean {
  return expires !== undefined && event.date !== undefined && event.date > expires
}

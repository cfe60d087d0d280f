// Owns decisions about windows of event time: which to read next and how to cut them. Pure.
import type { Span } from '../state/stores.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A crash repeats at most one window: short enough to repeat, long enough to catch up quickly. */
export const WINDOW_MS_MAX = HOUR_MS

/** The API knows whole seconds only. */
export function floorSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS
}

export function ceilSecond(ms: number): number {
  return Math.ceil(ms / SECOND_MS) * SECOND_MS
}

/** `2026-11-20T09:00:00Z`, the one documented form. */
export function formatTime(ms: number): string {
  return `${new Date(floorSecond(ms)).toISOString().slice(0, 19)}Z`
}

/** `2026-11-20 09:00:00–10:00:00`, with the second date only when it is another one. */
export function formatWindow(window: Span): string {
  const [fromDate, fromTime] = splitTime(window.from)
  const [toDate, toTime] = splitTime(window.to)
  return `${fromDate} ${fromTime}–${toDate === fromDate ? '' : `${toDate} `}${toTime}`
}

function splitTime(ms: number): readonly [string, string] {
  const text = formatTime(ms)
  return [text.slice(0, 10), text.slice(11, 19)]
}

export type HotPlan = {
  readonly markMs: number
  readonly nowMs: number
  readonly overlapMs: number
}

/**
 * What a hot read has to cover: from a little before the mark up to now, whole seconds. The
 * second that still runs is left to the next read. Undefined when there is nothing yet.
 */
export function hotSpan(plan: HotPlan): Span | undefined {
  const from = floorSecond(plan.markMs - plan.overlapMs)
  const to = floorSecond(plan.nowMs)
  return to > from ? { from, to } : undefined
}

export type SweepPlan = {
  readonly markMs: number
  readonly nowMs: number
  readonly reachMs: number
  /** Where reading began: before it nothing was promised. */
  readonly sinceMs: number
}

/** What a sweep reads again: the last `reachMs`, but nothing the hot reads haven't reached. */
export function sweepSpan(plan: SweepPlan): Span | undefined {
  const from = floorSecond(Math.max(plan.nowMs - plan.reachMs, plan.sinceMs))
  const to = floorSecond(Math.min(plan.nowMs, plan.markMs))
  return to > from ? { from, to } : undefined
}

/** Cuts a span into pieces of at most `widthMs`, oldest first, without gap or overlap. */
export function* splitSpan(span: Span, widthMs: number = WINDOW_MS_MAX): Generator<Span> {
  for (let from = span.from; from < span.to; from += widthMs) {
    yield { from, to: Math.min(from + widthMs, span.to) }
  }
}

/**
 * Cuts a span of more than an hour where hours begin, oldest first: a sweep then proves whole hours
 * of the ledger.
 */
export function splitAtHours(span: Span): readonly Span[] {
  if (span.to - span.from <= WINDOW_MS_MAX) return [span]
  const first = Math.min(span.to, (Math.floor(span.from / HOUR_MS) + 1) * HOUR_MS)
  return [{ from: span.from, to: first }, ...splitSpan({ from: first, to: span.to })]
}

/** Two halves, older first, cut at a whole second; undefined when only one second is left. */
export function halve(window: Span): readonly [Span, Span] | undefined {
  const middle = floorSecond(window.from + (window.to - window.from) / 2)
  if (middle <= window.from || middle >= window.to) return undefined
  return [
    { from: window.from, to: middle },
    { from: middle, to: window.to },
  ]
}

/** What is left of a span without the holes, oldest first. */
export function subtractSpans(span: Span, holes: readonly Span[]): readonly Span[] {
  let rest: readonly Span[] = [span]
  for (const hole of holes) {
    rest = rest.flatMap((piece) => {
      if (hole.to <= piece.from || hole.from >= piece.to) return [piece]
      const before = { from: piece.from, to: hole.from }
      const after = { from: hole.to, to: piece.to }
      return [before, after].filter(({ from, to }) => from < to)
    })
  }
  return rest
}

/** Below this a wider window costs no more requests; above it a crash or a cut costs many. */
const HITS_FEW = 200
const HITS_MANY = 2_000

/**
 * How wide the next window of a download should be, from how many hits the last one had: long
 * quiet spans take few requests, busy ones stay in pieces that are quickly repeated.
 */
export function nextWidth(widthMs: number, hits: number): number {
  if (hits < HITS_FEW) return Math.min(widthMs * 2, DAY_MS)
  if (hits > HITS_MANY) return Math.max(floorSecond(widthMs / 2), SECOND_MS)
  return widthMs
}

/**
 * Cuts a window at whole seconds so that each part holds at most `rowsMax` of the given times (ms),
 * or is one second. The parts cover the window without gaps, oldest first.
 */
export function splitByTimes(
  window: Span,
  times: readonly number[],
  rowsMax: number,
): readonly Span[] {
  const counts = new Map<number, number>()
  for (const time of times) {
    const second = floorSecond(time)
    if (second >= window.from && second < window.to) {
      counts.set(second, (counts.get(second) ?? 0) + 1)
    }
  }
  const parts: Span[] = []
  let from = window.from
  let rows = 0
  for (const [second, count] of [...counts].sort(([left], [right]) => left - right)) {
    if (rows > 0 && rows + count > rowsMax && second > from) {
      parts.push({ from, to: second })
      from = second
      rows = 0
    }
    rows += count
  }
  return [...parts, { from, to: window.to }]
}

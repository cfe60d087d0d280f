// Owns where a contract stands in time when a batch is judged: the mark, the gaps, what is too late.
import type { Clock } from '../core/clock.ts'
import type { Match } from '../detect.ts'
import type { TimeLimits } from '../detect-windows.ts'
import type { MarkStore, WindowStore } from '../state/stores.ts'
import type { DetectionTime } from './window-question.ts'

/** What the configuration says about detection over time. */
export type DetectionSettings = {
  readonly latenessMs: number
  readonly settleMs: number
  readonly membersMax: number
  /** Alerts of a contract that ended before it are history; undefined: none is. */
  readonly liveFrom?: (contract: string) => Promise<number | undefined>
}

export type TimeParts = {
  readonly detection: DetectionSettings
  readonly marks: MarkStore
  readonly windows: Pick<WindowStore, 'nextDue'>
  readonly clock: Clock
}

/** Event times further ahead come from a clock that is wrong. */
export const AHEAD_MS_MAX = 3_600_000

/** Gaps are read in one go for all that a batch may ask about. */
const HOUR_MS = 3_600_000

/** For a batch of matches of rules with `detect`. */
export async function timeOf(
  contract: string,
  parts: TimeParts,
  matches: readonly Match[],
): Promise<{ readonly time: DetectionTime; readonly limits: TimeLimits }> {
  const { detection, clock } = parts
  // Asked at once: one round trip.
  const [markMs, dueMs] = await Promise.all([
    parts.marks.evaluated(contract),
    parts.windows.nextDue(contract),
  ])
  const silent = matches.filter(({ rule }) => rule.detect?.kind === 'absence')
  const times = silent.flatMap(({ event }) => event.time ?? [])
  const gaps = await gapsAround(contract, parts, { times, markMs })
  const fromMs = markMs === undefined ? -Infinity : markMs - detection.latenessMs
  return {
    time: { ...detection, markMs, floorMarkMs: floorMark(markMs, dueMs, detection.settleMs), gaps },
    limits: { fromMs, toMs: clock.now() + AHEAD_MS_MAX },
  }
}

/**
 * The mark that windows may forget by. The mark may leap, by weeks when history is read: what waits
 * for it stays until it was looked at.
 */
export function floorMark(
  markMs: number | undefined,
  dueMs: number | undefined,
  settleMs: number,
): number | undefined {
  if (markMs === undefined || dueMs === undefined) return markMs
  return Math.min(markMs, dueMs - settleMs)
}

/** Gaps that silences behind these times may meet: those up to the mark. */
export async function gapsAround(
  contract: string,
  { marks }: TimeParts,
  { times, markMs }: { readonly times: readonly number[]; readonly markMs: number | undefined },
): Promise<DetectionTime['gaps']> {
  if (times.length === 0 || markMs === undefined) return []
  const from = Math.min(...times) - HOUR_MS
  return from >= markMs ? [] : await marks.gaps(contract, { from, to: markMs + HOUR_MS })
}

// Owns where a contract stands in time when a batch is judged: the mark, the gaps, what is too late.
import type { Clock } from '../core/clock.ts'
import type { Match } from '../detect.ts'
import type { TimeLimits } from '../detect-windows.ts'
import type { MarkStore } from '../state/stores.ts'
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
  const markMs = await parts.marks.evaluated(contract)
  const silent = matches.filter(({ rule }) => rule.detect?.kind === 'absence')
  const times = silent.flatMap(({ event }) => event.time ?? [])
  const gaps = await gapsAround(contract, parts, { times, markMs })
  const fromMs = markMs === undefined ? -Infinity : markMs - detection.latenessMs
  return {
    time: { ...detection, markMs, gaps },
    limits: { fromMs, toMs: clock.now() + AHEAD_MS_MAX },
  }
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

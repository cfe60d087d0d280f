// Owns spans of time as people write them in rules and configuration. Not points in time:
// calendar.ts.

/** Largest first. */
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
])

const SECOND_MS = 1_000

/** Ten years: a longer span is a typing error, and would outlive every log. */
export const DURATION_MS_MAX = 3_653 * 86_400_000

/**
 * Milliseconds of `30s`, `10m`, `2h`, `7d`, `1w`: a whole number above zero and one unit, no
 * spaces, no sign, no leading zero. Undefined for anything else, also above `DURATION_MS_MAX`.
 */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const match = /^([1-9]\d{0,8})([smhdw])$/.exec(text)
  if (match === null) return undefined
  const durationMs = Number(match[1]) * (UNITS_MS.get(match[2] ?? '') ?? Number.NaN)
  return durationMs <= DURATION_MS_MAX ? durationMs : undefined
}

/**
 * A duration in the largest unit that says it exactly (`90s`, `2h`, `1w`), so that reading it back
 * gives the same; rounded to whole seconds, but in `ms` below one second.
 */
export function formatDuration(durationMs: number): string {
  if (durationMs > 0 && durationMs < SECOND_MS) return `${Math.round(durationMs)}ms`
  const wholeMs = Math.round(durationMs / SECOND_MS) * SECOND_MS
  if (wholeMs === 0) return '0s'
  for (const [unit, unitMs] of UNITS_MS) {
    if (wholeMs % unitMs === 0) return `${wholeMs / unitMs}${unit}`
  }
  return `${wholeMs / SECOND_MS}s`
}

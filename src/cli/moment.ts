// Owns points in time as people write them on a command line.
import { parseDuration } from '../core/duration.ts'
import { parseTime } from '../core/entry-time.ts'

/** What `parseMoment` takes, for messages. */
export const MOMENT_FORMS = 'expected 2026-11-20, 2026-11-20T09:00:00Z, 24h (ago) or now'

/**
 * Milliseconds of a date (its midnight in UTC), a time (UTC without a zone), `now`, or a duration,
 * which means so long ago. Undefined for anything else.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs
  const ago = parseDuration(text)
  return ago === undefined ? parseTime(text.replace(' ', 'T')) : nowMs - ago
}

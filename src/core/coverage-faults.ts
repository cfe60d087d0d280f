// Owns why a span is not known to be covered, in words; the command and the API say the same. The sums
// are coverage.ts'.
import type { Coverage, Span } from './coverage.ts'
import { formatDuration } from './duration.ts'

/** A mark so far behind is late; less is the way of any log that is polled. */
const LAG_MS_MAX = 300_000
const MINUTE_MS = 60_000

/** Why not everything of the span is known to be evaluated, each in a few words; empty: it is. */
export function coverageFaults(found: Coverage, asked: Span): readonly string[] {
  const { since, evaluatedMark, gaps, poisoned } = found
  const faults: string[] = []
  if (since === undefined || evaluatedMark === undefined) return ['nothing was read']
  if (since > asked.from) faults.push(`reading began only ${formatMinute(since)}`)
  const behind = asked.to - evaluatedMark
  if (behind > LAG_MS_MAX) {
    const short = formatDuration(Math.floor(behind / MINUTE_MS) * MINUTE_MS)
    faults.push(`evaluated only to ${formatMinute(evaluatedMark)}, ${short} short`)
  }
  if (gaps.length > 0) faults.push(`${gaps.length} gap${gaps.length === 1 ? '' : 's'}`)
  if (poisoned > 0) faults.push(`${poisoned} entries that could not be evaluated`)
  return faults
}

function formatMinute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

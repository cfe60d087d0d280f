// Owns absences: groups that were heard and then not for `within`, while the log itself was read.
import type { Detect } from '../rule-detect.ts'
import { type DeriveContext, type Extent, silenceMark } from './extent.ts'
import type { Member } from './member.ts'

export type Absence = Extract<Detect, { kind: 'absence' }>

/**
 * A point `within` after each event that no other follows in between, once the mark has passed it
 * and if nothing of that time is missing. Members in order; O(n) and a look at each gap.
 */
export function deriveAbsence(
  { withinMs }: Absence,
  members: readonly Member[],
  context: DeriveContext,
): readonly Extent[] {
  const mark = silenceMark(context)
  return silencesOf(members, withinMs).flatMap((time) => {
    const end = time + withinMs
    const isBlind = context.gaps.some((gap) => gap.to > time && gap.from <= end)
    return end <= mark && !isBlind ? [{ first: end, last: end, evidence: [] }] : []
  })
}

/**
 * Events whose silence is not over yet. Gaps don't matter: one may be read after all before then.
 */
export function pendingAbsences(
  { withinMs }: Absence,
  members: readonly Member[],
  context: DeriveContext,
): readonly number[] {
  const mark = silenceMark(context)
  return silencesOf(members, withinMs).filter((time) => time + withinMs > mark)
}

/** Times of events behind which, as far as members tell, comes nothing for `withinMs`. */
function silencesOf(members: readonly Member[], withinMs: number): readonly number[] {
  const times: number[] = []
  for (const [at, { time }] of members.entries()) {
    const next = members[at + 1]?.time ?? Infinity
    // Of events at the same time the last one speaks for all.
    if (next > time && next - time > withinMs) times.push(time)
  }
  return times
}

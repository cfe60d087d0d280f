// Owns first sightings: the sessions of each value of a group, and which of them begin with something new.
import type { Detect } from '../rule-detect.ts'
import { type DeriveContext, type Extent, groupFirstOf } from './extent.ts'
import { type Member, orderMembers } from './member.ts'

export type FirstSeen = Extract<Detect, { kind: 'firstSeen' }>

/**
 * Each session of a value (sightings at most `history` apart) whose start lies at least `learn`
 * after the group's first event: the start. Members in order, plain or condensed; O(n).
 */
export function deriveFirstSeen(
  detect: FirstSeen,
  members: readonly Member[],
  context: DeriveContext,
): readonly Extent[] {
  const sessions = sessionsOf(detect, members)
  // The earliest session begins with the first event.
  const groupFirst = groupFirstOf(
    sessions.map(({ start }) => start),
    context,
  )
  return sessions.flatMap(({ start }) =>
    groupFirst <= start.time - detect.learnMs
      ? [{ first: start.time, last: start.time, evidence: [plain(start)] }]
      : [],
  )
}

/**
 * Members that say the same with fewer words: one for each session, its start, with `until`, its
 * end. Nothing is lost: what lies inside a session never begins another one, whatever comes. So
 * condensing condensed members together with new ones gives what condensing all of them would.
 */
export function condenseFirstSeen(
  detect: FirstSeen,
  members: readonly Member[],
): readonly Member[] {
  return sessionsOf(detect, orderMembers(members)).map(({ start, end }) => {
    return end === start.time ? plain(start) : { ...start, until: end }
  })
}

type Session = { readonly start: Member; end: number }

/** In order of their starts; of two sightings at the same time the lower id is the start. */
function sessionsOf({ historyMs }: FirstSeen, members: readonly Member[]): readonly Session[] {
  const sessions: Session[] = []
  const latest = new Map<string, Session>()
  for (const member of members) {
    if (member.value === undefined) continue
    const end = member.until ?? member.time
    const session = latest.get(member.value)
    if (session !== undefined && member.time - session.end <= historyMs) {
      session.end = Math.max(session.end, end)
      continue
    }
    const opened = { start: member, end }
    latest.set(member.value, opened)
    sessions.push(opened)
  }
  return sessions
}

function plain(member: Member): Member {
  if (member.until === undefined) return member
  const { until: _, ...rest } = member
  return rest
}

// Owns sessions of values in memory: sightings at most so far apart. What they mean: core/detection.
import type { WindowMember } from './stores.ts'

type Session = { readonly start: number; end: number; readonly text: string }

/** The sessions of each value, in order. */
export type Sessions = Map<string, readonly Session[]>

/**
 * A sighting begins a session, joins one, or joins two; of two at one time the lower id is the start.
 * Returns whether what was the start of one is none any more.
 */
export function addSighting(sessions: Sessions, member: WindowMember, unitMs: number): boolean {
  const { time, text, value = '' } = member
  const known = sessions.get(value) ?? []
  if (known.some(({ start, end }) => start < time && time <= end)) return false
  const sorted = [...known.map((one) => ({ ...one })), { start: time, end: time, text }].sort(
    (a, b) => a.start - b.start || (idOf(a) < idOf(b) ? -1 : 1),
  )
  const joined: Session[] = []
  for (const session of sorted) {
    const open = joined.at(-1)
    if (open !== undefined && session.start - open.end <= unitMs) {
      open.end = Math.max(open.end, session.end)
    } else joined.push(session)
  }
  sessions.set(value, joined)
  return known.some((one) => !joined.some((session) => session.text === one.text))
}

function idOf({ text }: Session): string {
  return text.split(' ', 1)[0] ?? ''
}

/** Sessions of the members' values, or all: each as the member that begins it. */
export function listSessions(
  sessions: Sessions,
  members?: readonly WindowMember[],
): readonly WindowMember[] {
  const values = members === undefined ? sessions.keys() : members.map(({ value = '' }) => value)
  return [...new Set(values)].flatMap((value) =>
    (sessions.get(value) ?? []).map(({ start, end, text }) => {
      return { time: start, text, value, untilMs: end }
    }),
  )
}

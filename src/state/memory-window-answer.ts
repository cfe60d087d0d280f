// Owns what a window in memory answers: its members around a question, and the alerts and detections of its group
// that they may change. It changes nothing.
import type { Alert } from '../core/alert.ts'
import { isStanding } from '../core/alert-group.ts'
import { indexAfter } from '../core/detection/member.ts'
import type { MemoryGroup } from './memory-alert-state.ts'
import { extentsIn, type Found, type Window } from './memory-window.ts'
import { listSessions } from './memory-sessions.ts'
import type { TimeReach, WindowAnswer, WindowMember, WindowQuestion } from './stores.ts'

/** Of a group that begins nothing is a detection yet; what is stored is looked at anyhow. */
export function isEarly(
  { first }: Window,
  { added, sinceMs = 0 }: WindowQuestion,
  isNew: boolean,
): boolean {
  if (first === undefined || sinceMs === 0) return false
  return (isNew || added.from > first) && added.to - first < sinceMs
}

const WHOLE: TimeReach = { from: -Infinity, to: Infinity }

export function answer(
  window: Window,
  question: WindowQuestion,
  group: MemoryGroup,
): WindowAnswer | undefined {
  const { shape, added, unitMs } = question
  const whole = shape !== 'events' && added.from <= (window.first ?? Infinity)
  const around = whole ? WHOLE : question.replace
  const touched = extentsIn(group, around, question.window)
  if (!whole && touched.length === 0 && isQuiet(window, question)) return undefined
  const own = touched.reduce(widen, around)
  const { from, to } = touched.reduce(widen, question.read)
  const { near, extents } = surroundings(group, own, Math.max(1, question.quietMs))
  const span = { from: Math.floor(added.from / unitMs), to: Math.floor(added.to / unitMs) }
  const members =
    shape === 'sessions'
      ? listSessions(window.sessions, whole ? undefined : question.members)
      : shape === 'spans'
        ? membersIn(window, { from: span.from * unitMs, to: (span.to + 1) * unitMs - 1 })
        : membersIn(window, { from, to })
  return {
    version: group.version,
    cuts: group.cuts,
    alerts: near,
    extents: extents.map(({ text }) => text),
    members,
    ...(shape !== 'events' && { first: window.first }),
    ...(shape === 'spans' && { bins: binsOf(window) }),
    atLeast: window.isFull,
  }
}

/**
 * Alerts near, and all detections in them and around. Behind a cut a detection begins before its alert
 * does: the one that it reaches to is looked for again.
 */
function surroundings(group: MemoryGroup, own: TimeReach, quietMs: number) {
  let around = own
  for (;;) {
    const near = alertsAround(group, around, quietMs)
    const inAlerts = near.reduce(widen, around)
    const extents = extentsIn(group, inAlerts)
    around = extents.reduce(widen, inAlerts)
    if (around.from === inAlerts.from && around.to === inAlerts.to) return { near, extents }
  }
}

function binsOf({ bins }: Window): readonly { span: number; count: number }[] {
  const sorted = [...bins].sort((a, b) => a[0] - b[0])
  return sorted.map(([span, count]) => ({ span, count }))
}

function isQuiet(window: Window, question: WindowQuestion): boolean {
  const { shape, members, needed, rare, replace, added, unitMs } = question
  switch (shape) {
    case 'events': {
      const before = indexAfter(window.members, replace.from - 1)
      if (indexAfter(window.members, replace.to) - before < needed) return true
      return rare !== undefined && countRare(membersIn(window, replace), rare) < rare.needed
    }
    case 'sessions':
      return !listSessions(window.sessions, members).some(({ time }) =>
        members.some((member) => member.time === time),
      )
    case 'spans': {
      const from = Math.floor(added.from / unitMs)
      for (const [span, count] of window.bins) if (span >= from && count >= needed) return false
      return true
    }
  }
}

function countRare(
  members: readonly WindowMember[],
  { home }: NonNullable<WindowQuestion['rare']>,
): number {
  const kinds = members.flatMap(({ value = '' }) => (value === '' ? [] : [value]))
  const usual = home === '?' ? kinds[0] : home
  return kinds.filter((kind) => kind !== usual).length
}

function membersIn({ members }: Window, { from, to }: TimeReach): readonly WindowMember[] {
  return members.slice(indexAfter(members, from - 1), indexAfter(members, to))
}

function widen({ from, to }: TimeReach, { first, last }: Omit<Found, 'text'>): TimeReach {
  return { from: Math.min(from, first), to: Math.max(to, last) }
}

function alertsAround(
  { alerts }: MemoryGroup,
  reach: TimeReach,
  quietMs: number,
): readonly Alert[] {
  const standing = [...alerts.values()].filter(isStanding).sort((a, b) => a.last - b.last)
  let to = reach.to
  return standing.filter(({ first, last }) => {
    if (last < reach.from - quietMs || first > to + quietMs) return false
    to = Math.max(to, last)
    return true
  })
}

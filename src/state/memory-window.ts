// Owns what one window of events remembers in memory: what is added, once each, and what is let go. What is
// asked of it: memory-window-answer.ts.
import { indexAfter } from '../core/detection/member.ts'
import type { MemoryGroup } from './memory-alert-state.ts'
import { addSighting, type Sessions } from './memory-sessions.ts'
import type { TimeReach, WindowMember, WindowQuestion } from './stores.ts'

export type Window = {
  /** By time; at one time in the order of arrival. */
  members: WindowMember[]
  /** Shared and empty until there is one. */
  sessions: Sessions
  bins: Map<number, number>
  first: number | undefined
  isFull: boolean
  about: string
}

/** Most windows have one or none of these. */
const NO_SESSIONS: Sessions = new Map()
const NO_BINS = new Map<number, number>()

export function createWindow(): Window {
  return {
    members: [],
    sessions: NO_SESSIONS,
    bins: NO_BINS,
    first: undefined,
    isFull: false,
    about: '',
  }
}

/** Returns whether what was added can take a detection back. */
export function add(window: Window, question: WindowQuestion, group: MemoryGroup): boolean {
  const { shape, members, unitMs, membersMax, withdraws } = question
  const last = window.members.at(-1)?.time ?? -Infinity
  const lastSpan = Math.floor(last / unitMs)
  let isWithdrawing = false
  if (shape === 'sessions' && window.sessions === NO_SESSIONS) window.sessions = new Map()
  if (shape === 'spans' && window.bins === NO_BINS) window.bins = new Map()
  for (const member of members) {
    const { time } = member
    if (window.first === undefined || time < window.first) window.first = time
    if (shape === 'sessions') {
      isWithdrawing = addSighting(window.sessions, member, unitMs) || isWithdrawing
    } else if (insert(window.members, member)) {
      const span = Math.floor(time / unitMs)
      const isBehind = shape === 'spans' ? span < lastSpan : time < last
      isWithdrawing ||= withdraws === 'always' || (withdraws === 'behind' && isBehind)
      if (shape === 'spans') window.bins.set(span, (window.bins.get(span) ?? 0) + 1)
    }
  }
  if (window.members.length > membersMax) {
    window.members.splice(0, window.members.length - membersMax)
    if (shape === 'events') window.isFull = true
  }
  trim(window, question, group)
  return isWithdrawing
}

/** Whether it was not there: an event has one time, so its like are those of this time. */
function insert(members: WindowMember[], member: WindowMember): boolean {
  const { time, text } = member
  const at = indexAfter(members, time)
  for (let before = at - 1; members[before]?.time === time; before -= 1) {
    if (members[before]?.text === text) return false
  }
  if (at === members.length) members.push(member)
  else members.splice(at, 0, member)
  return true
}

function trim(window: Window, question: WindowQuestion, group: MemoryGroup): void {
  const { floorMs, spansFloorMs = -Infinity, shape, unitMs } = question
  if (shape === 'spans') {
    for (const span of window.bins.keys()) {
      if ((span + 1) * unitMs <= spansFloorMs) window.bins.delete(span)
    }
  }
  const oldest = window.members[0]?.time ?? Infinity
  if (floorMs === undefined || oldest >= floorMs) return
  const around = { from: floorMs, to: floorMs }
  const isEvidence =
    shape === 'events' &&
    extentsIn(group, around, question.window).some(({ first }) => first < floorMs)
  if (!isEvidence) dropBefore(window, floorMs)
}

export function dropBefore(window: Window, belowMs: number): void {
  window.members.splice(0, indexAfter(window.members, belowMs - 1))
}

export type Found = { readonly text: string; readonly first: number; readonly last: number }

export function extentsIn(
  group: MemoryGroup,
  { from, to }: TimeReach,
  window?: string,
): readonly Found[] {
  const found: Found[] = []
  for (const [text, last] of group.extents) {
    if (last < from) continue
    const [own, first] = text.split(' ', 2)
    if (window !== undefined && own !== window) continue
    if (Number(first) <= to) found.push({ text, first: Number(first), last })
  }
  return found
}

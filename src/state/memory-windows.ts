// Owns windows of events in memory, for rule tests and proofs; the same contract as redis-windows.ts.
import type { Alert } from '../core/alert.ts'
import { isStanding } from '../core/alert-group.ts'
import {
  createMemoryAlertState,
  type MemoryAlertState,
  type MemoryGroup,
} from './memory-alert-state.ts'
import { addSighting, listSessions, type Sessions } from './memory-sessions.ts'
import type {
  DueWindow,
  TimeReach,
  WindowAnswer,
  WindowMember,
  WindowQuestion,
  WindowStore,
} from './stores.ts'

type Window = {
  /** By time; at one time in the order of arrival. */
  members: WindowMember[]
  /** Shared and empty until there is one. */
  sessions: Sessions
  bins: Map<number, number>
  first: number | undefined
  isFull: boolean
  about: string
}

/** `groups` are those of the alerts that follow. */
export function createMemoryWindowStore(
  groups: MemoryAlertState = createMemoryAlertState(),
): WindowStore {
  const contracts = new Map<string, Map<string, Window>>()
  const timers = new Map<string, Map<string, number>>()

  const timersOf = (contract: string): Map<string, number> => {
    const found = timers.get(contract) ?? new Map<string, number>()
    timers.set(contract, found)
    return found
  }
  const windowOf = (contract: string, key: string): Window => {
    let windows = contracts.get(contract)
    if (windows === undefined) contracts.set(contract, (windows = new Map<string, Window>()))
    const found = windows.get(key)
    if (found !== undefined) return found
    const made = createWindow()
    windows.set(key, made)
    return made
  }
  groups.onTrim((contract, key, belowMs) => dropBefore(windowOf(contract, key), belowMs))

  return {
    async ask(contract, questions) {
      return questions.map((question) => {
        const window = windowOf(contract, question.window)
        const isNew = window.first === undefined
        // Another evaluator may be about to store what was true without this: it has to ask again.
        if (add(window, question, groups.look(contract, question.group))) {
          groups.group(contract, question.group).version += 1
        }
        const group = groups.look(contract, question.group)
        const { wakeAtMs, about = '' } = question
        if (wakeAtMs !== undefined) {
          const due = timersOf(contract)
          window.about = about
          due.set(question.window, Math.min(due.get(question.window) ?? Infinity, wakeAtMs))
        }
        return isEarly(window, question, isNew) && group.version === 0
          ? undefined
          : answer(window, question, group)
      })
    },

    async newest(contract, windows) {
      return windows.map((window) => windowOf(contract, window).members.at(-1)?.time)
    },

    async nextDue(contract) {
      let next: number | undefined
      for (const dueMs of timersOf(contract).values()) next = Math.min(next ?? dueMs, dueMs)
      return next
    },

    async due(contract, markMs, limit) {
      return [...timersOf(contract)]
        .filter(([, dueMs]) => dueMs <= markMs)
        .sort((a, b) => a[1] - b[1])
        .slice(0, limit)
        .map(([window, dueMs]): DueWindow => {
          return { window, dueMs, about: windowOf(contract, window).about }
        })
    },

    async finishDue(contract, { window, dueMs, uptoMs, waitMs }) {
      const due = timersOf(contract)
      if ((due.get(window) ?? -Infinity) < dueMs) return
      const { members } = windowOf(contract, window)
      const next = members[indexAfter(members, uptoMs)]
      if (next === undefined) due.delete(window)
      else due.set(window, next.time + waitMs)
    },
  }
}

/** Most windows have one or none of these. */
const NO_SESSIONS: Sessions = new Map()
const NO_BINS = new Map<number, number>()

function createWindow(): Window {
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
function add(window: Window, question: WindowQuestion, group: MemoryGroup): boolean {
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

function dropBefore(window: Window, belowMs: number): void {
  window.members.splice(0, indexAfter(window.members, belowMs - 1))
}

/** The first place behind all members up to a time. */
function indexAfter(members: readonly WindowMember[], time: number): number {
  let low = 0
  let high = members.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((members[middle]?.time ?? Infinity) <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** Of a group that begins nothing is a detection yet; what is stored is looked at anyhow. */
function isEarly(
  { first }: Window,
  { added, sinceMs = 0 }: WindowQuestion,
  isNew: boolean,
): boolean {
  if (first === undefined || sinceMs === 0) return false
  return (isNew || added.from > first) && added.to - first < sinceMs
}

const WHOLE: TimeReach = { from: -Infinity, to: Infinity }

function answer(
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
  const { shape, members, needed, replace, added, unitMs } = question
  switch (shape) {
    case 'events': {
      const before = indexAfter(window.members, replace.from - 1)
      return indexAfter(window.members, replace.to) - before < needed
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

function membersIn({ members }: Window, { from, to }: TimeReach): readonly WindowMember[] {
  return members.slice(indexAfter(members, from - 1), indexAfter(members, to))
}

type Found = { readonly text: string; readonly first: number; readonly last: number }

function extentsIn(group: MemoryGroup, { from, to }: TimeReach, window?: string): readonly Found[] {
  const found: Found[] = []
  for (const [text, last] of group.extents) {
    if (last < from) continue
    const [own, first] = text.split(' ', 2)
    if (window !== undefined && own !== window) continue
    if (Number(first) <= to) found.push({ text, first: Number(first), last })
  }
  return found
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

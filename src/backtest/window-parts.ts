// Owns deriving detections from the members of one window that come in order, part by part, so that
// no window must fit into memory. What a detection is: core/detection/.
import type { DeriveContext, Extent } from '../core/detection/extent.ts'
import { type Member, orderMembers } from '../core/detection/member.ts'
import { condense, derive, reachMs } from '../core/detection/registry.ts'
import { createSpanJudge, extentOfSpan, type Spike, spanOf } from '../core/detection/spike.ts'
import type { Detect } from '../core/rule-detect.ts'

/** A detection, or a part of one that was too long to be held. */
export type FoundExtent = {
  readonly first: number
  readonly last: number
  /** Different evidence events that were not told with the one before. */
  readonly count: number
  /** Whether it goes on with the one before: both are one detection. */
  readonly isMore: boolean
  /** The different values of a threshold with `distinct`. */
  readonly values: readonly string[]
}

export type WindowReader = {
  /** In order of time. */
  add(member: Member): void
  finish(): void
}

/** Members after which a part is judged; parts cost least when there are few. */
const PART_MEMBERS = 20_000

/** A part can end at any gap that nothing reaches across; looking at each would cost more. */
const PART_MEMBERS_MIN = 1_000

/**
 * Members of one window that are looked at together. Where more of them lie within reach of each
 * other the oldest are let go: the service keeps fewer still (`detection.maxMembers`).
 */
export const MEMBERS_HELD_MAX = 200_000

export type WindowOptions = {
  readonly detect: Detect
  readonly context: DeriveContext
  readonly emit: (extent: FoundExtent) => void
  /** Called when members had to be let go. */
  readonly onCrowded: () => void
  /** For tests. */
  readonly partMembers?: number
}

export function createWindowReader(options: WindowOptions): WindowReader {
  const { detect } = options
  return detect.kind === 'spike' ? createSpikeReader(detect, options) : createPartReader(options)
}

/** Counts: the spans of a baseline may hold more events than fit into memory. */
function createSpikeReader(detect: Spike, { emit }: WindowOptions): WindowReader {
  let isSpike: ReturnType<typeof createSpanJudge> | undefined
  let span = 0
  let count = 0
  const judge = (): void => {
    if (count === 0 || isSpike?.(span, count) !== true) return
    emit({ ...extentOfSpan(detect, span), count, isMore: false, values: [] })
  }
  return {
    add({ time }) {
      const next = spanOf(detect, time)
      isSpike ??= createSpanJudge(detect, next)
      if (next !== span) {
        judge()
        span = next
        count = 0
      }
      count += 1
    },
    finish: judge,
  }
}

type Part = {
  /** In order; all members up to the time of the last one. */
  readonly members: readonly Member[]
  /** Nothing that comes can reach back to here. */
  readonly isEnd: boolean
}

/** What follows from a part, and the members that what comes may need. */
type Judged = { readonly found: readonly FoundExtent[]; readonly rest: readonly Member[] }

type JudgePart = (part: Part) => Judged

function createPartReader(options: WindowOptions): WindowReader {
  const { detect, emit, partMembers = PART_MEMBERS } = options
  const judgePart = judgeOf(options)
  const apartMs = detect.kind === 'firstSeen' ? Infinity : reachMs(detect)
  const partMembersMin = Math.min(PART_MEMBERS_MIN, partMembers)
  let members: Member[] = []
  let limit = partMembers
  let lastTime = -Infinity
  const judge = (isEnd: boolean): void => {
    const { found, rest } = judgePart({ members, isEnd })
    for (const extent of found) emit(extent)
    members = [...rest]
    limit = Math.max(partMembers, 2 * members.length)
  }
  return {
    add(member) {
      // Never between events of one moment: the order of their ids is not that of their coming.
      if (member.time > lastTime) {
        const isApart = member.time - lastTime > apartMs
        if (isApart && members.length >= partMembersMin) judge(true)
        else if (members.length >= limit) judge(false)
      }
      lastTime = member.time
      members.push(member)
    },
    finish() {
      if (members.length > 0) judge(true)
    },
  }
}

function judgeOf(options: WindowOptions): JudgePart {
  switch (options.detect.kind) {
    case 'firstSeen':
      return judgeFirstSeen(options)
    case 'absence':
      return judgeAbsence(options)
    case 'travel':
      return judgeTravel(options)
    default:
      return judgeCover(options)
  }
}

/**
 * Threshold and sequence: what lies at least `within` before the last member is final, and needs
 * nothing from as much again before it. A detection that is cut goes on from where it was cut.
 */
function judgeCover({ detect, context, onCrowded }: WindowOptions): JudgePart {
  const withinMs = reachMs(detect)
  const isCounted = detect.kind === 'threshold' && detect.distinct !== undefined
  let from = -Infinity
  return ({ members, isEnd }) => {
    const to = isEnd ? Infinity : cutOf(members, withinMs)
    const rest = isEnd ? [] : heldOf(members, to - withinMs, onCrowded)
    const found = derive(detect, members, context).flatMap((extent) => {
      if (extent.last <= from || extent.first > to) return []
      const evidence = extent.evidence.filter(({ time }) => time > from && time <= to)
      return {
        first: Math.max(extent.first, from),
        last: Math.min(extent.last, to),
        count: evidence.length,
        isMore: extent.first <= from,
        values: isCounted ? valuesOf(evidence) : [],
      }
    })
    from = isEnd ? -Infinity : to
    return { found, rest }
  }
}

/** Up to where everything is final; of a crowd at least half is made so. */
function cutOf(members: readonly Member[], withinMs: number): number {
  const last = members.at(-1)?.time ?? 0
  const middle = members[members.length - MEMBERS_HELD_MAX / 2]?.time ?? -Infinity
  return Math.max(last - withinMs, middle)
}

/** Members later than a time, no more than can be held. */
function heldOf(members: readonly Member[], time: number, onCrowded: () => void) {
  const later = members.filter((member) => member.time > time)
  if (later.length <= MEMBERS_HELD_MAX / 2) return later
  onCrowded()
  return later.slice(-MEMBERS_HELD_MAX / 2)
}

function valuesOf(members: readonly Member[]): readonly string[] {
  return [...new Set(members.flatMap(({ value }) => (value === undefined ? [] : [value])))]
}

/** Sessions that can't go on any more are final; of the others only start and end are needed. */
function judgeFirstSeen({ detect, context, onCrowded }: WindowOptions): JudgePart {
  const historyMs = reachMs(detect)
  let groupFirst: number | undefined
  return ({ members, isEnd }) => {
    groupFirst ??= members[0]?.time ?? 0
    const sessions = condense(detect, members)
    const endOf = ({ until, time }: Member) => until ?? time
    const now = sessions.reduce((latest, session) => Math.max(latest, endOf(session)), 0)
    const isOpen = (session: Member) => !isEnd && endOf(session) >= now - historyMs
    const rest = sessions.filter(isOpen)
    const excess = Math.max(0, rest.length - MEMBERS_HELD_MAX / 2)
    if (excess > 0) onCrowded()
    const given = [...sessions.filter((session) => !isOpen(session)), ...rest.splice(0, excess)]
    return { found: derive(detect, given, { ...context, groupFirst }).map(whole), rest }
  }
}

/** Of those without a gap between them only the last one can be followed by silence. */
function judgeAbsence({ detect, context }: WindowOptions): JudgePart {
  return ({ members, isEnd }) => {
    const rest = isEnd ? [] : members.slice(-1)
    const open = rest[0] === undefined ? Infinity : rest[0].time + reachMs(detect)
    const found = derive(detect, members, context).filter(({ first }) => first !== open)
    return { found: found.map(whole), rest }
  }
}

/** Neighbours: the last one may be that of the first of the next part. */
function judgeTravel({ detect, context }: WindowOptions): JudgePart {
  // By the member itself: reading an id may take long.
  let told: Member | undefined
  return ({ members, isEnd }) => {
    const ordered = orderMembers(members)
    const found = derive(detect, ordered, context).map((extent) => {
      const [from, to] = extent.evidence
      const count = from === told ? 1 : 2
      told = to
      return { ...whole(extent), count }
    })
    return { found, rest: isEnd ? [] : ordered.slice(-1) }
  }
}

function whole({ first, last, evidence }: Extent): FoundExtent {
  return { first, last, count: evidence.length, isMore: false, values: [] }
}

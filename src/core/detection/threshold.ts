// Owns thresholds: spans of `within` that hold enough events or different values.
import type { Detect } from '../rule-detect.ts'
import { type Extent, countDistinct, coverOf } from './extent.ts'
import type { Member } from './member.ts'

export type Threshold = Extract<Detect, { kind: 'threshold' }>

/**
 * The union of [min S, max S] over all sets S of members that lie within `within` and hold `count`
 * events, or different values; spans that share a point are one extent. Members in order; O(n).
 *
 * The largest set that begins with a member holds every later member within reach of it. Any other
 * set that begins there is a part of it: when that qualifies so does the largest, and covers it. So
 * one span for each member is enough.
 */
export function deriveThreshold(detect: Threshold, members: readonly Member[]): readonly Extent[] {
  const { count, withinMs, distinct } = detect
  const tally = distinct === undefined ? tallyMembers() : tallyValues()
  const spans: { first: number; last: number }[] = []
  let end = 0
  for (const [start, member] of members.entries()) {
    for (; end < members.length; end += 1) {
      const next = members[end]
      if (next === undefined || next.time - member.time > withinMs) break
      tally.add(next)
    }
    const last = members[end - 1]
    if (last !== undefined && end > start && tally.size() >= count) {
      spans.push({ first: member.time, last: last.time })
    }
    tally.remove(member)
  }
  const extents = coverOf(spans, members)
  if (distinct === undefined) return extents
  return extents.map((extent) => ({ ...extent, distinct: countDistinct(extent.evidence) }))
}

type Tally = {
  readonly add: (member: Member) => void
  readonly remove: (member: Member) => void
  readonly size: () => number
}

function tallyMembers(): Tally {
  let size = 0
  return {
    add() {
      size += 1
    },
    remove() {
      size -= 1
    },
    size: () => size,
  }
}

function tallyValues(): Tally {
  const counts = new Map<string, number>()
  return {
    add({ value }) {
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
    },
    remove({ value }) {
      if (value === undefined) return
      const left = (counts.get(value) ?? 0) - 1
      if (left <= 0) counts.delete(value)
      else counts.set(value, left)
    },
    size: () => counts.size,
  }
}

// Owns what of an event a window remembers: identity, time and what its kind of detection asks for.
// What follows from members: registry.ts. Where they are kept: state/.
import { hash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import type { Event } from '../event.ts'
import { factValue } from '../fact-value.ts'
import type { Detect } from '../rule-detect.ts'

/** A point on the globe, in degrees. */
export type Place = { readonly latitude: number; readonly longitude: number }

/** One matching event of one group. What its kind does not ask for is absent. */
export type Member = {
  readonly id: string
  /** Event time, ms. */
  readonly time: number
  /** `threshold` with `distinct`, `firstSeen`: the value as text; equal values have equal texts. */
  readonly value?: string
  /** `sequence`: bit n is set when the event fulfils `steps[n]`. */
  readonly steps?: number
  /** `travel`. */
  readonly place?: Place
  /** `firstSeen`, condensed: the member begins a session of its value that ends here. */
  readonly until?: number
  /** What an alert shows of the event: card.ts. No detection depends on it. */
  readonly card?: string
}

/** Values of `groupBy` in its order. The contract is not among them unless the rule names it. */
export type Group = readonly Scalar[]

type Scalar = string | number | boolean

/** Why an event that matches a rule is in no window of it; also the label of the metric. */
export type NoMemberReason = 'no-time' | 'no-group' | 'no-value' | 'no-place' | 'no-step'

export type Membership =
  | { readonly kind: 'member'; readonly group: Group; readonly member: Member }
  | { readonly kind: 'none'; readonly reason: NoMemberReason }

/** Whether an event fulfils a step's conditions, in the order of `detect.steps`. */
export type StepCheck = (event: Event) => boolean

/**
 * A longer text is kept as a hash: users name themselves, and 100,000 groups of 100 KB names would
 * fill the memory.
 */
const VALUE_LENGTH_MAX = 64

/** 128 bits: no two values of a group collide. */
const HASH_DIGITS = 32

/**
 * What a window keeps of an event that matches a rule; `detect` undefined: the rule has no window,
 * and its group is empty. A group's values must be there and be scalars: null, lists and objects
 * count as undefined.
 */
export function memberOf(
  event: Event,
  detect: Detect | undefined,
  stepChecks: readonly StepCheck[] = [],
): Membership {
  const { id, time } = event
  if (time === undefined) return none('no-time')
  const group = scalarsOf(event, detect?.groupBy ?? [])
  if (group === undefined) return none('no-group')
  const member = (more?: Partial<Member>): Membership => {
    return { kind: 'member', group, member: { id, time, ...more } }
  }
  switch (detect?.kind) {
    case 'threshold': {
      if (detect.distinct === undefined) return member()
      // Without a value it counts for nothing, but lies in the extent and is evidence.
      const values = scalarsOf(event, [detect.distinct])
      return values === undefined ? member() : member({ value: valueKey(values) })
    }
    case 'firstSeen': {
      const values = scalarsOf(event, detect.value)
      return values === undefined ? none('no-value') : member({ value: valueKey(values) })
    }
    case 'sequence': {
      const steps = stepChecks.reduce(
        (bits, check, at) => (check(event) ? bits | (1 << at) : bits),
        0,
      )
      return steps === 0 ? none('no-step') : member({ steps })
    }
    case 'travel': {
      const place = placeOf(event)
      return place === undefined ? none('no-place') : member({ place })
    }
    default:
      return member()
  }
}

function none(reason: NoMemberReason): Membership {
  return { kind: 'none', reason }
}

/** Where the event's address lies; undefined when that is not known. */
export function placeOf({ latitude, longitude }: Event): Place | undefined {
  const located = isWithin(latitude, 90) && isWithin(longitude, 180)
  return located ? { latitude, longitude } : undefined
}

function isWithin(degrees: number | undefined, max: number): degrees is number {
  return degrees !== undefined && Math.abs(degrees) <= max
}

function scalarsOf(event: Event, names: readonly string[]): Group | undefined {
  const values: Scalar[] = []
  for (const name of names) {
    const value = factValue(event, name)
    if (!isScalar(value)) return undefined
    values.push(value)
  }
  return values
}

/** What can be a value of a group. */
export function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' || typeof value === 'boolean'
}

/** JSON, so that 1 and "1" differ; JSON of a list begins with `[`, a hash with `#`. */
function valueKey(values: readonly Scalar[]): string {
  const text = canonicalJson(values)
  if (text.length <= VALUE_LENGTH_MAX) return text
  return `#${hash('sha256', text, 'hex').slice(0, HASH_DIGITS)}`
}

/** The order of events: by time, then by id. */
export function compareMembers(a: Member, b: Member): number {
  if (a.time !== b.time) return a.time - b.time
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Members in order, each id once; the same list when it already is. */
export function orderMembers(members: readonly Member[]): readonly Member[] {
  if (isOrdered(members)) return members
  // An id has one time, so that repeats are neighbours; the one that knows more comes first.
  const sorted = [...members].sort(
    (a, b) => compareMembers(a, b) || (b.until ?? 0) - (a.until ?? 0),
  )
  return sorted.filter((member, at) => {
    const before = sorted[at - 1]
    return before?.time !== member.time || before.id !== member.id
  })
}

function isOrdered(members: readonly Member[]): boolean {
  for (let at = 1; at < members.length; at += 1) {
    const before = members[at - 1]
    const member = members[at]
    if (before && member && compareMembers(before, member) >= 0) return false
  }
  return true
}

/** The first index from which on members are later than `time`; members in order. */
export function indexAfter(members: readonly { readonly time: number }[], time: number): number {
  let low = 0
  let high = members.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((members[middle]?.time ?? Infinity) <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** Members of the closed span, in order; members in order. */
export function membersWithin(
  members: readonly Member[],
  first: number,
  last: number,
): readonly Member[] {
  return members.slice(indexBefore(members, first), indexAfter(members, last))
}

/** The first index whose member is not earlier than `time`. Times are whole milliseconds. */
function indexBefore(members: readonly Member[], time: number): number {
  return indexAfter(members, time - 1)
}

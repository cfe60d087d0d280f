// Owns what is a detection, straight from the definitions: plain, slow, over the whole set of events.
// No state, no code of src/. Chains of a sequence: chains.ts; alerts: oracle.ts.
import type { Event } from '../../src/core/event.ts'
import type { Detect, SequenceStep } from '../../src/core/rule-detect.ts'
import { chainsOf } from './chains.ts'

/** `Detect` as far as the oracle reads it: the conditions of steps are given as predicates. */
export type OracleDetect =
  | Exclude<Detect, { kind: 'sequence' }>
  | {
      readonly kind: 'sequence'
      readonly groupBy: readonly string[]
      readonly steps: readonly Pick<SequenceStep, 'absent' | 'count'>[]
      readonly withinMs: number
    }

export type Predicate = (event: Event) => boolean

/** A span of time of one contract that was never read, `[from, to)`. */
export type Gap = { readonly contract: string; readonly from: number; readonly to: number }

/** What detections are a function of. */
export type DetectionInput = {
  /** Absent: each match is a detection. */
  readonly detect: OracleDetect | undefined
  /** Whether the rule's conditions hold and none of its exceptions. */
  readonly conditions: Predicate
  /** One for each step of a sequence, in order. */
  readonly steps: readonly Predicate[]
  /** In any order, repeated or not. */
  readonly events: readonly Event[]
  /** The final evaluated mark M, ms. */
  readonly mark: number
  readonly settleMs: number
  readonly gaps: readonly Gap[]
}

/** An event that has a time; others are in no E. */
export type Timed = Event & { readonly time: number }

/** The values of one group; the contract is first. */
export type Group = readonly unknown[]

export type OracleDetection = {
  readonly group: Group
  readonly first: number
  readonly last: number
  /** Sorted by (time, id), each event once. */
  readonly evidence: readonly Timed[]
}

type Extent = Omit<OracleDetection, 'group'>

/** Every detection there is, of every group. */
export function detectionsOf(input: DetectionInput): readonly OracleDetection[] {
  const matching = sortedSet(input.events).filter(input.conditions)
  const { detect } = input
  if (detect === undefined) {
    return matching.map((event) => ({ group: [contractOf(event)], ...only(event) }))
  }
  const found: OracleDetection[] = []
  for (const [group, members] of groupsOf(detect, matching)) {
    for (const extent of extentsOf(detect, members, input)) found.push({ group, ...extent })
  }
  return found
}

/** Each event with a time once, sorted by (time, id). */
export function sortedSet(events: readonly Event[]): readonly Timed[] {
  const once = new Map(events.map((event) => [JSON.stringify([event.contract, event.id]), event]))
  return [...once.values()].filter(isTimed).sort(byTimeAndId)
}

function isTimed(event: Event): event is Timed {
  return event.time !== undefined
}

function byTimeAndId(a: Timed, b: Timed): number {
  if (a.time !== b.time) return a.time - b.time
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** A fact or `entry.a.b`; undefined when there is none. What is no scalar counts as undefined. */
export function factOf(event: Event, name: string): unknown {
  let value: unknown = event
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return isScalar(value) ? value : undefined
}

export function contractOf(event: Event): string {
  return event.contract ?? 'unknown'
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** E for each group. */
function groupsOf(
  detect: OracleDetect,
  matching: readonly Timed[],
): readonly (readonly [Group, readonly Timed[]])[] {
  const groups = new Map<string, readonly [Group, Timed[]]>()
  for (const event of matching) {
    const values = detect.groupBy.map((name) => factOf(event, name))
    if (values.includes(undefined)) continue
    if (detect.kind === 'firstSeen' && valueOf(detect.value, event) === undefined) continue
    const group = [contractOf(event), ...values]
    const key = JSON.stringify(group)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [group, [event]])
    else known[1].push(event)
  }
  return [...groups.values()]
}

function extentsOf(
  detect: OracleDetect,
  members: readonly Timed[],
  input: DetectionInput,
): readonly Extent[] {
  switch (detect.kind) {
    case 'threshold':
      return thresholds(detect, members)
    case 'firstSeen':
      return sightings(detect, members)
    case 'sequence':
      return chainsOf(detect, members, input)
    case 'spike':
      return spikes(detect, members)
    case 'absence':
      return absences(detect, members, input)
    case 'travel':
      return travels(detect, members)
  }
}

function only(event: Timed): Extent {
  return { first: event.time, last: event.time, evidence: [event] }
}

/** The events of E in `[first, last]`. */
export function inside(members: readonly Timed[], first: number, last: number): readonly Timed[] {
  return members.filter((event) => event.time >= first && event.time <= last)
}

type Kind<K extends OracleDetect['kind']> = Extract<OracleDetect, { kind: K }>

/**
 * Whether some S has these ends is asked of the largest such S, all of E between them: another S
 * with the same ends has no more events and no more values.
 */
function thresholds(detect: Kind<'threshold'>, members: readonly Timed[]): readonly Extent[] {
  const { distinct, count, withinMs } = detect
  const found: Extent[] = []
  for (const first of timesOf(members)) {
    for (const last of timesOf(members)) {
      if (last < first || last - first > withinMs) continue
      const all = inside(members, first, last)
      const size = distinct === undefined ? all.length : distinctValues(all, distinct)
      if (size >= count) found.push({ first, last, evidence: all })
    }
  }
  return found
}

function timesOf(members: readonly Timed[]): readonly number[] {
  return [...new Set(members.map(({ time }) => time))]
}

/** How many different defined values. */
export function distinctValues(events: readonly Event[], name: string): number {
  const values = events.map((event) => factOf(event, name)).filter((value) => value !== undefined)
  return new Set(values.map((value) => JSON.stringify(value))).size
}

/** The value that is seen or not, as one text; undefined when one of its facts is. */
function valueOf(names: readonly string[], event: Event): string | undefined {
  const values = names.map((name) => factOf(event, name))
  return values.includes(undefined) ? undefined : JSON.stringify(values)
}

function sightings(detect: Kind<'firstSeen'>, members: readonly Timed[]): readonly Extent[] {
  const known = Math.min(...members.map(({ time }) => time)) + detect.learnMs
  return members
    .filter((event, index) => {
      const before = members
        .slice(0, index)
        .filter((other) => valueOf(detect.value, other) === valueOf(detect.value, event))
      const isStart = before.every((other) => event.time - other.time > detect.historyMs)
      return isStart && known <= event.time
    })
    .map(only)
}

function spikes(detect: Kind<'spike'>, members: readonly Timed[]): readonly Extent[] {
  const { withinMs: width, baselineMs, factor, min } = detect
  const spanOf = (event: Timed) => Math.floor(event.time / width)
  const spans = [...new Set(members.map(spanOf))]
  const countOf = (span: number) => members.filter((event) => spanOf(event) === span).length
  const firstSpan = Math.min(...spans)
  const found: Extent[] = []
  for (const span of spans) {
    const earlier: number[] = []
    for (let other = firstSpan; other < span; other += 1) {
      if (other * width >= span * width - baselineMs) earlier.push(countOf(other))
    }
    const sum = earlier.reduce((total, count) => total + count, 0)
    const isMany = reaches(countOf(span), factor, { sum, of: earlier.length })
    if (countOf(span) < min || earlier.length < 3 || !isMany) continue
    const evidence = members.filter((event) => spanOf(event) === span)
    found.push({ first: span * width, last: (span + 1) * width - 1, evidence })
  }
  return found
}

/** count ≥ factor × (sum ÷ of) for the decimal fraction that was written: without any rounding. */
function reaches(count: number, factor: number, mean: { sum: number; of: number }): boolean {
  const [whole = '', fraction = ''] = String(factor).split('.')
  const scale = 10n ** BigInt(fraction.length)
  return BigInt(count) * BigInt(mean.of) * scale >= BigInt(whole + fraction) * BigInt(mean.sum)
}

function absences(
  detect: Kind<'absence'>,
  members: readonly Timed[],
  input: DetectionInput,
): readonly Extent[] {
  const found: Extent[] = []
  for (const event of members) {
    const end = event.time + detect.withinMs
    const isHeard = members.some((other) => other.time > event.time && other.time <= end)
    const isUnread = input.gaps.some(
      (gap) => gap.contract === contractOf(event) && gap.to > event.time && gap.from <= end,
    )
    if (isHeard || isUnread || end > input.mark - input.settleMs) continue
    found.push({ first: end, last: end, evidence: [] })
  }
  return found
}

function travels(detect: Kind<'travel'>, members: readonly Timed[]): readonly Extent[] {
  const located = members.filter(
    ({ latitude, longitude }) => latitude !== undefined && longitude !== undefined,
  )
  const found: Extent[] = []
  for (const [index, to] of located.entries()) {
    const from = located[index - 1]
    if (from === undefined) continue
    const km = distanceKm(from, to)
    const hours = Math.max(to.time - from.time, 1_000) / 3_600_000
    if (km <= detect.minDistanceKm || km / hours <= detect.maxSpeedKmh) continue
    found.push({ first: from.time, last: to.time, evidence: [from, to] })
  }
  return found
}

const EARTH_RADIUS_KM = 6371

/** Along the great circle: the angle between two points as seen from the centre of the earth. */
function distanceKm(a: Event, b: Event): number {
  const [ax, ay, az] = directionOf(a)
  const [bx, by, bz] = directionOf(b)
  const dot = ax * bx + ay * by + az * bz
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
  return Math.atan2(cross, dot) * EARTH_RADIUS_KM
}

function directionOf({ latitude = 0, longitude = 0 }: Event): readonly [number, number, number] {
  const north = (latitude * Math.PI) / 180
  const east = (longitude * Math.PI) / 180
  return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)]
}

// Owns extents: the spans of time that detections cover, with their evidence, and how a part of
// them is replaced. Which there are: registry.ts. How they become alerts: pieces.ts.
import { type Member, indexAfter, membersWithin, orderMembers } from './member.ts'

/** A detection: a closed span of event time, ms. */
export type Extent = {
  readonly first: number
  readonly last: number
  /** In order (time, id), each once. */
  readonly evidence: readonly Member[]
  /** Different values among the evidence; only for a threshold with `distinct`. */
  readonly distinct?: number
}

/** A closed span of event time. */
export type Reach = { readonly from: number; readonly to: number }

/** What a derivation may depend on beside the members. All times are event times, ms. */
export type DeriveContext = {
  /** The evaluated mark of the contract; absent: nothing was evaluated yet. */
  readonly markMs?: number
  /** Silence is believed this long after it. */
  readonly settleMs: number
  /** Spans of the log that could not be read. */
  readonly gaps: readonly Reach[]
  /**
   * Time of the group's first event, where members are only a part of the group; absent: the first
   * member's.
   */
  readonly groupFirst?: number
}

/** Statements about what did not happen may be made up to here. */
export function silenceMark({ markMs, settleMs }: DeriveContext): number {
  return markMs === undefined ? -Infinity : markMs - settleMs
}

/** The first event of the group; `members` in order. */
export function groupFirstOf(members: readonly Member[], context: DeriveContext): number {
  return Math.min(members[0]?.time ?? Infinity, context.groupFirst ?? Infinity)
}

/** Different values of members; those without one count for nothing. */
export function countDistinct(members: readonly Member[]): number {
  const values = new Set<string>()
  for (const { value } of members) if (value !== undefined) values.add(value)
  return values.size
}

/**
 * Unites spans that share a point and gives each its members (in order) as evidence. Spans that are
 * united thus form the same alerts as one by one: what overlaps is united there anyway, and the
 * members inside a union of overlapping spans are those inside one of them.
 */
export function coverOf(
  spans: readonly { readonly first: number; readonly last: number }[],
  members: readonly Member[],
): readonly Extent[] {
  return uniteSpans(spans).map(({ first, last }) => {
    return { first, last, evidence: membersWithin(members, first, last) }
  })
}

type SpanOfTime = { readonly first: number; readonly last: number }

function uniteSpans(spans: readonly SpanOfTime[]): readonly SpanOfTime[] {
  const united: { first: number; last: number }[] = []
  for (const { first, last } of [...spans].sort((a, b) => a.first - b.first)) {
    const open = united.at(-1)
    if (open !== undefined && first <= open.last) open.last = Math.max(open.last, last)
    else united.push({ first, last })
  }
  return united
}

/** In order of time; what begins and ends together, by its evidence. */
export function orderExtents(extents: readonly Extent[]): readonly Extent[] {
  return [...extents].sort((a, b) => {
    if (a.first !== b.first) return a.first - b.first
    if (a.last !== b.last) return a.last - b.last
    const [one = '', other = ''] = [a.evidence[0]?.id, b.evidence[0]?.id]
    return one < other ? -1 : one > other ? 1 : 0
  })
}

/**
 * Replaces detections that stand for themselves: those inside the reach go, and those derived that
 * lie inside it come.
 */
export function replaceSingles(
  stored: readonly Extent[],
  derived: readonly Extent[],
  reach: Reach,
): readonly Extent[] {
  const isInside = ({ first, last }: Extent) => first >= reach.from && last <= reach.to
  const kept = stored.filter((extent) => !isInside(extent))
  return orderExtents([...kept, ...derived.filter(isInside)])
}

/**
 * Replaces detections that are united spans: what of them lies inside the reach is cut out and
 * replaced by what of `derived` does. Both sides keep the boundary itself: a union that goes across
 * it is held together there by a span that no event inside the reach could have changed.
 */
export function replaceCover(
  stored: readonly Extent[],
  derived: readonly Extent[],
  { from, to }: Reach,
): readonly Extent[] {
  const before = stored.flatMap((extent) =>
    extent.first < from ? clip(extent, -Infinity, from) : [],
  )
  const inside = derived.flatMap((extent) => clip(extent, from, to))
  const after = stored.flatMap((extent) => (extent.last > to ? clip(extent, to, Infinity) : []))
  const parts = [...before, ...inside, ...after]
  const counted = parts.some((part) => part.distinct !== undefined)
  const evidence = orderMembers(parts.flatMap((part) => part.evidence))
  return coverOf(parts, evidence).map((extent) =>
    counted ? { ...extent, distinct: countDistinct(extent.evidence) } : extent,
  )
}

function clip(extent: Extent, from: number, to: number): readonly Extent[] {
  if (extent.last < from || extent.first > to) return []
  if (extent.first >= from && extent.last <= to) return [extent]
  const evidence = membersWithin(extent.evidence, from, to)
  return [
    { ...extent, first: Math.max(extent.first, from), last: Math.min(extent.last, to), evidence },
  ]
}

/** The part of an extent that ends at a time, and the part behind it, undefined when empty. */
export function splitEvidence(
  evidence: readonly Member[],
  time: number,
): readonly [readonly Member[], readonly Member[]] {
  const at = indexAfter(evidence, time)
  return [evidence.slice(0, at), evidence.slice(at)]
}

// Owns how detections of one alert group become alerts in time: united across `quiet`, cut where
// people resolved. Numbers, states and messages of alerts: alert-group.ts and state/.
import { type Extent, countDistinct, splitEvidence } from './extent.ts'
import { type Member, orderMembers } from './member.ts'

/** What one alert covers. */
export type Piece = {
  /** Event times, ms. */
  readonly first: number
  readonly last: number
  /** In order (time, id), each once. */
  readonly evidence: readonly Member[]
  /** Different evidence events; of a threshold with `distinct`, different values. */
  readonly count: number
  /** Detections that lie in it or reach into it. */
  readonly detections: number
  /** The cut without which it would be one with the piece before: it links to that alert. */
  readonly continues?: number
}

/** A span of a detection, as far as one side of a cut. */
export type Part = {
  readonly first: number
  readonly last: number
  /** The cut it was clipped at, on its left. */
  readonly clippedAt?: number
}

/** An extent, or what a cut left of it. */
export type EvidencePart = Part & {
  readonly evidence: readonly Member[]
  readonly counted: boolean
}

/** Parts that belong to one alert, in order of their starts. */
export type Union<P extends Part> = {
  readonly parts: readonly P[]
  readonly last: number
  readonly continues?: number
}

/**
 * The alerts of extents with the same alert group: those that overlap or are at most `quietMs` apart
 * are one piece. No piece goes across a cut: of an extent around a cut c, what lies up to c, c
 * included, is one part and what lies beyond another; a part without evidence of its own is
 * nothing. In order of time. O(n log n) in extents and evidence.
 *
 * A piece that was clipped on its left begins with its first evidence, so that its alert begins
 * with an event.
 */
export function uniteExtents(
  extents: readonly Extent[],
  quietMs: number,
  cuts: readonly number[] = [],
): readonly Piece[] {
  const parts = extents.flatMap((extent) => clipExtent(extent, cuts))
  return uniteParts(parts, quietMs, cuts).map(pieceOf)
}

/** The same for parts that know their own evidence, or only how much there is. */
export function uniteParts<P extends Part>(
  parts: readonly P[],
  quietMs: number,
  cuts: readonly number[],
): readonly Union<P>[] {
  const ascending = [...cuts].sort((a, b) => a - b)
  const links = { quietMs, cuts: ascending }
  const unions: Union<P>[] = []
  let open: P[] = []
  let last = -Infinity
  const close = () => {
    const continues = linkOf(open, unions.at(-1), links)
    unions.push({ parts: open, last, ...(continues !== undefined && { continues }) })
    open = []
  }
  for (const part of [...parts].sort((a, b) => a.first - b.first)) {
    const begins = part.first - last > quietMs || isCutBetween(ascending, last, part.first)
    if (begins && open.length > 0) close()
    last = open.length === 0 ? part.last : Math.max(last, part.last)
    open.push(part)
  }
  if (open.length > 0) close()
  return unions
}

/** What cuts leave of an extent: what lies up to a cut, it included, and what lies beyond. */
export function clipExtent(extent: Extent, cuts: readonly number[]): readonly EvidencePart[] {
  const { first, last, evidence, distinct } = extent
  const counted = distinct !== undefined
  const inside = cuts.filter((cut) => cut >= first && cut < last).sort((a, b) => a - b)
  const parts: EvidencePart[] = []
  let rest: EvidencePart = { first, last, evidence, counted }
  for (const cut of inside) {
    const [before, behind] = splitEvidence(rest.evidence, cut)
    parts.push({ ...rest, last: cut, evidence: before })
    rest = { first: cut + 1, last, evidence: behind, counted, clippedAt: cut }
  }
  parts.push(rest)
  return parts.length === 1 ? parts : parts.filter((part) => part.evidence.length > 0)
}

/** Whether a cut c parts two times: the earlier is at most c, the later is beyond. */
function isCutBetween(cuts: readonly number[], earlier: number, later: number): boolean {
  return cuts.some((cut) => cut >= earlier && cut < later)
}

type Links = { readonly quietMs: number; readonly cuts: readonly number[] }

/** The cut between a piece and the one before, when nothing else keeps them apart. */
function linkOf(
  parts: readonly Part[],
  before: Union<Part> | undefined,
  { quietMs, cuts }: Links,
): number | undefined {
  const first = parts[0]?.first ?? Infinity
  const last = before?.last ?? -Infinity
  const wasClipped = parts.some((part) => part.clippedAt === first - 1)
  if (before === undefined || (!wasClipped && first - last > quietMs)) return undefined
  return cuts.findLast((cut) => cut >= last && cut < first)
}

function pieceOf({ parts, last, continues }: Union<EvidencePart>): Piece {
  const evidence = orderMembers(parts.flatMap((part) => part.evidence))
  const counted = parts.some((part) => part.counted)
  const begins = parts.map(({ first, clippedAt, evidence: own }) =>
    clippedAt === undefined ? first : (own[0]?.time ?? first),
  )
  return {
    first: Math.min(...begins),
    last,
    evidence,
    count: counted ? countDistinct(evidence) : evidence.length,
    detections: parts.length,
    ...(continues !== undefined && { continues }),
  }
}

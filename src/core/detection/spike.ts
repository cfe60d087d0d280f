// Owns spikes: spans of fixed length, counted from the epoch, that hold many more events than the ones before.
import type { Detect } from '../rule-detect.ts'
import { type DeriveContext, type Extent, groupFirstOf } from './extent.ts'
import type { Member } from './member.ts'

export type Spike = Extract<Detect, { kind: 'spike' }>

/** A mean of fewer spans says nothing. */
export const EARLIER_SPANS_MIN = 3

/** Number of the span a time lies in. */
export function spanOf({ withinMs }: Pick<Spike, 'withinMs'>, time: number): number {
  return Math.floor(time / withinMs)
}

/** How many spans before a span lie within the baseline as a whole. */
export function baselineSpans({ baselineMs, withinMs }: Spike): number {
  return Math.floor(baselineMs / withinMs)
}

type Bin = { readonly span: number; readonly evidence: Member[] }

/**
 * Spans with at least `min` events and `factor` times the mean of the earlier spans in the baseline,
 * empty ones included, not counting what lies before the group's first event. Members in order; O(n).
 */
export function deriveSpike(
  detect: Spike,
  members: readonly Member[],
  context: DeriveContext,
): readonly Extent[] {
  const isSpike = createSpanJudge(detect, spanOf(detect, groupFirstOf(members, context)))
  return binsOf(detect, members)
    .filter(({ span, evidence }) => isSpike(span, evidence.length))
    .map(({ span, evidence }) => ({ ...extentOfSpan(detect, span), evidence }))
}

/** The first and the last millisecond of a span. */
export function extentOfSpan({ withinMs }: Spike, span: number): { first: number; last: number } {
  return { first: span * withinMs, last: (span + 1) * withinMs - 1 }
}

/**
 * Judges the spans of a group by the number of their events, in ascending order, empty ones left
 * out. Remembers no more than the baseline holds.
 */
export function createSpanJudge(
  detect: Spike,
  firstSpan: number,
): (span: number, count: number) => boolean {
  const { factor, min } = detect
  const width = baselineSpans(detect)
  let baseline: { readonly span: number; readonly count: number }[] = []
  let oldest = 0
  let sum = 0
  return (span, count) => {
    for (; (baseline[oldest]?.span ?? span) < span - width; oldest += 1) {
      sum -= baseline[oldest]?.count ?? 0
    }
    if (oldest > width) {
      baseline = baseline.slice(oldest)
      oldest = 0
    }
    const earlier = Math.min(width, span - firstSpan)
    const isEnough = earlier >= EARLIER_SPANS_MIN && count >= min
    const isSpike = isEnough && isAtLeast(count * earlier, factor * sum)
    baseline.push({ span, count })
    sum += count
    return isSpike
  }
}

/**
 * Compares count × spans with factor × sum instead of count with factor × mean: whole numbers are
 * exact, and what is left is the rounding of the factor: 33 events are 2.2 times a mean of 15.
 */
function isAtLeast(found: number, wanted: number): boolean {
  return found >= wanted * (1 - 2 * Number.EPSILON)
}

function binsOf(detect: Spike, members: readonly Member[]): readonly Bin[] {
  const bins: Bin[] = []
  for (const member of members) {
    const span = spanOf(detect, member.time)
    const bin = bins.at(-1)
    if (bin !== undefined && bin.span === span) bin.evidence.push(member)
    else bins.push({ span, evidence: [member] })
  }
  return bins
}

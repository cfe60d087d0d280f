// Owns spikes: spans of fixed length, counted from the epoch, that hold many more events than the ones before.
import type { Detect } from '../rule-detect.ts'
import { type DeriveContext, type Extent, groupFirstOf } from './extent.ts'
import type { Member } from './member.ts'

export type Spike = Extract<Detect, { kind: 'spike' }>

/** A mean of fewer spans says nothing. */
const EARLIER_SPANS_MIN = 3

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
  const { factor, min, withinMs } = detect
  const firstSpan = spanOf(detect, groupFirstOf(members, context))
  const width = baselineSpans(detect)
  const bins = binsOf(detect, members)
  const extents: Extent[] = []
  let sum = 0
  let oldest = 0
  for (const [at, { span, evidence }] of bins.entries()) {
    sum += bins[at - 1]?.evidence.length ?? 0
    for (; (bins[oldest]?.span ?? span) < span - width; oldest += 1) {
      sum -= bins[oldest]?.evidence.length ?? 0
    }
    const earlier = Math.min(width, span - firstSpan)
    if (earlier < EARLIER_SPANS_MIN || evidence.length < min) continue
    if (isAtLeast(evidence.length * earlier, factor * sum)) {
      extents.push({ first: span * withinMs, last: (span + 1) * withinMs - 1, evidence })
    }
  }
  return extents
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

// Owns deriving the detections of one window again around what changed: which of those stored go, and
// which come. Reading members and storing what follows: state/; kinds: registry.ts.
import type { Detect } from '../rule-detect.ts'
import { type DeriveContext, type Extent, type Reach } from './extent.ts'
import { type Member, indexAfter, membersWithin, orderMembers } from './member.ts'
import { clipExtent } from './pieces.ts'
import { derive, type Neighbourhood, replaceDetections } from './registry.ts'
import { planOf } from './sequence-plan.ts'
import { createSpanJudge, extentOfSpan, type Spike, spanOf } from './spike.ts'
import { sealedWindow, type StoredExtent, writeExtent } from './stored-extent.ts'

/** What is known of a window and its alert group around what changed. */
export type WindowState = {
  readonly window: string
  /**
   * Members of the neighbourhood, and of whatever stored extent reaches into it; of `firstSeen`
   * sessions as condensed members; of `spike` those of the spans that changed.
   */
  readonly members: readonly Member[]
  /** Stored extents of the alert group; those of other windows are left alone. */
  readonly stored: readonly StoredExtent[]
  /** Where people resolved, ms, ascending. */
  readonly cuts: readonly number[]
  /** `spike`: how many events each span has, in order. */
  readonly bins?: readonly { readonly span: number; readonly count: number }[]
  /** `firstSeen`: the values whose sessions these are; absent: all of the group. */
  readonly values?: ReadonlySet<string>
  /** Members below go after this: what is counted of them is sealed. */
  readonly floorMs?: number | undefined
}

/** What replaces what. */
export type Rederived = {
  readonly removed: readonly StoredExtent[]
  readonly added: readonly StoredExtent[]
  /** Evidence of the extents added, as far as it was read; in order. */
  readonly evidence: readonly Member[]
}

/** Derives around; what is stored alike already is in neither list. */
export function rederive(
  detect: Detect,
  around: Neighbourhood,
  state: WindowState,
  context: DeriveContext,
): Rederived {
  switch (detect.kind) {
    case 'threshold':
    case 'sequence':
      return rederiveCover(detect, around, state, context)
    case 'spike':
      return rederiveSpikes(detect, around, state, context)
    default:
      return rederiveSingles(detect, around, state, context)
  }
}

function ownExtents({ stored, window }: WindowState): readonly StoredExtent[] {
  return stored.filter((extent) => extent.window === window)
}

function isInside({ first, last }: StoredExtent, { from, to }: Reach): boolean {
  return first >= from && last <= to
}

/** Unions of spans reach over the neighbourhood: their evidence is read from the members again. */
function rederiveCover(
  detect: Extract<Detect, { kind: 'threshold' | 'sequence' }>,
  around: Neighbourhood,
  state: WindowState,
  context: DeriveContext,
): Rederived {
  const { from, to } = around.replace
  const touched = ownExtents(state).filter(({ first, last }) => first <= to && last >= from)
  const members = orderMembers(state.members)
  const evidence = evidenceAmong(detect, members)
  const before = touched.map(({ first, last }): Extent => {
    return { first, last, evidence: membersWithin(evidence, first, last), ...distinctMark(detect) }
  })
  const extents = replaceDetections(detect, before, derive(detect, members, context), around)
  const { window, cuts, floorMs } = state
  const added = extents
    .flatMap((extent) => clipExtent(extent, cuts))
    .flatMap((part) => {
      const isClipped = part.clippedAt !== undefined || cuts.includes(part.first - 1)
      const begins = isClipped ? part.evidence[0]?.time : undefined
      const { first, last } = part
      const whole = { window, first, last, ...(begins !== undefined && { begins }) }
      return sealBelow(whole, part.evidence, { detect, floorMs })
    })
  return difference(
    touched,
    added,
    extents.flatMap((extent) => extent.evidence),
  )
}

/** Only that an extent counts values: how many is counted when it is stored. */
function distinctMark(detect: Detect): { distinct?: number } {
  return detect.kind === 'threshold' && detect.distinct !== undefined ? { distinct: 0 } : {}
}

function evidenceAmong(detect: Detect, members: readonly Member[]): readonly Member[] {
  if (detect.kind !== 'sequence') return members
  const { present } = planOf(detect)
  return members.filter(({ steps = 0 }) => (steps & present) !== 0)
}

type Sealing = { readonly detect: Detect; readonly floorMs: number | undefined }

/**
 * One extent, or two that share the floor: what lies below it is sealed, as its members go. Both are
 * of one alert, as they share a point.
 */
function sealBelow(
  extent: Pick<StoredExtent, 'window' | 'first' | 'last' | 'begins'>,
  evidence: readonly Member[],
  { detect, floorMs = -Infinity }: Sealing,
): readonly StoredExtent[] {
  const { window, first, last } = extent
  if (first >= floorMs || last < floorMs) return [counted(extent, evidence, detect)]
  const at = indexAfter(evidence, floorMs - 1)
  // What a cut left begins with its first event: there is nothing to seal before that.
  if (at === 0) return [counted(extent, evidence, detect)]
  const below = { ...extent, window: sealedWindow(window), last: floorMs }
  const above = { window, first: floorMs, last }
  return [
    counted(below, evidence.slice(0, at), detect),
    counted(above, evidence.slice(at), detect),
  ].filter((one, index) => index === 1 || one.last > first)
}

function counted(
  extent: Pick<StoredExtent, 'window' | 'first' | 'last' | 'begins'>,
  evidence: readonly Member[],
  detect: Detect,
): StoredExtent {
  if (detect.kind !== 'threshold' || detect.distinct === undefined) {
    return { ...extent, count: evidence.length }
  }
  const values = evidence.flatMap(({ value }) => (value === undefined ? [] : [value]))
  return { ...extent, count: 0, names: [...new Set(values)].sort() }
}

/** Detections that stand for themselves: those inside go, those derived inside come. */
function rederiveSingles(
  detect: Detect,
  { replace }: Neighbourhood,
  state: WindowState,
  context: DeriveContext,
): Rederived {
  const { window, values } = state
  const touched = ownExtents(state).filter(
    (extent) =>
      isInside(extent, replace) && (values === undefined || values.has(extent.value ?? '')),
  )
  const derived = derive(detect, state.members, context).filter(
    ({ first, last }) => first >= replace.from && last <= replace.to,
  )
  const added = derived.map(({ first, last, evidence }): StoredExtent => {
    const extent = { window, first, last }
    if (detect.kind === 'travel')
      return { ...extent, count: 0, names: evidence.map(({ id }) => id) }
    const value = detect.kind === 'firstSeen' ? evidence[0]?.value : undefined
    return { ...extent, count: evidence.length, ...(value !== undefined && { value }) }
  })
  return difference(
    touched,
    added,
    derived.flatMap((extent) => extent.evidence),
  )
}

function rederiveSpikes(
  detect: Spike,
  { replace }: Neighbourhood,
  state: WindowState,
  context: DeriveContext,
): Rederived {
  const touched = ownExtents(state).filter((extent) => isInside(extent, replace))
  const isSpike = createSpanJudge(detect, spanOf(detect, context.groupFirst ?? Infinity))
  const added = (state.bins ?? [])
    .filter(({ span, count }) => isSpike(span, count))
    .map(({ span, count }) => ({ window: state.window, ...extentOfSpan(detect, span), count }))
    .filter((extent) => isInside(extent, replace))
  const members = orderMembers(state.members)
  const evidence = added.flatMap(({ first, last }) => membersWithin(members, first, last))
  return difference(touched, added, evidence)
}

function difference(
  before: readonly StoredExtent[],
  after: readonly StoredExtent[],
  evidence: readonly Member[],
): Rederived {
  const old = new Set(before.map(writeExtent))
  const now = new Set(after.map(writeExtent))
  return {
    removed: before.filter((extent) => !now.has(writeExtent(extent))),
    added: after.filter((extent) => !old.has(writeExtent(extent))),
    evidence: orderMembers(evidence),
  }
}

// Owns which derivation serves which kind of detection: what to read around an event, what follows
// from it, what it replaces. Storing it: state/. Alerts: pieces.ts.
import { canonicalJson } from '../canonical-json.ts'
import type { Condition, FactReference } from '../condition.ts'
import type { Detect } from '../rule-detect.ts'
import { deriveAbsence, pendingAbsences } from './absence.ts'
import {
  type DeriveContext,
  type Extent,
  type Reach,
  orderExtents,
  replaceCover,
  replaceSingles,
} from './extent.ts'
import { condenseFirstSeen, deriveFirstSeen } from './first-seen.ts'
import { type Member, orderMembers } from './member.ts'
import { deriveSequence, pendingSequences } from './sequence.ts'
import { baselineSpans, deriveSpike, spanOf } from './spike.ts'
import { deriveThreshold } from './threshold.ts'
import { deriveTravel, travelReachMs } from './travel.ts'

/**
 * The detections of a group, in order, from all its members or from those of a neighbourhood; in any
 * order, repeats count once. `detect` undefined: every member is one.
 */
export function derive(
  detect: Detect | undefined,
  members: readonly Member[],
  context: DeriveContext,
): readonly Extent[] {
  const ordered = orderMembers(members)
  switch (detect?.kind) {
    case undefined:
      return ordered.map((member) => ({
        first: member.time,
        last: member.time,
        evidence: [member],
      }))
    case 'threshold':
      return deriveThreshold(detect, ordered)
    case 'firstSeen':
      return orderExtents(deriveFirstSeen(detect, ordered, context))
    case 'sequence':
      return deriveSequence(detect, ordered, context)
    case 'spike':
      return deriveSpike(detect, ordered, context)
    case 'absence':
      return deriveAbsence(detect, ordered, context)
    case 'travel':
      return orderExtents(deriveTravel(detect, ordered))
  }
}

/**
 * How far apart two members of a group can be and still matter to one detection, ms; what makes up
 * for the time of a group's first event (`firstSeen`, `spike`) not counted.
 */
export function reachMs(detect: Detect | undefined): number {
  switch (detect?.kind) {
    case undefined:
      return 0
    case 'threshold':
    case 'sequence':
    case 'absence':
      return detect.withinMs
    case 'firstSeen':
      return detect.historyMs
    case 'spike':
      // Up to one more span: they are counted from the epoch, not from the event.
      return detect.baselineMs + detect.withinMs
    case 'travel':
      return travelReachMs(detect)
  }
}

/** What must be read around new members, and where what follows from it replaces what is stored. */
export type Neighbourhood = {
  /**
   * All members of the group in this closed span. Of condensed members all that touch it (`time` to
   * `until`).
   */
  readonly read: Reach
  /** Detections in this closed span may have changed; see `replaceDetections`. */
  readonly replace: Reach
}

const WHOLE: Reach = { from: -Infinity, to: Infinity }

/**
 * The neighbourhood of members added in the closed span `added`: the times of the first and the last
 * of a batch, or of the event a timer stands for. They must be among the members read.
 * `groupFirst` is the time of the group's first event, the added ones included: it matters to
 * `firstSeen` and `spike`, where a new first event changes the judgement of everything behind it.
 * Then the neighbourhood is the whole group. It would be less when one knew the first event before;
 * but a repeat after a crash doesn't.
 */
export function neighbourhood(
  detect: Detect | undefined,
  added: Reach,
  groupFirst: number,
): Neighbourhood {
  switch (detect?.kind) {
    case undefined:
      return { read: added, replace: added }
    case 'threshold':
    case 'sequence': {
      // What an event makes or breaks lies within reach of it; to see what else touches that, as
      // much again is read.
      const replace = widen(added, detect.withinMs, detect.withinMs)
      return { read: widen(replace, detect.withinMs, detect.withinMs), replace }
    }
    case 'firstSeen': {
      if (added.from <= groupFirst) return { read: WHOLE, replace: WHOLE }
      // It may begin a session, or join to one what began behind it.
      const replace = widen(added, 0, detect.historyMs)
      return { read: widen(replace, detect.historyMs, 0), replace }
    }
    case 'spike': {
      if (added.from <= groupFirst) return { read: WHOLE, replace: WHOLE }
      const { withinMs } = detect
      const width = baselineSpans(detect)
      const from = spanOf(detect, added.from)
      const to = (spanOf(detect, added.to) + width + 1) * withinMs - 1
      return {
        read: { from: (from - width) * withinMs, to },
        replace: { from: from * withinMs, to },
      }
    }
    case 'absence': {
      // What lies before an added event is not read: its silence would end here, but is broken.
      const replace = widen(added, 0, detect.withinMs)
      return { read: replace, replace }
    }
    case 'travel': {
      const replace = widen(added, travelReachMs(detect), travelReachMs(detect))
      return { read: replace, replace }
    }
  }
}

function widen({ from, to }: Reach, beforeMs: number, afterMs: number): Reach {
  return { from: from - beforeMs, to: to + afterMs }
}

/**
 * The detections of a group after members were added: `derived`, from the members of the
 * neighbourhood, takes the place of `stored` there.
 */
export function replaceDetections(
  detect: Detect | undefined,
  stored: readonly Extent[],
  derived: readonly Extent[],
  { replace }: Neighbourhood,
): readonly Extent[] {
  const isCover = detect?.kind === 'threshold' || detect?.kind === 'sequence'
  return (isCover ? replaceCover : replaceSingles)(stored, derived, replace)
}

/** Something may change without a new event when the evaluated mark reaches `markMs`. */
export type Timer = {
  readonly markMs: number
  /** Time of the event to derive around then, as if it was added again. */
  readonly time: number
}

/**
 * What waits for the mark, the earliest first. Members of a neighbourhood may give timers that all
 * members would not; they change nothing when they are due. For all timers of a group, members
 * later than the mark − settle − `within` are enough.
 */
export function timersOf(
  detect: Detect | undefined,
  members: readonly Member[],
  context: DeriveContext,
): readonly Timer[] {
  if (detect?.kind !== 'absence' && detect?.kind !== 'sequence') return []
  const ordered = orderMembers(members)
  const times =
    detect.kind === 'absence'
      ? pendingAbsences(detect, ordered, context)
      : pendingSequences(detect, ordered, context)
  const waitMs = detect.withinMs + context.settleMs
  return times.map((time) => ({ markMs: time + waitMs, time }))
}

/**
 * Members that say the same in less space, for kinds that look back so far that events can't all be
 * kept; condensed ones may be condensed again together with new ones.
 */
export function condense(
  detect: Detect | undefined,
  members: readonly Member[],
): readonly Member[] {
  return detect?.kind === 'firstSeen' ? condenseFirstSeen(detect, members) : orderMembers(members)
}

/**
 * What members of a window mean and how they were kept, as text to be hashed: when it changes, the
 * window starts anew. Not what only judges the members there are (`count`, `factor`, `min`, `learn`,
 * speeds), and no names that are only shown.
 */
export function detectionKey(detect: Detect | undefined): string {
  switch (detect?.kind) {
    case undefined:
      return canonicalJson({ kind: 'none' })
    case 'threshold': {
      const { kind, groupBy, distinct, withinMs } = detect
      return canonicalJson({ kind, groupBy, distinct, withinMs })
    }
    case 'firstSeen': {
      const { kind, groupBy, value, historyMs } = detect
      return canonicalJson({ kind, groupBy, value, historyMs })
    }
    case 'sequence': {
      const { kind, groupBy, withinMs } = detect
      const steps = detect.steps.map(({ conditions, absent, count }) => {
        return { conditions: conditionKey(conditions), absent, count }
      })
      return canonicalJson({ kind, groupBy, steps, withinMs })
    }
    case 'spike': {
      const { kind, groupBy, withinMs, baselineMs } = detect
      return canonicalJson({ kind, groupBy, withinMs, baselineMs })
    }
    case 'absence': {
      const { kind, groupBy, withinMs } = detect
      return canonicalJson({ kind, groupBy, withinMs })
    }
    case 'travel': {
      const { kind, groupBy } = detect
      return canonicalJson({ kind, groupBy })
    }
  }
}

/** A condition without its names and places; shared ones by name, as their content may change. */
function conditionKey(condition: Condition): unknown {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return { [condition.kind]: condition.children.map(conditionKey) }
    case 'not':
      return { not: conditionKey(condition.child) }
    case 'shared':
      return { shared: condition.shared }
    case 'leaf': {
      const { comparison, value, valueFact } = condition
      const operand = valueFact === undefined ? { value } : { valueFact: referenceKey(valueFact) }
      return { ...operand, fact: referenceKey(condition), operator: comparison.text }
    }
  }
}

function referenceKey({ fact, path }: FactReference): unknown {
  return [fact, path?.text ?? null]
}

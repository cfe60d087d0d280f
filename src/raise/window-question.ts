// Owns what a store of windows is asked for a batch, and how its answer reads: members with what they
// know. Deriving from it: core/detection/rederive.ts.
import { readMember, writeMember } from '../core/detection/member-text.ts'
import type { Member } from '../core/detection/member.ts'
import type { WindowBatch } from '../detect-windows.ts'
import type { WindowAnswer, WindowQuestion } from '../state/stores.ts'

/** What detection over time depends on, of one contract at one moment; times of events, ms. */
export type DetectionTime = {
  /** The evaluated mark; undefined: nothing was evaluated yet. */
  readonly markMs: number | undefined
  /** At most that: as far on as windows may forget what lies long before. */
  readonly floorMarkMs: number | undefined
  /** Silence is believed so long after it. */
  readonly settleMs: number
  /** Events that arrive later than this change no window. */
  readonly latenessMs: number
  readonly membersMax: number
  /** Spans of the log that could not be read. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[]
  /** Alerts that ended before are history: nobody is told. */
  readonly liveFromMs?: number | undefined
}

const HOUR_MS = 3_600_000
const DAY_SECONDS = 86_400

/** Sessions and first events: as long as any `history` may look back. */
const MEMORY_DAYS = 400

/** Windows outlive a mark that stands still for a weekend. */
const GRACE_SECONDS = 4 * DAY_SECONDS

export function questionOf(batch: WindowBatch, time: DetectionTime): WindowQuestion {
  const { kind, window, group, added, values } = batch
  const { read, replace } = kind.around(added, -Infinity)
  const floorMs = floorOf(batch, time)
  const believedMs = (time.markMs ?? -Infinity) - time.settleMs
  const wakeAtMs = kind.wakeAt(batch.members, time.settleMs)
  return {
    window,
    group,
    shape: kind.shape,
    unitMs: kind.unitMs,
    members: batch.members.map((member) => memberText(member, kind)),
    added,
    read,
    replace,
    rare: kind.rare,
    needed: kind.isTooSoon(added, believedMs) ? Infinity : kind.needed,
    ...(kind.sinceMs > 0 && { sinceMs: kind.sinceMs }),
    withdraws: kind.withdraws,
    quietMs: kind.rule.alert.quietMs,
    floorMs,
    ...(kind.shape === 'spans' && { spansFloorMs: floorMs && floorMs - 2 * kind.reachMs }),
    membersMax: time.membersMax,
    expirySeconds: kind.isMemory
      ? MEMORY_DAYS * DAY_SECONDS
      : Math.ceil((time.latenessMs + 2 * kind.reachMs) / 1_000) + GRACE_SECONDS,
    ...(wakeAtMs !== undefined && {
      wakeAtMs,
      about: JSON.stringify({ rule: kind.rule.id, values }),
    }),
  }
}

/**
 * Members before it matter to nothing that can still arrive. In whole hours, so that long detections
 * are sealed piece by piece and not with every batch. Of `spans` the ids only keep repeats away.
 */
export function floorOf({ kind }: WindowBatch, time: DetectionTime): number | undefined {
  const { floorMarkMs, latenessMs } = time
  if (floorMarkMs === undefined) return undefined
  const reachMs = kind.shape === 'spans' ? kind.unitMs : 2 * kind.reachMs
  return Math.floor((floorMarkMs - latenessMs - reachMs) / HOUR_MS) * HOUR_MS
}

/** Beside the text: of a sighting the value, of an event what it is among the others. */
function memberText(member: Member, { shape, rare }: WindowBatch['kind']) {
  const { time, value } = member
  if (rare !== undefined) return { time, text: writeMember(member), value: rare.whatIs(member) }
  if (shape !== 'sessions' || value === undefined) return { time, text: writeMember(member) }
  const { value: _, ...rest } = member
  return { time, text: writeMember(rest), value }
}

/** The members of an answer; throws when a text is none. */
export function membersOf({ members }: WindowAnswer): readonly Member[] {
  return members.map(({ text, time, value, untilMs }) => {
    const member = readMember(text, time)
    if (member === undefined) throw new Error('a member of a window is damaged')
    if (value === undefined || untilMs === undefined) return member
    return { ...member, value, ...(untilMs !== time && { until: untilMs }) }
  })
}

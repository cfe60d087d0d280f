// Owns going through all members, window by window, to the extents of alerts, and counting what was
// found. How detections are found: window-parts.ts; how extents unite: pieces.ts.
import type { DeriveContext, Reach } from '../core/detection/extent.ts'
import type { Member } from '../core/detection/member.ts'
import type { Rule } from '../core/rule.ts'
import type { Detect } from '../core/rule-detect.ts'
import type { Groups } from './groups.ts'
import type { MemberRecord } from './members.ts'
import type { MemberStore } from './member-store.ts'
import { type Piece, type Pieces, type QuietOf, uniteAll } from './pieces.ts'
import { placeOf, type Side, windowAt, windowSideAt } from './place.ts'
import type { TextStore } from './text-store.ts'
import { createWindowReader, type FoundExtent, type WindowReader } from './window-parts.ts'
import type { Windows } from './windows.ts'

/** What one rule of one rule set found. */
export type Tally = {
  /** Different events for which its conditions hold. */
  matches: number
  detections: number
  /** Of the matches: those without a value that windows ask for. */
  lacking: number
  /** Whether more events lay near each other than are looked at. */
  isCrowded: boolean
}

/** What the end of a backtest means for detections. */
export type End = {
  /** The evaluated mark: nothing is known of later times. */
  readonly markMs: number
  readonly settleMs: number
  /** What could not be read, by contract. */
  readonly gaps: ReadonlyMap<string, readonly Reach[]>
}

export type WindowAlerts = {
  /** Members come in order; copies were left out. */
  readonly visit: (record: Readonly<MemberRecord>) => void
  /** After the last member. */
  finish(): void
}

export type WindowAlertsOptions = {
  readonly windows: Windows
  readonly groups: Groups
  /** The ids of events that their windows need. */
  readonly texts: TextStore
  readonly ruleOf: (side: Side, rule: number) => Rule | undefined
  readonly tallyOf: (side: Side, rule: number) => Tally
  readonly end: End
  readonly quietOf: QuietOf
  readonly take: (pieces: Pieces) => void
  /** Gets the values of detections that count them, as members of alert groups. */
  readonly values: MemberStore
  /** For tests. */
  readonly partMembers?: number
}

/** Extents that are united at once. */
const EXTENTS_AT_ONCE = 20_000

export function createWindowAlerts(options: WindowAlertsOptions): WindowAlerts {
  const { windows, ruleOf, tallyOf, quietOf, take } = options
  let extents: Piece[] = []
  let place = -1
  let open: OpenWindow | undefined

  const flush = (): void => {
    if (extents.length > 0) take(uniteAll(extents, quietOf))
    extents = []
  }

  const begin = (): OpenWindow => {
    const window = windowAt(place)
    const side = windowSideAt(place)
    const rule = windows.ruleOf(window)
    const tally = tallyOf(side, rule)
    const group = windows.groupOf(window)
    const detect = ruleOf(side, rule)?.detect
    const isLack = windows.isLack(window)
    if (group === undefined || detect === undefined) return { tally, detect, isLack }
    const alertPlace = placeOf(group, side)
    const emit = (found: FoundExtent): void => {
      if (!found.isMore) tally.detections += 1
      const { first, last, count } = found
      extents.push({ place: alertPlace, first, last, count })
      addValues(options.values, alertPlace, found)
      if (extents.length === EXTENTS_AT_ONCE) flush()
    }
    const reader = createWindowReader({
      detect,
      context: contextOf(options, group),
      emit,
      onCrowded: () => {
        tally.isCrowded = true
      },
      ...(options.partMembers !== undefined && { partMembers: options.partMembers }),
    })
    return { tally, detect, isLack, reader }
  }

  return {
    visit(record) {
      if (record.place !== place || open === undefined) {
        open?.reader?.finish()
        place = record.place
        open = begin()
      }
      open.tally.matches += 1
      if (open.isLack) open.tally.lacking += 1
      open.reader?.add(memberOf(record, open.detect, options.texts))
    },
    finish() {
      open?.reader?.finish()
      open = undefined
      flush()
    },
  }
}

type OpenWindow = {
  readonly tally: Tally
  readonly detect: Detect | undefined
  readonly isLack: boolean
  /** Absent: what no window holds is only counted. */
  readonly reader?: WindowReader
}

function contextOf({ groups, end }: WindowAlertsOptions, group: number): DeriveContext {
  const { markMs, settleMs } = end
  const gaps = end.gaps.size === 0 ? [] : (end.gaps.get(groups.read(group).contract) ?? [])
  return { markMs, settleMs, gaps }
}

/** What was remembered of an event; its hash serves as its id where only equality matters. */
function memberOf(
  { high, low, time, a, b, c }: Readonly<MemberRecord>,
  detect: Detect | undefined,
  texts: TextStore,
): Member {
  switch (detect?.kind) {
    case 'travel':
      return {
        // Asked for only where events of one moment must be put in order: it may lie in a file.
        get id() {
          return texts.read(c - 1)
        },
        time,
        place: { latitude: a, longitude: b },
      }
    case 'sequence':
      return { id: keyOf(high, low), time, steps: a }
    default:
      return c === 0
        ? { id: keyOf(high, low), time }
        : { id: keyOf(high, low), time, value: keyOf(a, b) }
  }
}

/** A short text for a hash; texts are in the order of hashes. */
function keyOf(high: number, low: number): string {
  return String.fromCharCode(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff)
}

/** They lie in the same alert as their detection: its first moment stands for them. */
function addValues(store: MemberStore, place: number, { first, values }: FoundExtent): void {
  for (const value of values) {
    const high = value.charCodeAt(0) * 0x10000 + value.charCodeAt(1)
    const low = value.charCodeAt(2) * 0x10000 + value.charCodeAt(3)
    store.add({ place, high, low, time: first, a: 0, b: 0, c: 0 })
  }
}

/**
 * Puts numbers of different values in the place of numbers of events. Pieces and values come in the
 * same order; each piece that has values lies around the times of its own.
 */
export async function countValues(
  pieces: Pieces,
  values: MemberStore,
  signal: AbortSignal,
): Promise<void> {
  const { places, lasts, counts } = pieces
  let at = 0
  const seen = new Set<string>()
  await values.drain(({ place, time, high, low }) => {
    while ((places[at] ?? place) < place || (places[at] === place && (lasts[at] ?? 0) < time)) {
      at += 1
      seen.clear()
    }
    seen.add(keyOf(high, low))
    counts[at] = seen.size
  }, signal)
}

// Owns gathering what blocks told: events and matches counted once, united into the extents of
// alerts. Memory is bounded; what does not fit lies in temporary files until the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reach } from '../core/detection/extent.ts'
import type { Rule } from '../core/rule.ts'
import { type BacktestAnswer, MATCH_WORDS, MEMBER_WORDS } from '../replay/task.ts'
import { createGroups, type Groups } from './groups.ts'
import { createMemberStore, type MemberStore } from './member-store.ts'
import { createPile, type Pieces, type QuietOf, unitePlaces } from './pieces.ts'
import { groupAt, placeOf, sideAt, windowPlaceOf } from './place.ts'
import { createSightingStore, type SightingStore } from './sighting-store.ts'
import { createTextStore, type TextStore } from './text-store.ts'
import { countValues, createWindowAlerts, type Tally } from './window-alerts.ts'
import { createWindows, type Windows } from './windows.ts'

/** The rules of each rule set, by id. */
export type RulesBySide = readonly ReadonlyMap<string, Rule>[]

/** All that results are made of. */
export type Gathered = {
  readonly entries: number
  /** Different events. */
  readonly events: number
  /** Entries without a time that can be read. */
  readonly undated: number
  /** The earliest and latest time of any event that has one, ms. */
  readonly span: { readonly first: number; readonly last: number } | undefined
  readonly rules: RulesBySide
  /** Ids of the rules of all rule sets, in order. */
  readonly ruleIds: readonly string[]
  readonly groups: Groups
  readonly pieces: Pieces
  /** What rules with `detect` found, for each rule set in the order of `ruleIds`. */
  readonly tallies: readonly (readonly Tally[])[]
}

export type Ending = {
  /** Up to here everything is known, ms; absent: `settleMs` after the last entry. */
  readonly markMs?: number
  /** Silence is believed this long after it. */
  readonly settleMs: number
  /** Spans that could not be read, by contract: their silence means nothing. */
  readonly gaps?: ReadonlyMap<string, readonly Reach[]>
}

export type Collector = {
  /** Throws TooManyGroupsError, and what the file system throws. */
  readonly add: (answer: BacktestAnswer) => void
  /** Unites everything. Throws TooManyAlertsError, and the signal's reason when it aborts. */
  finish(ending: Ending, signal: AbortSignal): Promise<Gathered>
  /** Removes temporary files: texts of groups can be read until then. */
  close(): void
}

export type CollectorOptions = {
  readonly rules: RulesBySide
  /** Room in memory, for tests. */
  readonly slotsMax?: number
  readonly membersMax?: number
  readonly partMembers?: number
  readonly textBytesMax?: number
  /** Where temporary files go. */
  readonly folder?: string
}

export function createCollector({ rules, ...options }: CollectorOptions): Collector {
  const ruleIds = [...new Set(rules.flatMap((side) => [...side.keys()]))].sort()
  const folder = createFolder(options.folder)
  const texts = createTextStore(folder.path, options.textBytesMax)
  const groups = createGroups(ruleIds, texts)
  const windows = createWindows(ruleIds, groups)
  const store = createSightingStore(folder.path, options.slotsMax)
  const members = createMemberStore(folder.path, 'members', options.membersMax)
  const values = createMemberStore(folder.path, 'values', options.membersMax)
  const tallies = rules.map(() => ruleIds.map(emptyTally))
  const totals = { entries: 0, undated: 0 }
  const span = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }

  const ruleOf = (side: number, rule: number) => rules[side]?.get(ruleIds[rule] ?? '')
  const quietOf: QuietOf = (place) =>
    ruleOf(sideAt(place), groups.ruleOf(groupAt(place)))?.alert.quietMs ?? 0

  return {
    add(answer) {
      totals.entries += answer.entries
      totals.undated += answer.undated
      for (const group of answer.groups) groups.add(group)
      for (const window of answer.windows) windows.add(window)
      for (const time of answer.times) widen(span, time)
      addSightings(answer, groups, store)
      addMembers(answer, { windows, texts, members })
    },
    async finish({ markMs, settleMs, gaps = new Map() }, signal) {
      const pile = createPile(quietOf)
      let events = 0
      await store.drain((sightings) => {
        sightings.each(({ place }) => {
          if (place === 0) events += 1
        })
        pile.add(unitePlaces(sightings, quietOf))
      }, signal)
      const windowAlerts = createWindowAlerts({
        windows,
        groups,
        texts,
        ruleOf,
        tallyOf: (side, rule) => tallies[side]?.[rule] ?? emptyTally(),
        end: { markMs: markMs ?? span.last + settleMs, settleMs, gaps },
        quietOf,
        take: pile.add,
        values,
        ...(options.partMembers !== undefined && { partMembers: options.partMembers }),
      })
      await members.drain(windowAlerts.visit, signal)
      windowAlerts.finish()
      const pieces = pile.unite()
      await countValues(pieces, values, signal)
      const known = span.first <= span.last ? span : undefined
      return { ...totals, events, span: known, rules, ruleIds, groups, pieces, tallies }
    },
    close() {
      store.close()
      members.close()
      values.close()
      texts.close()
      folder.remove()
    },
  }
}

function emptyTally(): Tally {
  return { matches: 0, detections: 0, lacking: 0, isCrowded: false }
}

/** Every event once at place 0, and once more for each match. */
function addSightings(
  { ids, times, matches }: BacktestAnswer,
  groups: Groups,
  { add }: SightingStore,
): void {
  const addEvent = (event: number, place: number): void => {
    const high = ids[2 * event] ?? 0
    add({ high, low: ids[2 * event + 1] ?? 0, place, time: times[event] ?? 0 })
  }
  for (let event = 0; event < times.length; event += 1) addEvent(event, 0)
  for (let at = 0; at < matches.length; at += MATCH_WORDS) {
    const group = groups.numberOf(matches[at + 2] ?? 0, matches[at + 3] ?? 0)
    addEvent(matches[at] ?? 0, placeOf(group, matches[at + 1] ?? 0))
  }
}

type Windowed = {
  readonly windows: Windows
  readonly texts: TextStore
  readonly members: MemberStore
}

/** Every match of a rule with `detect`, in its window. */
function addMembers(answer: BacktestAnswer, { windows, texts, members }: Windowed): void {
  const { ids, times, members: words, memberIds } = answer
  const places = memberIds.map((id) => texts.add(id))
  for (let at = 0; at < words.length; at += MEMBER_WORDS) {
    const event = words[at] ?? 0
    const window = windows.numberOf(words[at + 2] ?? 0, words[at + 3] ?? 0)
    const mark = words[at + 6] ?? 0
    members.add({
      place: windowPlaceOf(window, words[at + 1] ?? 0),
      high: ids[2 * event] ?? 0,
      low: ids[2 * event + 1] ?? 0,
      time: times[event] ?? 0,
      a: words[at + 4] ?? 0,
      b: words[at + 5] ?? 0,
      c: mark > 0 ? 1 + (places[mark - 1] ?? 0) : mark,
    })
  }
}

/** Entries without a time count as of 1970, and say nothing about the span. */
function widen(span: { first: number; last: number }, time: number): void {
  if (time <= 0) return
  if (time < span.first) span.first = time
  if (time > span.last) span.last = time
}

/** A temporary folder that is made when it is needed. */
function createFolder(parent: string = tmpdir()) {
  let made: string | undefined
  return {
    path: (): string => {
      made ??= mkdtempSync(join(parent, 'tocsin-backtest-'))
      return made
    },
    remove(): void {
      if (made !== undefined) rmSync(made, { recursive: true, force: true })
      made = undefined
    },
  }
}

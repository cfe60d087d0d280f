// Owns gathering what blocks told: events and matches counted once, united into the extents of
// alerts. Memory is bounded; what does not fit lies in temporary files until the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rule } from '../core/rule.ts'
import { type BacktestAnswer, MATCH_WORDS } from '../replay/task.ts'
import { createGroups, type Groups } from './groups.ts'
import { createPile, type Pieces, type QuietOf, unitePlaces } from './pieces.ts'
import { groupAt, placeOf, sideAt } from './place.ts'
import { createSightingStore, type SightingStore } from './sighting-store.ts'
import { createTextStore } from './text-store.ts'

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
}

export type Collector = {
  /** Throws TooManyGroupsError, and what the file system throws. */
  readonly add: (answer: BacktestAnswer) => void
  /** Unites everything. Throws TooManyAlertsError, and the signal's reason when it aborts. */
  finish(signal: AbortSignal): Promise<Gathered>
  /** Removes temporary files: texts of groups can be read until then. */
  close(): void
}

export type CollectorOptions = {
  readonly rules: RulesBySide
  /** Room in memory, for tests. */
  readonly slotsMax?: number
  readonly textBytesMax?: number
  /** Where temporary files go. */
  readonly folder?: string
}

export function createCollector({ rules, ...options }: CollectorOptions): Collector {
  const ruleIds = [...new Set(rules.flatMap((side) => [...side.keys()]))].sort()
  const folder = createFolder(options.folder)
  const texts = createTextStore(folder.path, options.textBytesMax)
  const groups = createGroups(ruleIds, texts)
  const store = createSightingStore(folder.path, options.slotsMax)
  const totals = { entries: 0, undated: 0 }
  const span = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }

  const quietOf: QuietOf = (place) => {
    const id = ruleIds[groups.ruleOf(groupAt(place))] ?? ''
    return rules[sideAt(place)]?.get(id)?.alert.quietMs ?? 0
  }

  return {
    add(answer) {
      totals.entries += answer.entries
      totals.undated += answer.undated
      for (const group of answer.groups) groups.add(group)
      for (const time of answer.times) widen(span, time)
      addSightings(answer, groups, store)
    },
    async finish(signal) {
      const pile = createPile(quietOf)
      let events = 0
      await store.drain((sightings) => {
        sightings.each(({ place }) => {
          if (place === 0) events += 1
        })
        pile.add(unitePlaces(sightings, quietOf))
      }, signal)
      const pieces = pile.unite()
      const known = span.first <= span.last ? span : undefined
      return { ...totals, events, span: known, rules, ruleIds, groups, pieces }
    },
    close() {
      store.close()
      texts.close()
      folder.remove()
    },
  }
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

// Owns gathering what blocks told: events and matches counted once, united into the extents of
// alerts. Memory is bounded; what does not fit lies in temporary files until the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Rule } from '../core/rule.ts'
import { type BacktestAnswer, MATCH_WORDS } from '../replay/task.ts'
import { createGroups, type Groups } from './groups.ts'
import { createPile, type Pieces, type QuietOf, unitePlaces } from './pieces.ts'
import { groupAt, placeOf, sideAt } from './place.ts'
import { createSightingFiles, LEVELS_MAX, PARTS, type SightingFiles } from './sighting-files.ts'
import { createSightings, type Sighting } from './sightings.ts'
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
  const sightings = createSightings(options.slotsMax)
  const totals = { entries: 0, events: 0, undated: 0 }
  const span = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
  const open = new Map<number, SightingFiles>()
  const quietOf: QuietOf = (place) => {
    const id = ruleIds[groups.ruleOf(groupAt(place))] ?? ''
    return rules[sideAt(place)]?.get(id)?.alert.quietMs ?? 0
  }

  const pile = createPile(quietOf)

  const openFiles = (level: number): SightingFiles => {
    if (level >= LEVELS_MAX) throw new RangeError('events of one hash fill the memory')
    const files = createSightingFiles(join(folder.path(), `level-${level}`), level)
    open.set(level, files)
    return files
  }

  /** Adds to memory; when that is full, everything goes into the files of a level. */
  const addAt = (level: number, { high, low, place, time }: Sighting): void => {
    if (sightings.add(high, low, place, time)) return
    const files = open.get(level) ?? openFiles(level)
    sightings.each(files.add)
    sightings.clear()
    sightings.add(high, low, place, time)
  }

  /** Counts and unites what was added at a level, part by part where it lies in files. */
  const drain = async (level: number, signal: AbortSignal): Promise<void> => {
    const files = open.get(level)
    if (files === undefined) {
      sightings.each(({ place }) => {
        if (place === 0) totals.events += 1
      })
      pile.add(unitePlaces(sightings, quietOf))
      sightings.clear()
      return
    }
    sightings.each(files.add)
    sightings.clear()
    for (let part = 0; part < PARTS; part += 1) {
      // Signals and timers get their turn.
      await nextTurn()
      signal.throwIfAborted()
      files.take(part, (sighting) => addAt(level + 1, sighting))
      await drain(level + 1, signal)
    }
    files.close()
    open.delete(level)
  }

  const widen = (time: number): void => {
    if (time < span.first) span.first = time
    if (time > span.last) span.last = time
  }

  return {
    add({ entries, undated, ids, times, matches, groups: told }) {
      totals.entries += entries
      totals.undated += undated
      for (const group of told) groups.add(group)
      for (let event = 0; event < times.length; event += 1) {
        const time = times[event] ?? 0
        if (time > 0) widen(time)
        const high = ids[2 * event] ?? 0
        addAt(0, { high, low: ids[2 * event + 1] ?? 0, place: 0, time })
      }
      for (let at = 0; at < matches.length; at += MATCH_WORDS) {
        const event = matches[at] ?? 0
        const group = groups.numberOf(matches[at + 2] ?? 0, matches[at + 3] ?? 0)
        const place = placeOf(group, matches[at + 1] ?? 0)
        const high = ids[2 * event] ?? 0
        addAt(0, { high, low: ids[2 * event + 1] ?? 0, place, time: times[event] ?? 0 })
      }
    },
    async finish(signal) {
      await drain(0, signal)
      const hasTimes = span.first <= span.last
      const pieces = pile.unite()
      return { ...totals, span: hasTimes ? span : undefined, rules, ruleIds, groups, pieces }
    },
    close() {
      for (const files of open.values()) files.close()
      texts.close()
      folder.remove()
    },
  }
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

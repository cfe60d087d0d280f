// Owns how an entry becomes hits of an answer: late, twice, or with something broken beside it.
import { isObject } from '../core/shape.ts'
import type { Entry } from './entries.ts'
import type { Faults } from './faults.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'

/** One hit of an answer: its place in time, and since when the API shows it. */
export type Row = {
  readonly timeMs: number
  readonly visibleAtMs: number
  readonly hit: unknown
  /** `copy`: the same entry once more; `damaged`: no entry, or one without a time. */
  readonly kind: 'entry' | 'copy' | 'damaged'
}

/** The hits for an entry; its faults hang on its key alone, so that they stay when asked again. */
export function rowsOf(entry: Entry, seed: string, faults: Faults): readonly Row[] {
  const { timeMs } = entry
  const hit = { _source: entry.source }
  const { late, duplicates = 0, damaged = 0 } = faults
  if (late === undefined && duplicates === 0 && damaged === 0) {
    return [{ timeMs, visibleAtMs: timeMs, hit, kind: 'entry' }]
  }
  const random = createRandom(seed, 'fault', entry.key)
  const isLate = random.chance(late?.probability ?? 0)
  const delayMs = Math.ceil(random.next() * (late?.ms ?? 0))
  const visibleAtMs = timeMs + (isLate ? delayMs : 0)
  const rows: Row[] = [{ timeMs, visibleAtMs, hit, kind: 'entry' }]
  if (random.chance(duplicates)) rows.push({ timeMs, visibleAtMs, hit, kind: 'copy' })
  if (random.chance(damaged)) {
    rows.push({ timeMs, visibleAtMs, hit: damage(entry, random), kind: 'damaged' })
  }
  return rows
}

/** A row of something put in by hand; what is no entry with a time counts as damaged. */
export function rowOfHit(hit: unknown, placeMs: number, visibleAtMs = placeMs): Row {
  const kind = timeOfHit(hit) === undefined ? 'damaged' : 'entry'
  return { timeMs: placeMs, visibleAtMs, hit, kind }
}

/** The time a hit tells, if it is an entry with one. */
export function timeOfHit(hit: unknown): number | undefined {
  const source = isObject(hit) ? hit['_source'] : undefined
  const meta = isObject(source) ? source['meta'] : undefined
  const time = isObject(meta) ? meta['time'] : undefined
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : timeMs
}

/** Broken in one of the ways a reader must survive; no two broken texts or entries are equal. */
function damage(entry: Entry, random: Random): unknown {
  const uuid = random.uuid()
  const { meta, ...rest } = entry.source
  const { time: _, ...timeless } = isObject(meta) ? meta : {}
  return random.pick([
    {},
    { _source: null },
    { _source: `broken entry ${uuid}` },
    { _source: { ...rest, '@uuid': uuid, meta: timeless } },
  ])
}

// Owns what the reader needs to know of an entry: identity, time, and whether it is one at all.
import { entryId } from '../core/entry-id.ts'
import { parseTime } from '../core/entry-time.ts'
import { fieldsOf, isFields } from '../core/fields.ts'

/** One entry as it was read. */
export type ReadEntry = {
  readonly id: string
  /** When it happened (ms); undefined when the entry doesn't say. */
  readonly time: number | undefined
  /** False for a hit that is no object, or whose `_source` isn't: nothing can judge that. */
  readonly usable: boolean
  /** The entry itself, unchanged. */
  readonly entry: unknown
}

export function readEntry(hit: unknown, contract: string): ReadEntry {
  const usable = isFields(hit) && !('_source' in hit)
  return {
    id: entryId(isFields(hit) ? hit : { hit }, contract),
    time: usable ? parseTime(fieldsOf(hit['meta'])['time']) : undefined,
    usable,
    entry: hit,
  }
}

/** Oldest first, those without a time last; equal times by id, so that it is the same each time. */
export function compareEntries(left: ReadEntry, right: ReadEntry): number {
  const leftTime = left.time ?? Number.POSITIVE_INFINITY
  const rightTime = right.time ?? Number.POSITIVE_INFINITY
  if (leftTime !== rightTime) return leftTime < rightTime ? -1 : 1
  return left.id < right.id ? -1 : Number(left.id > right.id)
}

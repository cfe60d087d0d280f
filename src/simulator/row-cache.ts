// Owns the rows of whole buckets once they are made: how many are kept, and which go first.
import type { Row } from './rows.ts'

export type RowCache = {
  /** The rows of a bucket, made by `make` when they are not kept. */
  rows(key: string, make: () => readonly Row[]): readonly Row[]
  /** How many rows the bucket has, if that is still known. */
  count(key: string): number | undefined
  clear(): void
}

/** Rows kept, an empty bucket as one: ten minutes at 10,000 a minute, some 100 MB at most. */
const ROWS_KEPT_MAX = 100_000
/** Buckets whose number of rows is remembered: 115 days in a few MB. */
const COUNTS_KEPT_MAX = 1_000_000

export function createRowCache(): RowCache {
  const kept = new Map<string, readonly Row[]>()
  const counts = new Map<string, number>()
  let rowsKept = 0

  function makeRoom(): void {
    for (const [key, rows] of kept) {
      if (rowsKept <= ROWS_KEPT_MAX) break
      kept.delete(key)
      rowsKept -= rows.length + 1
    }
    if (counts.size >= COUNTS_KEPT_MAX) counts.clear()
  }

  return {
    rows(key, make) {
      const known = kept.get(key)
      if (known !== undefined) return known
      const rows = make()
      rowsKept += rows.length + 1
      makeRoom()
      kept.set(key, rows)
      counts.set(key, rows.length)
      return rows
    },
    count: (key) => counts.get(key),
    clear() {
      kept.clear()
      counts.clear()
      rowsKept = 0
    },
  }
}

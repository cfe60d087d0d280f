// Owns what the simulator holds and what of it can be seen when. How entries are made: generator.ts.
import type { Clock } from '../core/clock.ts'
import { isObject } from '../core/shape.ts'
import type { Span } from './company.ts'
import type { Faults } from './faults.ts'
import { BUCKET_MS } from './generator.ts'
import type { Generator } from './generator.ts'
import { createRowCache } from './row-cache.ts'
import { rowOfHit, rowsOf, timeOfHit } from './rows.ts'
import type { Row } from './rows.ts'
import type { Contract } from './scenario.ts'

/** How hits stand in an answer; the API promises none. */
export type Order = 'newest' | 'oldest'

/** What one request sees of a window. */
export type View = {
  readonly total: number
  rows(offset: number, limit: number): readonly Row[]
}

export type Store = {
  view(contract: Contract, span: Span): View
  /** Every entry of the span once, oldest first, whether it can be seen yet or not. */
  entriesHeld(contract: Contract, span: Span): readonly unknown[]
  /** Puts in raw hits, each at its own time, or at `placeMs` when it has none. */
  addHits(contract: Contract, hits: readonly unknown[], options?: AddOptions): void
  setFaults(faults: Faults): void
}

export type AddOptions = { readonly placeMs?: number; readonly visibleAtMs?: number }

export type StoreOptions = {
  readonly generator: Generator
  readonly seed: string
  readonly clock: Clock
  /** Nothing is generated before. */
  readonly historyFromMs: number
  readonly faults: Faults
  readonly order: Order
}

/** A part of a window: how many rows it shows, and they themselves once they are needed. */
type Segment = { readonly count: number; rows(): readonly Row[] }

export function createStore({
  generator,
  seed,
  clock,
  historyFromMs,
  ...rest
}: StoreOptions): Store {
  let { faults } = rest
  const firstBucket = Math.floor(historyFromMs / BUCKET_MS)
  const injected = new Map<string, Map<number, Row[]>>()
  const cache = createRowCache()

  function rowsOfBucket(contract: Contract, bucket: number): readonly Row[] {
    return cache.rows(`${contract.number}.${bucket}`, () => {
      const generated = bucket < firstBucket ? [] : generator.entriesOf(contract, bucket)
      const rows = generated.flatMap((entry) => rowsOf(entry, seed, faults))
      const added = injected.get(contract.number)?.get(bucket)
      return added === undefined ? rows : rows.concat(added).sort((a, b) => a.timeMs - b.timeMs)
    })
  }

  /** Which buckets may hold something of the span, oldest first. */
  function bucketsWithin(contract: Contract, { fromMs, toMs }: Span): readonly number[] {
    const added = [...(injected.get(contract.number)?.keys() ?? [])].filter(
      (bucket) => (bucket + 1) * BUCKET_MS > fromMs && bucket * BUCKET_MS < toMs,
    )
    const silent = contract.users.length === 0 && contract.attacks.length === 0
    if (silent) return added.sort((a, b) => a - b)
    const first = Math.max(firstBucket, Math.floor(fromMs / BUCKET_MS))
    const last = Math.ceil(toMs / BUCKET_MS) - 1
    const generated = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
    const outside = added.filter((bucket) => bucket < first || bucket > last)
    return outside.length === 0 ? generated : [...outside, ...generated].sort((a, b) => a - b)
  }

  function segmentOf(contract: Contract, bucket: number, span: Span): Segment {
    const nowMs = clock.now()
    const whole = bucket * BUCKET_MS >= span.fromMs && (bucket + 1) * BUCKET_MS <= span.toMs
    const settled = (bucket + 1) * BUCKET_MS + (faults.late?.ms ?? 0) <= nowMs
    const added = injected.get(contract.number)?.has(bucket) === true
    if (whole && settled && !added) {
      const rows = () => rowsOfBucket(contract, bucket)
      return { count: cache.count(`${contract.number}.${bucket}`) ?? rows().length, rows }
    }
    const rows = rowsOfBucket(contract, bucket).filter(
      (row) => isInside(row, span) && row.visibleAtMs <= nowMs,
    )
    return { count: rows.length, rows: () => rows }
  }

  return {
    view(contract, span) {
      const visible = { fromMs: span.fromMs, toMs: Math.min(span.toMs, clock.now() + 1) }
      const segments = bucketsWithin(contract, visible).map((bucket) =>
        segmentOf(contract, bucket, visible),
      )
      if (rest.order === 'newest') segments.reverse()
      return {
        total: segments.reduce((sum, segment) => sum + segment.count, 0),
        rows: (offset, limit) => slice(segments, { offset, limit, order: rest.order }),
      }
    },
    entriesHeld: (contract, span) =>
      bucketsWithin(contract, span)
        .flatMap((bucket) => rowsOfBucket(contract, bucket))
        .filter((row) => row.kind === 'entry' && isInside(row, span))
        .map(({ hit }) => (isObject(hit) ? hit['_source'] : hit)),
    addHits(contract, hits, { placeMs = clock.now(), visibleAtMs } = {}) {
      const own = injected.get(contract.number) ?? new Map<number, Row[]>()
      injected.set(contract.number, own)
      for (const hit of hits) {
        const row = rowOfHit(hit, timeOfHit(hit) ?? placeMs, visibleAtMs)
        const bucket = Math.floor(row.timeMs / BUCKET_MS)
        const rows = own.get(bucket)
        if (rows === undefined) own.set(bucket, [row])
        else rows.push(row)
      }
      cache.clear()
    },
    setFaults(next) {
      faults = next
      cache.clear()
    },
  }
}

function isInside(row: Row, { fromMs, toMs }: Span): boolean {
  return row.timeMs >= fromMs && row.timeMs < toMs
}

function slice(
  segments: readonly Segment[],
  {
    offset,
    limit,
    order,
  }: { readonly offset: number; readonly limit: number; readonly order: Order },
): readonly Row[] {
  const found: Row[] = []
  let skip = offset
  for (const segment of segments) {
    if (found.length >= limit) break
    if (skip >= segment.count) {
      skip -= segment.count
      continue
    }
    const rows = order === 'newest' ? segment.rows().toReversed() : segment.rows()
    found.push(...rows.slice(skip, skip + limit - found.length))
    skip = 0
  }
  return found
}

// Owns what every store of reads, marks, batches and seen ids promises; memory and Redis run the
// same tests. The sums of the ledger: coverage.contract.ts.
import { expect, it } from 'vitest'
import type {
  BatchStore,
  CoverageStore,
  FoundEntry,
  MarkStore,
  ReadLeaseStore,
  ReadStore,
  SeenStore,
  Span,
  WindowRecord,
} from '../../src/state/stores.ts'

export const HOUR_MS = 3_600_000

export type ReadStores = {
  readonly reads: ReadStore
  readonly marks: MarkStore
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly coverage: CoverageStore
  readonly readLeases: ReadLeaseStore
}

export const span = (from: number, to: number): Span => ({ from, to })

export function record(window: Span, changes: Partial<WindowRecord> = {}): WindowRecord {
  const counts = { total: 0, known: 0, entries: 0, fresh: 0 }
  return { window, proven: true, ...counts, at: window.to, ...changes }
}

/** Entries as the reader found them, a minute late. */
export function found(times: Readonly<Record<string, number>>): readonly FoundEntry[] {
  return Object.entries(times).map(([id, time]) => ({ id, time, usable: true, delaySeconds: 60 }))
}

/** Without any lease ever given, this is the fence. */
export const NO_FENCE = 0

export function describeReadStore(open: () => ReadStores): void {
  it('has no mark before the first window', async () => {
    expect(await open().reads.mark('1')).toBeUndefined()
  })

  it('begins a contract once, and tells later runs where', async () => {
    const { reads } = open()
    expect(await reads.begin('1', 4_000)).toEqual({ since: 4_000, mark: 4_000, isFirst: true })
    await reads.finishWindow('1', record(span(4_000, 9_000)), NO_FENCE)
    expect(await reads.begin('1', 8_000)).toEqual({ since: 4_000, mark: 9_000, isFirst: false })
    expect(await reads.begin('2', 8_000)).toEqual({ since: 8_000, mark: 8_000, isFirst: true })
    expect(await reads.contracts()).toEqual(['1', '2'])
  })

  it('moves the mark to the end of a window, and never back', async () => {
    const { reads } = open()
    await reads.finishWindow('1', record(span(0, 5_000)), NO_FENCE)
    expect(await reads.mark('1')).toBe(5_000)
    await reads.finishWindow('1', record(span(0, 3_000)), NO_FENCE)
    expect(await reads.mark('1')).toBe(5_000)
    await reads.finishWindow('1', record(span(0, 1_763_600_000_000)), NO_FENCE)
    expect(await reads.mark('1')).toBe(1_763_600_000_000)
    expect(await reads.mark('2')).toBeUndefined()
  })

  it('keeps the windows in the ledger, the newest first', async () => {
    const { reads } = open()
    const first = record(span(0, 5_000), { total: 7, known: 7, entries: 6, fresh: 5, at: 6_000 })
    const second = record(span(5_000, 9_000), { proven: false, total: 3, known: 2 })
    await reads.finishWindow('1', first, NO_FENCE)
    await reads.finishWindow('1', second, NO_FENCE)
    expect(await reads.windows('1', 9)).toEqual([second, first])
    expect(await reads.windows('1', 1)).toEqual([second])
  })

  it('remembers unproven spans, oldest first, until a read proves a window around them', async () => {
    const { reads } = open()
    const unproven = { proven: false, at: 7_000 }
    await reads.finishWindow('1', record(span(2_000, 3_000), unproven), NO_FENCE)
    await reads.finishWindow('1', record(span(1_000, 2_000), unproven), NO_FENCE)
    await reads.finishWindow('1', record(span(1_000, 2_000), { ...unproven, at: 8_000 }), NO_FENCE)
    const older = { ...span(1_000, 2_000), reason: 'unproven', foundAt: 7_000 }
    const newer = { ...span(2_000, 3_000), reason: 'unproven', foundAt: 7_000 }
    expect(await reads.unproven('1', 10)).toEqual([older, newer])
    expect(await reads.unproven('1', 1)).toEqual([older])
    await reads.prove('1', span(1_500, 2_900), 9_000, NO_FENCE)
    expect(await reads.unproven('1', 10)).toEqual([older, newer])
    await reads.prove('1', span(500, 2_500), 9_000, NO_FENCE)
    expect(await reads.unproven('1', 10)).toEqual([newer])
    await reads.finishWindow('1', record(span(0, 3_000)), NO_FENCE)
    expect(await reads.unproven('1', 10)).toEqual([])
  })
}

export function describeMarkStore(open: () => ReadStores): void {
  const readTo = async ({ reads }: ReadStores, to: number) =>
    await reads.finishWindow('1', record(span(0, to)), NO_FENCE)
  const announce = async ({ batches }: ReadStores, id: string, time: number) =>
    await batches.announce('1', { id, time }, NO_FENCE)
  const finish = async ({ batches }: ReadStores, id: string) =>
    await batches.finish('1', { id, window: span(0, 9_000) }, 'v1')
  const poison = async ({ batches }: ReadStores, id: string, gap: Span) =>
    await batches.poison('1', { id, window: span(0, 9_000), span: gap, entries: [], at: 70 })

  it('has no mark before the first read, and the read mark while nothing is under way', async () => {
    const stores = open()
    expect(await stores.marks.evaluated('1')).toBeUndefined()
    await readTo(stores, 1_763_600_000_000)
    expect(await stores.marks.evaluated('1')).toBe(1_763_600_000_000)
    expect(await stores.marks.evaluated('2')).toBeUndefined()
  })

  it('stays at the first entry of what is under way, whatever order it ends in', async () => {
    const stores = open()
    const { marks } = stores
    await readTo(stores, 1_000)
    await announce(stores, 'b-1', 1_500)
    await announce(stores, 'b-2', 1_700)
    await announce(stores, 'b-3', 1_900)
    expect(await marks.evaluated('1')).toBe(1_000)
    await readTo(stores, 2_000)
    expect(await marks.evaluated('1')).toBe(1_500)
    await finish(stores, 'b-2')
    expect(await marks.evaluated('1')).toBe(1_500)
    await finish(stores, 'b-1')
    await finish(stores, 'b-1')
    expect(await marks.evaluated('1')).toBe(1_900)
    await finish(stores, 'b-3')
    expect(await marks.evaluated('1')).toBe(2_000)
  })

  it('is not moved back by entries that became visible late, and waits for them', async () => {
    const stores = open()
    const { marks } = stores
    await readTo(stores, 5_000)
    await announce(stores, 'b-1', 200)
    expect(await marks.evaluated('1')).toBe(5_000)
    await readTo(stores, 9_000)
    expect(await marks.evaluated('1')).toBe(5_000)
    await announce(stores, 'b-1', 8_000)
    expect(await marks.evaluated('1')).toBe(5_000)
    await finish(stores, 'b-1')
    expect(await marks.evaluated('1')).toBe(9_000)
  })

  it('passes a poisoned batch, which is a gap from then on', async () => {
    const stores = open()
    const { marks } = stores
    await readTo(stores, 1_000)
    await announce(stores, 'b-1', 1_500)
    await readTo(stores, 2_000)
    expect(await marks.gaps('1', span(0, 9_000))).toEqual([])
    await poison(stores, 'b-1', span(1_500, 1_601))
    await poison(stores, 'b-1', span(1_500, 1_999))
    expect(await marks.evaluated('1')).toBe(2_000)
    expect(await marks.gaps('1', span(0, 9_000))).toEqual([
      { ...span(1_500, 1_601), reason: 'poisoned', foundAt: 70 },
    ])
  })

  it('a poisoned gap is closed when its entries were read again and evaluated', async () => {
    const stores = open()
    const { marks, reads } = stores
    const gaps = async () => (await marks.gaps('1', span(0, 9_000))).map(({ from }) => from)
    await readTo(stores, 1_000)
    await announce(stores, 'b-1', 1_500)
    await readTo(stores, 2_000)
    await poison(stores, 'b-1', span(1_500, 1_601))
    await announce(stores, 'b-2', 1_500)
    await reads.prove('1', span(1_000, 2_000), 80, NO_FENCE)
    expect(await gaps()).toEqual([1_500])
    await readTo(stores, 3_000)
    expect(await gaps()).toEqual([1_500])
    await finish(stores, 'b-2')
    await reads.prove('1', span(1_600, 2_000), 90, NO_FENCE)
    expect(await gaps()).toEqual([1_500])
    await reads.prove('1', span(1_000, 2_000), 95, NO_FENCE)
    expect(await gaps()).toEqual([])
  })

  it('tells the gaps that a span touches, its ends taken exactly', async () => {
    const { reads, marks } = open()
    for (const from of [5_000, 1_000, 3_000]) {
      const window = span(from, from + 1_000)
      await reads.finishWindow('1', record(window, { proven: false }), NO_FENCE)
    }
    await reads.giveUp('1', [span(3_000, 4_000)])
    const unproven = await reads.unproven('1', 9)
    expect(unproven.map(({ from }) => from)).toEqual([1_000, 5_000])
    const asked: [from: number, to: number, starts: number[]][] = [
      [0, 9_000, [1_000, 3_000, 5_000]],
      [0, 1_000, []],
      [0, 1_001, [1_000]],
      [1_999, 3_000, [1_000]],
      [2_000, 3_000, []],
      [3_500, 3_600, [3_000]],
      [5_999, 5_999.5, [5_000]],
      [6_000, 9_000, []],
    ]
    for (const [from, to, starts] of asked) {
      const gaps = await marks.gaps('1', span(from, to))
      expect(gaps.map((gap) => gap.from)).toEqual(starts)
    }
    const [, given] = await marks.gaps('1', span(0, 9_000))
    expect(given).toEqual({ ...span(3_000, 4_000), reason: 'given-up', foundAt: 4_000 })
    expect(await marks.gaps('2', span(0, 9_000))).toEqual([])
  })

  it('lists what is under way, the oldest first, until it is taken back', async () => {
    const stores = open()
    const { batches, marks } = stores
    await announce(stores, 'b-2', 2_000)
    await announce(stores, 'b-1', 1_000)
    await announce(stores, 'b-3', 3_000)
    await finish(stores, 'b-3')
    expect(await batches.waiting('1', 9)).toEqual(['b-1', 'b-2'])
    expect(await batches.waiting('1', 1)).toEqual(['b-1'])
    expect(await batches.waiting('2', 9)).toEqual([])
    await batches.forget('1', ['b-1', 'b-9'], 70)
    expect(await batches.waiting('1', 9)).toEqual(['b-2'])
    expect(await marks.gaps('1', span(0, 9_000))).toEqual([])
  })

  it('what was remembered and is not on the queue is lost, and that is a gap', async () => {
    const stores = open()
    const { batches, marks } = stores
    await announce(stores, 'b-1', 1_000)
    const entries = found({ a: 1_000 })
    await batches.remember('1', { window: span(0, 2_000), batch: 'b-1', entries }, NO_FENCE)
    await batches.forget('1', ['b-1'], 70)
    expect(await marks.gaps('1', span(0, 9_000))).toEqual([
      { ...span(1_000, 1_001), reason: 'lost', foundAt: 70 },
    ])
  })
}

export function describeSeenStore(open: () => ReadStores): void {
  it('tells in order which ids are known', async () => {
    const { batches, seen } = open()
    const keys = ['a', 'b', 'c'].map((id, at) => ({ id, time: at * HOUR_MS }))
    const window = span(0, HOUR_MS)
    const entries = found({ a: 0, c: 2 * HOUR_MS })
    await batches.remember('1', { window, batch: undefined, entries }, NO_FENCE)
    expect(await seen.seen('1', keys)).toEqual([true, false, true])
    expect(await seen.seen('2', keys)).toEqual([false, false, false])
    expect(await seen.seen('1', [])).toEqual([])
  })

  it('forgets the entries of a poisoned batch, so that they come again', async () => {
    const { batches, seen } = open()
    const key = { id: 'a', time: 10 }
    const window = span(0, 20)
    await batches.announce('1', { id: 'b-1', time: 10 }, NO_FENCE)
    await batches.remember('1', { window, batch: 'b-1', entries: found({ a: 10 }) }, NO_FENCE)
    const poisoned = { id: 'b-1', window, span: span(10, 11), entries: [key], at: 70 }
    await batches.poison('1', poisoned)
    expect(await seen.seen('1', [key])).toEqual([false])
  })
}

export function describeLeaseStore(open: () => ReadStores): void {
  it('gives a contract to one reader, and a higher fence to the next', async () => {
    const { readLeases: leases } = open()
    const fence = (await leases.acquire('1', 60_000)) ?? 0
    expect(await leases.acquire('1', 60_000)).toBeUndefined()
    expect(await leases.acquire('2', 60_000)).toBeDefined()
    expect(await leases.renew([{ contract: '1', fence }], 60_000)).toEqual([true])
    await leases.release([{ contract: '1', fence: fence + 1 }])
    expect(await leases.acquire('1', 60_000)).toBeUndefined()
    await leases.release([{ contract: '1', fence }])
    expect(await leases.acquire('1', 60_000)).toBe(fence + 1)
    expect(await leases.renew([{ contract: '1', fence }], 60_000)).toEqual([false])
  })

  it('a reader that lost its lease writes nothing any more', async () => {
    const { readLeases: leases, reads, batches, seen } = open()
    const old = (await leases.acquire('1', 60_000)) ?? 0
    await leases.release([{ contract: '1', fence: old }])
    expect(await reads.finishWindow('1', record(span(0, 5_000)), old)).toBe('written')
    const fence = (await leases.acquire('1', 60_000)) ?? 0
    const late = span(0, 9_000)
    const entries = found({ a: 7_000 })
    expect(await reads.finishWindow('1', record(late), old)).toBe('fenced')
    expect(await reads.prove('1', late, 70, old)).toBe('fenced')
    expect(await batches.announce('1', { id: 'b-1', time: 1 }, old)).toBe('fenced')
    expect(await batches.remember('1', { window: late, batch: 'b-1', entries }, old)).toBe('fenced')
    expect(await reads.mark('1')).toBe(5_000)
    expect(await batches.waiting('1', 9)).toEqual([])
    expect(await seen.seen('1', entries)).toEqual([false])
    expect(await reads.finishWindow('1', record(late), fence)).toBe('written')
  })
}

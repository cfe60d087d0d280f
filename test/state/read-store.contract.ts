// Owns what every store of reads and seen ids promises; memory and Redis run the same tests.
import { expect, it } from 'vitest'
import type { BatchStore, MarkStore, ReadStore, SeenStore } from '../../src/state/stores.ts'

const HOUR_MS = 3_600_000

export function describeReadStore(open: () => ReadStore): void {
  it('has no mark before the first window', async () => {
    expect(await open().mark('1')).toBeUndefined()
  })

  it('begins a contract once, and tells later runs where', async () => {
    const reads = open()
    expect(await reads.begin('1', 4_000)).toEqual({ since: 4_000, mark: 4_000, isFirst: true })
    await reads.finishWindow('1', { from: 4_000, to: 9_000 }, [])
    expect(await reads.begin('1', 8_000)).toEqual({ since: 4_000, mark: 9_000, isFirst: false })
    expect(await reads.begin('2', 8_000)).toEqual({ since: 8_000, mark: 8_000, isFirst: true })
  })

  it('moves the mark to the end of a window, and never back', async () => {
    const reads = open()
    await reads.finishWindow('1', { from: 0, to: 5_000 }, [])
    expect(await reads.mark('1')).toBe(5_000)
    await reads.finishWindow('1', { from: 0, to: 3_000 }, [])
    expect(await reads.mark('1')).toBe(5_000)
    await reads.finishWindow('1', { from: 0, to: 1_763_600_000_000 }, [])
    expect(await reads.mark('1')).toBe(1_763_600_000_000)
    expect(await reads.mark('2')).toBeUndefined()
  })

  it('remembers unproven spans, oldest first, until they are proven', async () => {
    const reads = open()
    const spans = [
      { from: 2_000, to: 3_000 },
      { from: 1_000, to: 2_000 },
    ]
    await reads.finishWindow('1', { from: 0, to: 5_000 }, spans)
    expect(await reads.unproven('1', 10)).toEqual([spans[1], spans[0]])
    expect(await reads.unproven('1', 1)).toEqual([spans[1]])
    await reads.prove('1', [{ from: 1_000, to: 2_000 }])
    expect(await reads.unproven('1', 10)).toEqual([spans[0]])
    await reads.prove('1', [])
    expect((await reads.unproven('1', 10)).length).toBe(1)
  })
}

export type MarkStores = {
  readonly reads: ReadStore
  readonly marks: MarkStore
  readonly batches: BatchStore
}

export function describeMarkStore(open: () => MarkStores): void {
  const window = (from: number, to: number) => ({ from, to })

  it('has no mark before the first read, and the read mark while nothing is under way', async () => {
    const { reads, marks } = open()
    expect(await marks.evaluated('1')).toBeUndefined()
    await reads.finishWindow('1', window(0, 1_763_600_000_000), [])
    expect(await marks.evaluated('1')).toBe(1_763_600_000_000)
    expect(await marks.evaluated('2')).toBeUndefined()
  })

  it('stays at the first entry of what is under way, whatever order it ends in', async () => {
    const { reads, marks, batches } = open()
    await reads.finishWindow('1', window(0, 1_000), [])
    await batches.announce('1', { id: 'b-1', time: 1_500 })
    await batches.announce('1', { id: 'b-2', time: 1_700 })
    await batches.announce('1', { id: 'b-3', time: 1_900 })
    expect(await marks.evaluated('1')).toBe(1_000)
    await reads.finishWindow('1', window(1_000, 2_000), [])
    expect(await marks.evaluated('1')).toBe(1_500)
    await batches.finish('1', 'b-2')
    expect(await marks.evaluated('1')).toBe(1_500)
    await batches.finish('1', 'b-1')
    await batches.finish('1', 'b-1')
    expect(await marks.evaluated('1')).toBe(1_900)
    await batches.finish('1', 'b-3')
    expect(await marks.evaluated('1')).toBe(2_000)
  })

  it('is not moved back by entries that became visible late, and waits for them', async () => {
    const { reads, marks, batches } = open()
    await reads.finishWindow('1', window(0, 5_000), [])
    await batches.announce('1', { id: 'b-1', time: 200 })
    expect(await marks.evaluated('1')).toBe(5_000)
    await reads.finishWindow('1', window(5_000, 9_000), [])
    expect(await marks.evaluated('1')).toBe(5_000)
    await batches.announce('1', { id: 'b-1', time: 8_000 })
    expect(await marks.evaluated('1')).toBe(5_000)
    await batches.finish('1', 'b-1')
    expect(await marks.evaluated('1')).toBe(9_000)
  })

  it('passes a poisoned batch, which is a gap from then on', async () => {
    const { reads, marks, batches } = open()
    await reads.finishWindow('1', window(0, 1_000), [])
    await batches.announce('1', { id: 'b-1', time: 1_500 })
    await reads.finishWindow('1', window(1_000, 2_000), [])
    expect(await marks.gaps('1', window(0, 9_000))).toEqual([])
    await batches.poison('1', 'b-1', window(1_500, 1_601))
    await batches.poison('1', 'b-1', window(1_500, 1_601))
    expect(await marks.evaluated('1')).toBe(2_000)
    expect(await marks.gaps('1', window(0, 9_000))).toEqual([window(1_500, 1_601)])
  })

  it('tells the gaps that a span touches, its ends taken exactly', async () => {
    const { reads, marks } = open()
    const spans = [window(5_000, 6_000), window(1_000, 2_000), window(3_000, 4_000)]
    await reads.finishWindow('1', window(0, 9_000), spans)
    await reads.giveUp('1', [window(3_000, 4_000)])
    expect(await reads.unproven('1', 9)).toEqual([window(1_000, 2_000), window(5_000, 6_000)])
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
      const found = await marks.gaps('1', window(from, to))
      expect(found.map((gap) => gap.from)).toEqual(starts)
    }
    await reads.prove('1', [window(1_000, 2_000)])
    const left = await marks.gaps('1', window(0, 9_000))
    expect(left.map((gap) => gap.from)).toEqual([3_000, 5_000])
    expect(await marks.gaps('2', window(0, 9_000))).toEqual([])
  })

  it('lists what is under way, the oldest first', async () => {
    const { batches } = open()
    await batches.announce('1', { id: 'b-2', time: 2_000 })
    await batches.announce('1', { id: 'b-1', time: 1_000 })
    await batches.announce('1', { id: 'b-3', time: 3_000 })
    await batches.finish('1', 'b-3')
    expect(await batches.waiting('1', 9)).toEqual(['b-1', 'b-2'])
    expect(await batches.waiting('1', 1)).toEqual(['b-1'])
    expect(await batches.waiting('2', 9)).toEqual([])
  })
}

export function describeSeenStore(open: () => SeenStore): void {
  it('tells in order which ids were seen', async () => {
    const seen = open()
    const keys = ['a', 'b', 'c'].map((id, at) => ({ id, time: at * HOUR_MS }))
    await seen.add('1', [keys[0], keys[2]] as typeof keys)
    expect(await seen.seen('1', keys)).toEqual([true, false, true])
    expect(await seen.seen('2', keys)).toEqual([false, false, false])
    expect(await seen.seen('1', [])).toEqual([])
  })

  it('forgets an id that is removed', async () => {
    const seen = open()
    const key = { id: 'a', time: 10 }
    await seen.add('1', [key])
    await seen.remove('1', [key])
    expect(await seen.seen('1', [key])).toEqual([false])
  })
}

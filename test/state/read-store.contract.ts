// Owns what every store of reads and seen ids promises; memory and Redis run the same tests.
import { expect, it } from 'vitest'
import type { ReadStore, SeenStore } from '../../src/state/stores.ts'

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

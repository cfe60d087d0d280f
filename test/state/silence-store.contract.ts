// Owns what every store of silences promises; the memory and the Redis one run the same tests.
import { expect, it } from 'vitest'
import type { Silence } from '../../src/core/silence.ts'
import type { SilenceStore } from '../../src/state/stores.ts'

const DAY_MS = 86_400_000

export function sampleSilence(changes: Partial<Silence> = {}): Silence {
  return {
    id: 's1',
    matchers: [{ fact: 'rule', op: '=', value: 'rule-one' }],
    startsAt: 1_763_600_000_000,
    endsAt: 1_763_600_000_000 + 3_600_000,
    author: 'anna',
    comment: 'patching',
    createdAt: 1_763_600_000_000,
    from: 'cli',
    ...changes,
  }
}

export function describeSilenceStore(open: () => SilenceStore): void {
  it('gives back what was added, the newest first', async () => {
    const store = open()
    const older = sampleSilence()
    const newer = sampleSilence({ id: 's2', createdAt: older.createdAt + 5 })
    expect(await store.list()).toEqual([])
    expect(await store.add(older, older.createdAt)).toBe('added')
    await store.add(newer, newer.createdAt)
    expect(await store.list()).toEqual([newer, older])
  })

  it('ends one early, once, and says who did', async () => {
    const store = open()
    const silence = sampleSilence()
    await store.add(silence, silence.createdAt)
    const at = silence.startsAt + 60_000
    const ended = { ...silence, endsAt: at, expiredBy: 'otto' }
    expect(await store.expire('s1', 'otto', at)).toEqual(ended)
    expect(await store.list()).toEqual([ended])
    expect(await store.expire('s1', 'otto', at + 1)).toBeUndefined()
    expect(await store.expire('s9', 'otto', at)).toBeUndefined()
  })

  it('ends one that has not begun, so that it never does', async () => {
    const store = open()
    const silence = sampleSilence({ startsAt: 1_763_600_000_000 + 60_000 })
    await store.add(silence, silence.createdAt)
    const ended = await store.expire('s1', 'otto', silence.createdAt)
    expect(ended).toMatchObject({ startsAt: silence.createdAt, endsAt: silence.createdAt })
  })

  it('remembers up to when ends were acted upon', async () => {
    const store = open()
    expect(await store.endsHandled()).toBe(0)
    await store.handleEnds(DAY_MS)
    expect(await store.endsHandled()).toBe(DAY_MS)
  })
}

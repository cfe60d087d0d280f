// Owns the proof that a batch nobody can evaluate is kept, and comes again with the next sweep.
import { afterAll, expect, it } from 'vitest'
import { createKeys } from '../src/state/keys.ts'
import { openRedisStores } from '../src/state/redis.ts'
import { buryBatch } from '../src/poisoned-batch.ts'
import { record } from './state/read-store.contract.ts'
import { openTestRedis } from './state/redis.ts'

const test = openTestRedis()
afterAll(() => test.close())

it('keeps the entries with the reason, and forgets that they were seen', async () => {
  const stores = openRedisStores(test.redis, createKeys(`${test.prefix}-buried`))
  const time = Date.UTC(2026, 10, 20, 9)
  const entry = { '@uuid': 'one', meta: { time: new Date(time).toISOString() } }
  const key = { id: 'one', time }
  const clock = { now: () => 5, sleep: async () => {} }
  const window = { from: time - 60_000, to: time + 60_000 }
  const job = { id: 'b-1', contract: '1', window, readAt: time, entries: [entry] }
  await stores.batches.announce('1', { id: 'b-1', time }, 0)
  const found = { window, batch: 'b-1', entries: [{ ...key, usable: true, delaySeconds: 1 }] }
  await stores.batches.remember('1', found, 0)
  await stores.reads.finishWindow('1', record(window), 0)
  await buryBatch(job, new Error('out of luck'), { ...stores, clock })
  expect(await stores.deadLetters.list('1', 10)).toEqual([
    { reason: 'evaluation-failed: out of luck', text: JSON.stringify(entry), at: 5 },
  ])
  expect(await stores.seen.seen('1', [key])).toEqual([false])
  expect(await stores.marks.evaluated('1')).toBe(window.to)
  expect(await stores.marks.gaps('1', window)).toEqual([
    { from: time, to: time + 1, reason: 'poisoned', foundAt: 5 },
  ])
})

it('is a gap as wide as its window when no entry says when it happened', async () => {
  const stores = openRedisStores(test.redis, createKeys(`${test.prefix}-timeless`))
  const clock = { now: () => 5, sleep: async () => {} }
  const window = { from: 1_000, to: 9_000 }
  const job = { id: 'b-1', contract: '1', window, readAt: 10_000, entries: [{ event: {} }] }
  await stores.batches.announce('1', { id: 'b-1', time: 1_000 }, 0)
  await buryBatch(job, new Error('out of luck'), { ...stores, clock })
  expect(await stores.marks.gaps('1', window)).toMatchObject([window])
})

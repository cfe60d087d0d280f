// Owns the proof that a batch nobody can evaluate is kept, and comes again with the next sweep.
import { afterAll, expect, it } from 'vitest'
import { createKeys } from '../src/state/keys.ts'
import { openRedisStores } from '../src/state/redis.ts'
import { buryBatch } from '../src/poisoned-batch.ts'
import { openTestRedis } from './state/redis.ts'

const test = openTestRedis()
afterAll(() => test.close())

it('keeps the entries with the reason, and forgets that they were seen', async () => {
  const stores = openRedisStores(test.redis, createKeys(`${test.prefix}-buried`))
  const time = Date.UTC(2026, 10, 20, 9)
  const entry = { '@uuid': 'one', meta: { time: new Date(time).toISOString() } }
  await stores.seen.add('1', [{ id: 'one', time }])
  const clock = { now: () => 5, sleep: async () => {} }
  const job = { contract: '1', readAt: time, entries: [entry] }
  await buryBatch(job, new Error('out of luck'), { ...stores, clock })
  expect(await stores.deadLetters.list('1', 10)).toEqual([
    { reason: 'evaluation-failed: out of luck', text: JSON.stringify(entry), at: 5 },
  ])
  expect(await stores.seen.seen('1', [{ id: 'one', time }])).toEqual([false])
})

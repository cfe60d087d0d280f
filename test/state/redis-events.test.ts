// Owns the proof that kept events are bounded by number, size and age, and that all keys expire.
import { afterAll, expect, it } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import {
  createRedisEventStore,
  EVENT_LENGTH_MAX,
  EVENTS_MATCHED_MAX,
  EVENTS_SAMPLED_MAX,
} from '../../src/state/redis-events.ts'
import type { StoredEvent } from '../../src/state/view-stores.ts'
import { openTestRedis } from './redis.ts'

const test = openTestRedis()
afterAll(() => test.close())

const CONTRACT = '31720001'
const ALL = { from: 0, limit: 10_000 }
let opened = 0

function openStore(retentionMs?: number) {
  opened += 1
  const prefix = `${test.prefix}-events-${opened}`
  return { prefix, store: createRedisEventStore(test.redis, createKeys(prefix), retentionMs) }
}

function event(id: string, changes: Partial<StoredEvent> = {}): StoredEvent {
  return { id, time: 1_000, readAt: 2_000, rules: ['one'], entry: { id }, ...changes }
}

const ids = (events: readonly StoredEvent[]) => events.map(({ id }) => id)

it('gives back what was recorded, newest first, and finds it by id', async () => {
  const { store } = openStore()
  const [old, young] = [event('a', { time: 1 }), event('b', { time: 2, rules: [] })]
  await store.record(CONTRACT, [old, young], 3)
  expect(await store.latest(CONTRACT, ALL)).toEqual([young, old])
  expect(await store.latest(CONTRACT, { from: 2, limit: 10 })).toEqual([young])
  expect(await store.latest(CONTRACT, { ...ALL, limit: 1, offset: 1 })).toEqual([old])
  expect(await store.find(CONTRACT, ['a', 'nothing'])).toEqual([old])
  expect(await store.latest('31720002', ALL)).toEqual([])
})

it('keeps an event once, and one that came to match a rule among those that do', async () => {
  const { store } = openStore()
  await store.record(CONTRACT, [event('a', { rules: [] })], 1)
  await store.record(CONTRACT, [event('a'), event('a')], 1)
  await store.record(CONTRACT, [event('a', { rules: [] })], 1)
  expect(await store.latest(CONTRACT, ALL)).toEqual([event('a')])
})

it('keeps a bounded number, the latest; the sample takes no place of the others', async () => {
  const { store } = openStore()
  const many = (count: number, rules: readonly string[]) =>
    Array.from({ length: count }, (_, at) => event(`${rules.length}-${at}`, { time: at, rules }))
  for (const rules of [['one'], []]) {
    const all = many(EVENTS_MATCHED_MAX + 20, rules)
    for (let at = 0; at < all.length; at += 500) {
      await store.record(CONTRACT, all.slice(at, at + 500), 1)
    }
  }
  const kept = await store.latest(CONTRACT, ALL)
  expect(kept.filter(({ rules }) => rules.length > 0)).toHaveLength(EVENTS_MATCHED_MAX)
  expect(kept.filter(({ rules }) => rules.length === 0)).toHaveLength(EVENTS_SAMPLED_MAX)
  expect(ids(await store.find(CONTRACT, ['1-19', '1-20']))).toEqual(['1-20'])
})

it('drops what is too old and does not keep what is too large', async () => {
  const { store } = openStore(1_000)
  await store.record(
    CONTRACT,
    [event('old', { time: 500 }), event('young', { time: 5_000 })],
    1_200,
  )
  await store.record(CONTRACT, [event('x'.repeat(EVENT_LENGTH_MAX), { time: 5_000 })], 1_200)
  expect(ids(await store.latest(CONTRACT, ALL))).toEqual(['young', 'old'])
  await store.record(CONTRACT, [event('now', { time: 6_000 })], 1_600)
  expect(ids(await store.latest(CONTRACT, ALL))).toEqual(['now', 'young'])
})

it('gives every key an expiry', async () => {
  const { store, prefix } = openStore()
  await store.record(CONTRACT, [event('a'), event('b', { rules: [] })], 1)
  const names = await test.redis.keys(`*${prefix}*`)
  expect(names).toHaveLength(3)
  for (const name of names) expect(await test.redis.ttl(name), name).toBeGreaterThan(0)
})

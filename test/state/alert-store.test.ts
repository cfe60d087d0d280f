// Owns the proof that both alert stores keep their promises, and what only Redis has: expiry, bounds.
import { afterAll, describe, expect, it } from 'vitest'
import { createMemoryAlertStore } from '../../src/state/memory-alerts.ts'
import { createRedisAlertStore, GROUP_MEMBERS_MAX } from '../../src/state/redis-alerts.ts'
import { createKeys } from '../../src/state/keys.ts'
import { describeAlertStore } from './alert-store.contract.ts'
import { openTestRedis } from './redis.ts'
import { sampleAlert } from './sample.ts'

const test = openTestRedis()
afterAll(() => test.close())

let stores = 0
function openStore() {
  stores += 1
  return createRedisAlertStore(test.redis, createKeys(`${test.prefix}-${stores}`))
}

describe('memory', () => describeAlertStore(createMemoryAlertStore))
describe('redis', () => describeAlertStore(openStore))

describe('redis only', () => {
  it('gives every key an expiry', async () => {
    const prefix = `${test.prefix}-expiry`
    const store = createRedisAlertStore(test.redis, createKeys(prefix))
    const alert = sampleAlert()
    const notification = {
      id: 'n',
      receiver: 'r',
      reason: 'first',
      sequence: 0,
      createdAt: 1,
      alert,
    }
    await store.commit('1', [
      {
        key: 'g1',
        version: 0,
        at: 2_000,
        events: [{ id: 'e1', time: 1_000 }],
        alerts: [alert],
        notifications: [notification as never],
      },
    ])
    const names = await test.redis.keys(`*${prefix}*`)
    expect(names.length).toBe(6)
    for (const name of names) expect(await test.redis.ttl(name), name).toBeGreaterThan(0)
  })

  it('remembers a bounded number of events of a group, the latest', async () => {
    const store = openStore()
    const events = Array.from({ length: GROUP_MEMBERS_MAX + 10 }, (_, at) => ({
      id: `e${at}`,
      time: at,
    }))
    const [early, late] = [events.slice(0, 6_000), events.slice(6_000)]
    const commit = { key: 'g1', at: 0, alerts: [], notifications: [] }
    await store.commit('1', [{ ...commit, version: 0, events: early }])
    await store.commit('1', [{ ...commit, version: 1, events: late }])
    const asked = [events[9], events[10]].map((event) => ({
      ...(event as { id: string; time: number }),
    }))
    const [answer] = await store.read('1', [{ key: 'g1', reachMs: 0, events: asked }])
    expect(answer?.known).toEqual([false, true])
  })

  it('drops alerts of a busy group that are past their retention', async () => {
    const store = openStore()
    const dayMs = 86_400_000
    const old = sampleAlert({ id: 'g1-1', first: dayMs, last: dayMs })
    const young = sampleAlert({ id: 'g1-2', number: 2, first: 100 * dayMs, last: 100 * dayMs })
    const commit = { key: 'g1', events: [], notifications: [] }
    await store.commit('1', [{ ...commit, version: 0, at: dayMs, alerts: [old] }])
    await store.commit('1', [{ ...commit, version: 1, at: 100 * dayMs, alerts: [young] }])
    expect(await store.latest('1', 10)).toEqual([young])
    expect(await store.alert('1', 'g1-1')).toBeUndefined()
  })

  it('goes on after Redis forgot its scripts', async () => {
    const store = openStore()
    await store.read('1', [{ key: 'g1', reachMs: 0, events: [{ id: 'e1', time: 1 }] }])
    await test.redis.script('FLUSH')
    const [answer] = await store.read('1', [
      { key: 'g1', reachMs: 0, events: [{ id: 'e1', time: 1 }] },
    ])
    expect(answer?.known).toEqual([false])
  })
})

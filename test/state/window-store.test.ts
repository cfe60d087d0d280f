// Owns the proof that both stores of windows keep their promises, and what only Redis has: expiry,
// scripts that are forgotten, memory that is measured.
import { afterAll, describe, expect, it } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { createMemoryAlertState } from '../../src/state/memory-alert-state.ts'
import { createMemoryAlertStore } from '../../src/state/memory-alerts.ts'
import { createMemoryWindowStore } from '../../src/state/memory-windows.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import type { WindowQuestion } from '../../src/state/stores.ts'
import { openTestRedis } from './redis.ts'
import { describeWindowStore } from './window-store.contract.ts'

const test = openTestRedis()
afterAll(() => test.close())

let opened = 0
function openRedis() {
  opened += 1
  return openRedisStores(test.redis, createKeys(`${test.prefix}-${opened}`))
}

function openMemory() {
  const state = createMemoryAlertState()
  return { windows: createMemoryWindowStore(state), alerts: createMemoryAlertStore(state) }
}

describe('memory', () => describeWindowStore(openMemory))
describe('redis', () => describeWindowStore(openRedis))

const QUESTION: WindowQuestion = {
  window: 'w1',
  group: 'g1',
  shape: 'events',
  unitMs: 10,
  members: [{ time: 1_700_000_000_000, text: 'e1 cabc', value: 'DE' }],
  added: { from: 1_700_000_000_000, to: 1_700_000_000_000 },
  read: { from: 0, to: 1 },
  replace: { from: 0, to: 1 },
  needed: 5,
  withdraws: 'never',
  quietMs: 5,
  membersMax: 100,
  expirySeconds: 1_000,
}

describe('redis only', () => {
  it.each(['events', 'sessions', 'spans'] as const)(
    'gives every key of %s an expiry',
    async (shape) => {
      const prefix = `${test.prefix}-expiry-${shape}`
      const { windows } = openRedisStores(test.redis, createKeys(prefix))
      await windows.ask('1', [{ ...QUESTION, shape, wakeAtMs: 5, about: 'x' }])
      const names = await test.redis.keys(`*${prefix}*`)
      expect(names.length).toBeGreaterThan(0)
      for (const name of names) expect(await test.redis.ttl(name), name).toBeGreaterThan(0)
    },
  )

  it('gives rare events an expiry, and those of a window whose home is another one now', async () => {
    const prefix = `${test.prefix}-expiry-rare`
    const { windows } = openRedisStores(test.redis, createKeys(prefix))
    const rare = { needed: 1, home: '?' }
    for (const [time, place] of [
      [1, '1,1'],
      [9, '2,2'],
      [30, '2,2'],
      [31, '3,3'],
    ] as const) {
      const member = { time, text: `e${time} p${place}`, value: place }
      const added = { from: time, to: time }
      await windows.ask('1', [{ ...QUESTION, members: [member], added, floorMs: time - 25, rare }])
    }
    const names = await test.redis.keys(`*${prefix}*`)
    expect(names.filter((name) => name.endsWith(':rare'))).toHaveLength(1)
    for (const name of names) expect(await test.redis.ttl(name), name).toBeGreaterThan(0)
  })

  it('reads all of a window that began before rare events were noted', async () => {
    const { windows } = openRedis()
    const placed = (time: number) => ({
      ...QUESTION,
      members: [{ time, text: `e${time} p1,1`, value: '1,1' }],
      added: { from: time, to: time },
      read: { from: 0, to: 100 },
      replace: { from: 0, to: 100 },
      needed: 2,
    })
    await windows.ask('1', [placed(5)])
    const [answer] = await windows.ask('1', [{ ...placed(6), rare: { needed: 1, home: '?' } }])
    expect(answer?.members.map(({ time }) => time)).toEqual([5, 6])
  })

  // The embedded Redis keeps such small sets as lists, in a third of that.
  it('keeps a group of events in one key, of about 1 KB with the longest card', async () => {
    const prefix = `${test.prefix}-idle`
    const { windows } = openRedisStores(test.redis, createKeys(prefix))
    const member = { time: 1_700_000_000_000, text: `${'u'.repeat(36)} c${'x'.repeat(160)}` }
    await windows.ask('1', [{ ...QUESTION, members: [member] }])
    const names = await test.redis.keys(`*${prefix}*`)
    expect(names).toHaveLength(1)
    expect(await test.redis.memory('USAGE', names[0] ?? '')).toBeLessThan(1_250)
  })

  it('goes on after Redis forgot its scripts', async () => {
    const { windows } = openRedis()
    await windows.ask('1', [QUESTION])
    await test.redis.script('FLUSH')
    expect(await windows.ask('1', [QUESTION, QUESTION])).toEqual([undefined, undefined])
  })
})

// Owns the proof that stores of actions and silences keep their promises, and what only Redis has.
import { afterAll, describe, expect, it } from 'vitest'
import { createMemoryAlertActionStore } from '../../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../../src/state/memory-alert-state.ts'
import { createMemoryAlertStore } from '../../src/state/memory-alerts.ts'
import { createMemorySilenceStore } from '../../src/state/memory-silences.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { TRAIL_MAX } from '../../src/state/redis-alert-actions.ts'
import { SILENCE_KEPT_MS, SILENCES_MAX } from '../../src/state/redis-silences.ts'
import { describeActionStore } from './action-store.contract.ts'
import { openTestRedis } from './redis.ts'
import { sampleAlert } from './sample.ts'
import { describeSilenceStore, sampleSilence } from './silence-store.contract.ts'

const test = openTestRedis()
afterAll(() => test.close())

let opened = 0
function open(prefix = `${test.prefix}-${(opened += 1)}`) {
  return openRedisStores(test.redis, createKeys(prefix))
}

function openMemory() {
  const state = createMemoryAlertState()
  const alerts = createMemoryAlertStore(state)
  return { alerts, actions: createMemoryAlertActionStore(state) }
}

describe('actions in memory', () => describeActionStore(openMemory))
describe('actions in redis', () => describeActionStore(open))
describe('silences in memory', () => describeSilenceStore(createMemorySilenceStore))
describe('silences in redis', () => describeSilenceStore(() => open().silences))

describe('redis only', () => {
  const entry = {
    by: 'anna',
    from: 'cli',
    at: 1,
    action: 'comment',
    stateBefore: 'open',
    stateAfter: 'open',
  } as const

  it('gives every key an expiry', async () => {
    const prefix = `${test.prefix}-expiry`
    const { actions, silences } = open(prefix)
    const trail = [{ alertId: 'g1-1', entry }]
    const change = { group: 'g1', version: 0, alerts: [sampleAlert()], trail, notifications: [] }
    await actions.change('1', change)
    await silences.add(sampleSilence(), 1)
    await silences.handleEnds(1)
    const names = await test.redis.keys(`*${prefix}*`)
    expect(names.length).toBe(9)
    for (const name of names) expect(await test.redis.ttl(name), name).toBeGreaterThan(0)
  })

  it('keeps a bounded number of lines of a trail, the latest', async () => {
    const { actions } = open()
    const trail = Array.from({ length: TRAIL_MAX + 5 }, (_, at) => ({
      alertId: 'g1-1',
      entry: { ...entry, at },
    }))
    await actions.change('1', {
      group: 'g1',
      version: 0,
      alerts: [sampleAlert()],
      trail,
      notifications: [],
    })
    const lines = await actions.trail('1', 'g1-1')
    expect([lines.length, lines[0]?.at]).toEqual([TRAIL_MAX, 5])
  })

  it('refuses a silence beyond the bound, until old ones are forgotten', async () => {
    const { silences } = open()
    const endsAt = 1_763_600_000_000
    const add = (id: string, at: number) => silences.add(sampleSilence({ id, endsAt }), at)
    for (let index = 0; index < SILENCES_MAX; index += 1) await add(`s${index}`, endsAt)
    expect(await add('one-more', endsAt)).toBe('too-many')
    expect(await add('later', endsAt + SILENCE_KEPT_MS + 1)).toBe('added')
  })

  it('tells another process of a silence', async () => {
    const prefix = `${test.prefix}-shared`
    const [a, b] = [open(prefix), open(prefix)]
    expect(await a.silences.list()).toEqual([])
    await b.silences.add(sampleSilence(), 1)
    expect((await a.silences.list()).length).toBe(1)
    await b.silences.expire('s1', 'otto', 1)
    expect((await a.silences.list())[0]?.expiredBy).toBe('otto')
  })

  it('gives a lease to one at a time', async () => {
    const { leases } = open()
    expect(await leases.hold('nudges', 'a', 60_000)).toBe(true)
    expect(await leases.hold('nudges', 'b', 60_000)).toBe(false)
    expect(await leases.hold('nudges', 'a', 60_000)).toBe(true)
    await leases.release('nudges', 'b')
    expect(await leases.hold('nudges', 'b', 60_000)).toBe(false)
    await leases.release('nudges', 'a')
    expect(await leases.hold('nudges', 'b', 60_000)).toBe(true)
  })
})

// Owns the proof that statistics of rules add up over hours and processes, and stay bounded.
import { afterAll, describe, expect, it } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { createRedisRuleStatsStore } from '../../src/state/redis-rule-stats.ts'
import type { RuleCounts } from '../../src/state/stores.ts'
import { openTestRedis } from './redis.ts'

const HOUR_MS = 3_600_000
const NOON = 500_000 * HOUR_MS

const test = openTestRedis()
afterAll(() => test.close())

let opened = 0
function open() {
  opened += 1
  const keys = createKeys(`${test.prefix}-${opened}`)
  return { keys, store: createRedisRuleStatsStore(test.redis, keys) }
}

function countsOf(more: Partial<RuleCounts>): RuleCounts {
  const nothing = { matches: 0, detections: 0, alerts: 0, notCounted: {}, micros: 0 }
  return { ...nothing, lastMatchAt: undefined, ...more }
}

const rulesOf = (counts: Readonly<Record<string, Partial<RuleCounts>>>) =>
  new Map(Object.entries(counts).map(([id, more]) => [id, countsOf(more)] as const))

describe('statistics of rules', () => {
  it('are the sum of what all evaluators added in the hours asked for', async () => {
    const { store } = open()
    const first = { matches: 3, detections: 2, alerts: 1, micros: 1_500.4, lastMatchAt: 70 }
    await store.add(NOON - 2 * HOUR_MS, { events: 5, rules: rulesOf({ a: { matches: 100 } }) })
    await store.add(NOON - HOUR_MS, { events: 10, rules: rulesOf({ a: first, b: { matches: 1 } }) })
    const late = { matches: 4, notCounted: { late: 2, 'no-group': 1 }, lastMatchAt: 60 }
    await store.add(NOON, { events: 20, rules: rulesOf({ a: late }) })
    await store.add(NOON + 1, { events: 1, rules: rulesOf({ a: { notCounted: { late: 1 } } }) })

    const { events, rules } = await store.read({ from: NOON - HOUR_MS, to: NOON + 2 })
    expect(events).toBe(31)
    expect(rules).toEqual(
      rulesOf({
        a: { ...first, matches: 7, micros: 1_500, notCounted: { late: 3, 'no-group': 1 } },
        b: { matches: 1 },
      }),
    )
  })

  it('of the last match are the latest, whichever evaluator tells it first', async () => {
    const { store } = open()
    await store.add(NOON, { events: 1, rules: rulesOf({ a: { lastMatchAt: 1_763_600_000_900 } }) })
    await store.add(NOON, { events: 1, rules: rulesOf({ a: { lastMatchAt: 1_763_600_000_100 } }) })
    const { rules } = await store.read({ from: NOON, to: NOON + 1 })
    expect(rules.get('a')?.lastMatchAt).toBe(1_763_600_000_900)
  })

  it('are empty where nothing was counted', async () => {
    const { store } = open()
    expect(await store.read({ from: 0, to: NOON })).toEqual({ events: 0, rules: new Map() })
    expect(await store.read({ from: NOON, to: NOON })).toEqual({ events: 0, rules: new Map() })
  })

  it('expire, and take no more numbers than an hour may have', async () => {
    const { keys, store } = open()
    const many = Array.from({ length: 60_000 }, (_, n) => [`r${n}`, { matches: 1 }] as const)
    await store.add(NOON, { events: 1, rules: rulesOf(Object.fromEntries(many)) })
    await store.add(NOON, {
      events: 1,
      rules: rulesOf({ r5: { matches: 1 }, new: { matches: 1 } }),
    })
    const key = keys.ruleStats(NOON / HOUR_MS)
    expect(await test.redis.hlen(key)).toBe(50_000)
    expect(await test.redis.ttl(key)).toBeGreaterThan(7 * 86_400)
    const { events, rules } = await store.read({ from: NOON, to: NOON + 1 })
    expect([events, rules.get('r5')?.matches, rules.get('new')]).toEqual([2, 2, undefined])
  })
})

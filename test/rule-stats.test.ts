// Owns the proof that what the metrics count reaches the store once, also when the store was away.
import { describe, expect, it } from 'vitest'
import { silentLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { createRuleStats } from '../src/rule-stats.ts'
import type { RuleStats } from '../src/state/stores.ts'

const NOW = 1_763_600_000_000

function setUp() {
  const metrics = createMetrics()
  const added: RuleStats[] = []
  const state = { away: false, published: 0 }
  const stopping = new AbortController()
  const clock = {
    now: () => NOW,
    sleep: async (ms: number) => {
      // The limit of the last flush is not reached.
      if (ms < 10_000) await new Promise(() => {})
      if (added.length === 2) stopping.abort()
    },
  }
  const stats = createRuleStats({
    metrics,
    clock,
    log: silentLog,
    store: {
      add: async (_at, more) => {
        if (state.away) throw new Error('away')
        added.push(more)
      },
      read: async () => ({ events: 0, rules: new Map() }),
    },
    publish: () => {
      state.published += 1
      metrics.ruleSeconds.inc({ rule: 'a' }, 0.25)
    },
  })
  return { metrics, stats, added, state, stopping }
}

describe('statistics of rules', () => {
  it('are what was counted since the last time', async () => {
    const { metrics, stats, added } = setUp()
    metrics.eventsEvaluated.inc(100)
    metrics.matches.inc({ rule: 'a' }, 3)
    metrics.detections.inc({ rule: 'a' }, 2)
    metrics.alerts.inc({ rule: 'a', severity: 'low' })
    metrics.alerts.inc({ rule: 'a', severity: 'high' })
    metrics.notCounted.inc({ rule: 'b', reason: 'late' }, 4)
    metrics.notCounted.inc({ rule: 'b', reason: 'no-group' })
    await stats.flush()
    metrics.matches.inc({ rule: 'b' })
    await stats.flush()
    const nothing = { matches: 0, detections: 0, alerts: 0, notCounted: {}, micros: 0 }
    const a = { matches: 3, detections: 2, alerts: 2, notCounted: {}, micros: 250_000 }
    expect(added).toEqual([
      {
        events: 100,
        rules: new Map<string, unknown>([
          ['a', { ...a, lastMatchAt: NOW }],
          ['b', { ...nothing, notCounted: { late: 4, 'no-group': 1 }, lastMatchAt: undefined }],
        ]),
      },
      {
        events: 0,
        rules: new Map<string, unknown>([
          ['b', { ...nothing, matches: 1, lastMatchAt: NOW }],
          ['a', { ...nothing, micros: 250_000, lastMatchAt: undefined }],
        ]),
      },
    ])
  })

  it('that could not be stored come with the next ones', async () => {
    const { metrics, stats, added, state } = setUp()
    state.away = true
    metrics.matches.inc({ rule: 'a' }, 3)
    await expect(stats.flush()).rejects.toThrow('away')
    state.away = false
    metrics.matches.inc({ rule: 'a' }, 4)
    await stats.flush()
    expect(added.map(({ rules }) => rules.get('a')?.matches)).toEqual([7])
  })

  it('keep the time of the hundred slowest rules only', async () => {
    const { metrics, stats, added } = setUp()
    for (let rule = 0; rule < 300; rule += 1) {
      metrics.ruleSeconds.inc({ rule: `r${rule}` }, 1 + rule / 1_000)
    }
    metrics.matches.inc({ rule: 'r0' })
    await stats.flush()
    const rules = added[0]?.rules ?? new Map()
    expect(rules.size).toBe(101)
    expect(rules.get('r299')?.micros).toBeCloseTo(1_299_000)
    expect(rules.get('r0')).toMatchObject({ matches: 1, micros: 0 })
    expect(rules.has('r150')).toBe(false)
  })

  it('are stored now and then until the end, and once more then', async () => {
    const { stats, added, state, stopping } = setUp()
    await stats.run(stopping.signal)
    expect(added.length).toBe(3)
    expect(state.published).toBe(3)
  })
})

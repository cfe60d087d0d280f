// Owns what the fuzz of detection once found wrong: each case by itself, in memory and on a real Redis,
// named after what was wrong. Random cases: law.ts.
import { afterAll, describe, expect, test } from 'vitest'
import type { Event } from '../../src/core/event.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { openTestRedis } from '../state/redis.ts'
import { type DetectionCase, START_MS } from './arbitrary-detection.ts'
import type { OracleDetect } from './detections.ts'
import { eventAt } from './event-at.ts'
import { openMemoryStores } from './law.ts'
import { type CaseStores, expectedOutcome, throughPipeline } from './through-pipeline.ts'

const redis = openTestRedis()
afterAll(() => redis.close())

let opened = 0
const openStores: Readonly<Record<string, () => CaseStores>> = {
  memory: openMemoryStores,
  Redis: () => {
    opened += 1
    return openRedisStores(redis.redis, createKeys(`${redis.prefix}-${opened}`))
  },
}

/** Events that come one by one, and by place the batches after which the first open alert is resolved. */
type Counterexample = {
  readonly written: Readonly<Record<string, unknown>>
  readonly detect: OracleDetect
  readonly arrivals: readonly Event[]
  readonly resolvedAfter: readonly number[]
}

function at(seconds: number, facts: Partial<Event>): Event {
  return eventAt(`e${seconds}-${facts.user}`, START_MS + seconds * 1_000, {
    operation: 'delete',
    ...facts,
  })
}

function caseOf({ written, detect, arrivals }: Counterexample): DetectionCase {
  return {
    rule: {
      id: 'found',
      title: 'A rule that was judged wrongly',
      severity: 'low',
      conditions: { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] },
      detect: written,
      alert: { groupBy: [], quiet: '0s' },
    },
    input: {
      detect,
      conditions: () => true,
      steps: [],
      events: arrivals,
      mark: START_MS + 60_000,
      settleMs: 0,
      gaps: [],
      alert: { groupBy: [], quietMs: 0, severity: 'low', severitySteps: [] },
      cuts: [],
    },
    deliveries: arrivals.map((event) => [event]),
  }
}

const within8s = { kind: 'threshold', groupBy: ['user'], count: 1 } as const
const FOUND: readonly (readonly [string, Counterexample])[] = [
  [
    'behind a cut a detection reaches further back than its alert, which was not found by another user',
    {
      written: { ...within8s, within: '8s' },
      detect: { ...within8s, withinMs: 8_000 },
      arrivals: [
        at(2, { user: 'ann' }),
        at(10, { user: 'ann' }),
        at(1, { user: 'bob' }),
        at(1.5, { user: 'bob' }),
      ],
      resolvedAfter: [0],
    },
  ],
]

describe.each(Object.entries(openStores))('in %s', (_store, open) => {
  test.each(FOUND)('%s', async (_sentence, found) => {
    const one = caseOf(found)
    const resolutions = new Map(found.resolvedAfter.map((batch) => [batch, 0]))
    const outcome = await throughPipeline(one, open(), { resolutions })
    expect(outcome.cuts).toHaveLength(found.resolvedAfter.length)
    expect(outcome.found).toEqual(expectedOutcome({ ...one.input, cuts: outcome.cuts }))
  })
})

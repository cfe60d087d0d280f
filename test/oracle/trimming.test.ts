// Owns that forgetting changes nothing: windows drop members behind the floor and seal detections that
// reach over it, and the alerts are the oracle's, which forgets nothing. In memory and on a real Redis.
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { openTestRedis } from '../state/redis.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { accidents } from './arbitrary-accidents.ts'
import { longThreshold, type TrimmingCase, trimmingCase } from './arbitrary-trimming.ts'
import { createLawCounts, openMemoryStores, proveCase } from './law.ts'
import type { CaseStores } from './through-pipeline.ts'

/** For each kind; many more by hand, with the variables of these names. */
const CASES = Number(process.env['CASES'] ?? 200)
const REDIS_CASES = Number(process.env['REDIS_CASES'] ?? 25)

const TIMEOUT_MS = 60_000 + CASES * 60 + REDIS_CASES * 200

const redis = openTestRedis()
afterAll(() => redis.close())

let opened = 0
const STORES: readonly (readonly [string, () => CaseStores, number])[] = [
  ['in memory', openMemoryStores, CASES],
  [
    'on Redis',
    () => {
      opened += 1
      return openRedisStores(redis.redis, createKeys(`${redis.prefix}-${opened}`))
    },
    REDIS_CASES,
  ],
]

type Forgetting = {
  /** Questions that let members go which the case has. */
  asked: number
  /** Detections of which a part is sealed. */
  sealed: number
}

/** The same stores; what is forgotten on the way is counted. */
function watched(stores: CaseStores, { one }: TrimmingCase, seen: Forgetting): CaseStores {
  const earliest = Math.min(...one.input.events.map(({ time = Infinity }) => time))
  return {
    ...stores,
    windows: {
      ...stores.windows,
      ask(contract, questions) {
        seen.asked += questions.filter(({ floorMs = -Infinity }) => floorMs > earliest).length
        return stores.windows.ask(contract, questions)
      },
    },
    alerts: {
      ...stores.alerts,
      commit(contract, commits) {
        const added = commits.flatMap(({ extents }) => extents?.added ?? [])
        seen.sealed += added.filter(({ text }) => text.includes('~ ')).length
        return stores.alerts.commit(contract, commits)
      },
    },
  }
}

async function prove(
  cases: fc.Arbitrary<TrimmingCase>,
  open: () => CaseStores,
  numRuns: number,
): Promise<Forgetting> {
  const seen: Forgetting = { asked: 0, sealed: 0 }
  const property = fc.asyncProperty(cases, accidents, async (drawn, what) => {
    const happens = { ...what, course: drawn.course }
    await proveCase(drawn.one, watched(open(), drawn, seen), happens, createLawCounts())
  })
  await fc.assert(property, { numRuns })
  return seen
}

describe.each(STORES)('%s', (_name, open, runs) => {
  test.each(KIND_NAMES)(
    'the alerts of kind %s are those of the oracle, though windows forget',
    async (kind) => {
      const { asked } = await prove(trimmingCase(kind), open, runs)
      if (kind !== 'none') expect(asked).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )

  test(
    'what goes on for days is counted to the last event, though only hours of it are remembered',
    async () => {
      const { sealed } = await prove(longThreshold, open, Math.ceil(runs / 4))
      expect(sealed).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})

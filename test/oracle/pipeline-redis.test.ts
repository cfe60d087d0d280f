// Owns the law for the pipeline on a real Redis: the same cases as in memory, with the scripts.
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { openTestRedis } from '../state/redis.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { accidents } from './arbitrary-accidents.ts'
import { detectionCase } from './arbitrary-detection.ts'
import { expectedOutcome, throughPipeline } from './through-pipeline.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['REDIS_CASES'] ?? 60)

const TIMEOUT_MS = 60_000 + CASES * 100

const redis = openTestRedis()
afterAll(() => redis.close())

let opened = 0
function openStores() {
  opened += 1
  return openRedisStores(redis.redis, createKeys(`${redis.prefix}-${opened}`))
}

test.each(KIND_NAMES)(
  'kind %s: on Redis the alerts are those of the oracle',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(detectionCase(kind), accidents, async (one, what) => {
        const { found, cuts } = await throughPipeline(one, openStores(), what)
        expect(found).toEqual(expectedOutcome({ ...one.input, cuts }))
      }),
      { numRuns: CASES },
    )
  },
  TIMEOUT_MS,
)

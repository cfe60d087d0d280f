// Owns how many cases of the law `npm test` tries on a real Redis, with the scripts: the same cases as
// in memory. The law itself: law.ts.
import { afterAll, test } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { openTestRedis } from '../state/redis.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { proveLaw } from './law.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['REDIS_CASES'] ?? 200)

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
  (kind) => proveLaw(kind, openStores, { cases: CASES }),
  TIMEOUT_MS,
)

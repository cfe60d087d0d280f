// Owns opening the service's own Redis: which program it is, then starting it.
import { findRedisServer } from '../scripts/find-redis.mjs'
import type { Clock } from './core/clock.ts'
import { type EmbeddedRedis, startEmbeddedRedis } from './embedded-redis.ts'
import type { Log } from './observe/log.ts'

/** Throws RedisNotFoundError or EmbeddedRedisError; both say what to do. */
export async function openEmbeddedRedis(options: {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
}): Promise<EmbeddedRedis> {
  const { dataDir, clock, log } = options
  const redis = await findRedisServer({ dataDir, fetch: false })
  return startEmbeddedRedis({ dataDir, redis, log, clock })
}

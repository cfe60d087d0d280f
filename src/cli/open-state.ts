// Owns how commands reach what the service remembers: connect, ask, let go.
import type { Config } from '../config.ts'
import { openEmbeddedRedis } from '../embedded-redis-open.ts'
import type { Log } from '../observe/log.ts'
import { redisTarget, RedisTargetError } from '../redis-target.ts'
import { connectRedis, untilReady, watchFault } from '../state/connection.ts'
import { createKeys, type Keys } from '../state/keys.ts'
import { openRedisStores, type Stores } from '../state/redis.ts'
import { startTimeLimit } from '../time-limit.ts'
import { type Cli, CommandError } from './context.ts'

/** A Redis that is there answers in milliseconds; one that loads its file needs some seconds. */
const ANSWER_TIMEOUT_MS = 10_000

type Settings = { readonly config: Config; readonly log: Log }

/** Calls `use` with the stores of the service, as `withRedis` does with the connection below. */
export function withStores<T>(
  settings: Settings,
  cli: Cli,
  use: (stores: Stores) => Promise<T>,
): Promise<T> {
  return withRedis(settings, cli, ({ redis, keys }) => use(openRedisStores(redis, keys)))
}

/**
 * Calls `use` with the Redis of the service: at REDIS_URL, else the embedded one of the data folder,
 * whether the service runs or not. Throws a CommandError (3) when it does not answer.
 */
export async function withRedis<T>(
  { config, log }: Settings,
  cli: Cli,
  use: (state: {
    readonly redis: ReturnType<typeof connectRedis>
    readonly keys: Keys
  }) => Promise<T>,
): Promise<T> {
  const { prefix } = config.redis
  const target = targetOf(config)
  const { dataDir } = config
  const embedded =
    target === undefined
      ? await openEmbeddedRedis({ dataDir, clock: cli.clock, log }).catch((error: unknown) => {
          const message = error instanceof Error ? error.message : String(error)
          const remedy = 'run `tocsin redis install`, or set REDIS_URL'
          throw new CommandError(3, message, remedy, error)
        })
      : undefined
  const redis = connectRedis(target ?? `unix://${embedded?.socketPath}`, 'state')
  try {
    await answers(redis, cli.signal)
    return await use({ redis, keys: createKeys(prefix) })
  } finally {
    redis.disconnect()
    await embedded?.stop()
  }
}

function targetOf(config: Config): ReturnType<typeof redisTarget> {
  try {
    return redisTarget(config)
  } catch (error) {
    if (!(error instanceof RedisTargetError)) throw error
    throw new CommandError(2, error.message, 'name a PEM file that this user may read', error)
  }
}

async function answers(redis: ReturnType<typeof connectRedis>, signal: AbortSignal): Promise<void> {
  const fault = watchFault(redis)
  const limit = startTimeLimit(signal, ANSWER_TIMEOUT_MS)
  try {
    await untilReady(redis, limit.signal)
  } catch (error) {
    signal.throwIfAborted()
    const why = fault()
    const remedy = 'is it running, and is REDIS_URL right (rediss:// for TLS)?'
    const message = `Redis does not answer${why === undefined ? '' : `: ${why}`}`
    throw new CommandError(3, message, remedy, error)
  } finally {
    limit.end()
  }
}

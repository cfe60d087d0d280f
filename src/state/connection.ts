// Owns connections to Redis: their options by purpose, and telling once when it is away or back.
import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from '../observe/log.ts'

/**
 * `state` and `worker` wait for a Redis that is away, without limit; `producer` fails at once, so
 * that whoever puts something on a queue can wait and say so.
 */
export type ConnectionKind = 'state' | 'worker' | 'producer'

/** Waits between attempts to connect grow to this. */
const RECONNECT_WAIT_MAX_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
/** A half-open connection is found out by the kernel after so long. */
const KEEP_ALIVE_MS = 10_000

/**
 * Opens a connection that reconnects for ever. `address` is redis://, rediss:// or unix:///path.
 * Errors are no surprise and don't end the process: they are told by `watchConnection`.
 */
export function connectRedis(address: string, kind: ConnectionKind): Redis {
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: (times: number) => Math.min(50 * times, RECONNECT_WAIT_MAX_MS),
    maxRetriesPerRequest: kind === 'producer' ? 1 : null,
    enableOfflineQueue: kind !== 'producer',
  } satisfies RedisOptions
  const socket = address.startsWith('unix://') ? address.slice('unix://'.length) : undefined
  const redis = new Redis(socket ?? address, options)
  redis.on('error', () => {})
  return redis
}

/** Logs when Redis goes away and when it is back: once each, however many attempts there are. */
export function watchConnection(redis: Redis, log: Log): void {
  let away = false
  redis.on('error', (error: Error) => {
    if (away) return
    away = true
    log.warn({ reason: describeFault(error) }, 'Redis is not reachable: waiting for it')
  })
  redis.on('ready', () => {
    if (away) log.info({}, 'Redis is back')
    away = false
  })
}

/** Resolves when Redis answers; rejects with the signal's reason when that aborts first. */
export async function untilReady(redis: Redis, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (redis.status === 'ready') return
  await new Promise<void>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    redis.once('ready', () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
  })
}

/** Settings of a Redis under which something could be lost, each with what to do. */
export async function redisWarnings(redis: Redis): Promise<readonly string[]> {
  const warnings: string[] = []
  const memory = await redis.info('memory')
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1]
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(`Redis evicts keys (maxmemory-policy ${policy}): set it to noeviction`)
  }
  const persistence = await redis.info('persistence')
  if (/aof_enabled:0/.test(persistence)) {
    warnings.push('Redis keeps no append-only file: set appendonly yes, or a crash loses alerts')
  }
  return warnings
}

/** Never the address: it may hold a password. */
function describeFault(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message.split(' ').slice(0, 8).join(' ')
}

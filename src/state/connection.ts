// Owns connections to Redis: their options by purpose, and telling once when it is away or back.
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import type { Log } from '../observe/log.ts'
import {
  parseRedisAddress,
  REDIS_ADDRESS_EXPECTED,
  type RedisAddress,
  type RedisHost,
} from './redis-address.ts'

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
 * Commands that wait are given up on a connection that says nothing for so long, and it is opened
 * anew: a black hole in the network looks like this. Longer than a worker's wait for a job.
 */
const SILENCE_MS_MAX = 15_000
/** Waits of a cluster's commands for the failover of a node, and how often they are tried. */
const FAILOVER_WAIT_MS = 200
const FAILOVER_TRIES_MAX = 10_000

/** Where Redis is: its address, and what the connection needs beside it. */
export type RedisTarget = {
  readonly url: string
  /** The certificate authority that signed the server's certificate, PEM; else the system's. */
  readonly ca?: string | undefined
  /** What Sentinels ask for, where it is not what Redis asks for. */
  readonly sentinelUsername?: string | undefined
  readonly sentinelPassword?: string | undefined
}

/**
 * Opens a connection that reconnects for ever; a text is the address of a target. Errors are no
 * surprise and don't end the process: they are told by `watchConnection`. Throws for an address
 * that can't be read. What it returns may be a cluster: that has the commands of a server, but all
 * keys of one command, and of one pipeline, must lie in one slot.
 */
export function connectRedis(target: RedisTarget | string, kind: ConnectionKind): Redis {
  const given = typeof target === 'string' ? { url: target } : target
  const address = parseRedisAddress(given.url)
  // Never the address: it may hold a password.
  if (address === undefined) throw new Error(`expected ${REDIS_ADDRESS_EXPECTED}`)
  const redis = open(address, given, kind)
  redis.on('error', () => {})
  return redis
}

function open(address: RedisAddress, target: RedisTarget, kind: ConnectionKind): Redis {
  const { username, password } = address
  const tls = address.tls ? { tls: target.ca === undefined ? {} : { ca: target.ca } } : {}
  const common = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...tls,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    socketTimeout: SILENCE_MS_MAX,
    maxRetriesPerRequest: kind === 'producer' ? 1 : null,
    // After a failover the old master takes no writes: reconnect, and send what failed again.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
  } satisfies RedisOptions
  if (address.kind === 'cluster') return openCluster(address.hosts, common, kind)
  const single = { ...common, retryStrategy: waitMs, enableOfflineQueue: kind !== 'producer' }
  if (address.kind === 'socket') return new Redis(address.path, single)
  if (address.kind === 'server') return new Redis({ ...single, ...address.host, db: address.db })
  return new Redis({
    ...single,
    sentinels: [...address.hosts],
    name: address.name,
    db: address.db,
    sentinelRetryStrategy: waitMs,
    failoverDetector: true,
    ...(target.sentinelUsername !== undefined && { sentinelUsername: target.sentinelUsername }),
    ...(target.sentinelPassword !== undefined && { sentinelPassword: target.sentinelPassword }),
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls ?? {} }),
  })
}

function openCluster(
  hosts: readonly RedisHost[],
  redisOptions: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>,
  kind: ConnectionKind,
): Redis {
  const cluster = new Cluster([...hosts], {
    redisOptions,
    clusterRetryStrategy: waitMs,
    enableOfflineQueue: kind !== 'producer',
    maxRedirections: kind === 'producer' ? 5 : FAILOVER_TRIES_MAX,
    retryDelayOnFailover: FAILOVER_WAIT_MS,
    retryDelayOnClusterDown: FAILOVER_WAIT_MS,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // Certificates name hosts; an address that was looked up would not be in them.
    ...(redisOptions.tls !== undefined && { dnsLookup: (host, found) => found(null, host) }),
  })
  return cluster as unknown as Redis
}

function waitMs(times: number): number {
  return Math.min(50 * times, RECONNECT_WAIT_MAX_MS)
}

/** The servers that hold keys: those of a cluster, or the one. */
function serversOf(redis: Redis): readonly Redis[] {
  return redis.isCluster ? (redis as unknown as Cluster).nodes('master') : [redis]
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

/** What a connection last failed with, without its address; undefined when it never did. */
export function watchFault(redis: Redis): () => string | undefined {
  let fault: string | undefined
  redis.on('error', (error: Error) => {
    fault = describeFault(error)
  })
  return () => fault
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
  const found = await Promise.all(serversOf(redis).map(serverWarnings))
  return [...new Set(found.flat())]
}

async function serverWarnings(server: Redis): Promise<readonly string[]> {
  const warnings: string[] = []
  const memory = await server.info('memory')
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1]
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(`Redis evicts keys (maxmemory-policy ${policy}): set it to noeviction`)
  }
  const persistence = await server.info('persistence')
  if (/aof_enabled:0/.test(persistence)) {
    warnings.push('Redis keeps no append-only file: set appendonly yes, or a crash loses alerts')
  }
  return warnings
}

/** Never the address: it may hold a password. */
function describeFault(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message.split(' ').slice(0, 8).join(' ')
}

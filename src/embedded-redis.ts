// Owns the Redis that belongs to the service: where it lives, that it runs, and its end.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { pingRedis } from '../scripts/redis-ping.mjs'
import type { Clock } from './core/clock.ts'
import { runRedis, type RedisRun } from './embedded-redis-process.ts'
import type { Log } from './observe/log.ts'

/** A unix socket's path holds 104 bytes on macOS, 108 on Linux, with the final zero. */
const SOCKET_PATH_BYTES_MAX = 100
/** An empty Redis answers in 50 ms; this is for a machine that does ten things at once. */
const ANSWER_TIMEOUT_MS = 30_000
/** Reading an AOF of 10 GB takes about 5 minutes; meanwhile Redis answers LOADING. */
const LOADING_TIMEOUT_MS = 900_000
const PING_TIMEOUT_MS = 5_000
const PING_PAUSE_MS = 10
/** Between two starts: doubles with each failure in a row. */
const RESTART_WAIT_MIN_MS = 250
const RESTART_WAIT_MAX_MS = 30_000
/** A Redis that ran this long ended for a new reason: the wait begins anew. */
const STEADY_RUN_MS = 60_000
/** The log begins anew beyond this, with one older file kept; looked at before each start. */
const LOG_BYTES_MAX = 1024 * 1024
/** What a failed start shows of the log. */
const LOG_TAIL_BYTES = 4096
const LOG_TAIL_LINES = 6

export type EmbeddedRedis = {
  /** Stays the same for a data folder: after a restart clients only reconnect. */
  readonly socketPath: string
  /** Ends Redis with all data on disk; resolves when none of its processes is left. */
  stop(): Promise<void>
}

export type EmbeddedRedisOptions = {
  readonly dataDir: string
  /** What findRedisServer of scripts/find-redis.mjs found. */
  readonly redis: {
    readonly command: string
    readonly env: Readonly<Record<string, string>>
  }
  readonly log: Log
  readonly clock: Clock
}

/** The embedded Redis could not be started; the message has Redis's own last lines. */
export class EmbeddedRedisError extends Error {
  override readonly name = 'EmbeddedRedisError'
  readonly code = 'EMBEDDED_REDIS'
  readonly retryable = false
  readonly reason: 'folder' | 'ended' | 'silent' | 'loading'

  constructor(reason: EmbeddedRedisError['reason'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

type Place = {
  readonly folder: string
  readonly socketPath: string
  readonly lockPath: string
  readonly logPath: string
}

/**
 * Resolves when a Redis answers on the data folder's socket: ours, or that of another process
 * that uses the folder. Ours then waits for the other's end and takes over. Restarts it when it
 * dies, until `stop`. Throws EmbeddedRedisError.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { clock, log } = options
  const place = preparePlace(options.dataDir)
  const stopping = new AbortController()
  boundLog(place)
  const logStart = sizeOf(place.logPath)
  let run = launch(place, options)
  try {
    await answers(place, { run, clock, logStart })
  } catch (error) {
    await run.stop()
    throw error
  }
  log.debug({ socket: place.socketPath }, 'the embedded Redis answers')

  const keepRunning = async (): Promise<void> => {
    let failures = 0
    while (!stopping.signal.aborted) {
      const startedAt = clock.now()
      const what = await run.ended
      if (stopping.signal.aborted) return
      failures = clock.now() - startedAt > STEADY_RUN_MS ? 1 : failures + 1
      const waitMs = Math.min(RESTART_WAIT_MAX_MS, RESTART_WAIT_MIN_MS * 2 ** (failures - 1))
      const lines = logTail(place.logPath, 0)
      log.error({ what, waitMs, lines }, 'the embedded Redis ended; it is started again')
      await run.stop()
      await clock.sleep(waitMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        boundLog(place)
        run = launch(place, options)
      } catch (error) {
        // The folder is gone, say: the run that ended stays, and the next round tries again.
        log.error({ err: error }, 'the embedded Redis can not be started')
      }
    }
  }
  const running = keepRunning()
  return {
    socketPath: place.socketPath,
    async stop() {
      stopping.abort()
      await run.stop()
      await running
    },
  }
}

function launch(place: Place, options: EmbeddedRedisOptions): RedisRun {
  const { redis, clock } = options
  return runRedis({
    command: redis.command,
    args: settings(place),
    env: redis.env,
    lockPath: place.lockPath,
    outputPath: place.logPath,
    clock,
  })
}

function boundLog(place: Place): void {
  if (sizeOf(place.logPath) > LOG_BYTES_MAX) renameSync(place.logPath, `${place.logPath}.old`)
}

function settings(place: Place): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    port: '0',
    unixsocket: place.socketPath,
    unixsocketperm: '700',
    dir: place.folder,
    logfile: place.logPath,
    daemonize: 'no',
    supervised: 'no',
    appendonly: 'yes',
    appendfsync: 'everysec',
    // A machine that lost power leaves half a command at the end of the file.
    'aof-load-truncated': 'yes',
    save: '',
    // BullMQ and we lose state when Redis drops keys to make room.
    'maxmemory-policy': 'noeviction',
    // A member of a window with its card: small windows then take a third of the memory.
    'zset-max-ziplist-value': '256',
  }
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
}

type Start = { readonly run: RedisRun; readonly clock: Clock; readonly logStart: number }

async function answers(place: Place, { run, clock, logStart }: Start): Promise<void> {
  const startedAt = clock.now()
  let last = ''
  let loading = false
  const fail = (reason: EmbeddedRedisError['reason'], message: string): EmbeddedRedisError => {
    const lines = logTail(place.logPath, logStart)
    const told = lines.length > 0 ? `; its last lines:\n  ${lines.join('\n  ')}` : ''
    return new EmbeddedRedisError(reason, `the embedded Redis in ${place.folder} ${message}${told}`)
  }
  while (clock.now() - startedAt < (loading ? LOADING_TIMEOUT_MS : ANSWER_TIMEOUT_MS)) {
    if (run.hasEnded()) throw fail('ended', `did not start: ${await run.ended}`)
    try {
      last = await pingRedis(place.socketPath, PING_TIMEOUT_MS)
      if (last === 'PONG') return
      loading = last.startsWith('LOADING')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      last = `${why}; another process may hold ${place.lockPath}`
    }
    await clock.sleep(PING_PAUSE_MS)
  }
  throw fail(loading ? 'loading' : 'silent', `does not answer (${last})`)
}

/** Makes the folder, for this user alone, and finds the names in it. */
function preparePlace(dataDir: string): Place {
  const wanted = join(resolve(dataDir), 'redis-data')
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 })
    chmodSync(wanted, 0o700)
    const folder = realpathSync(wanted)
    const near = join(folder, 'redis.sock')
    const fits = Buffer.byteLength(near) <= SOCKET_PATH_BYTES_MAX
    return {
      folder,
      socketPath: fits ? near : join(temporaryFolder(folder), 'redis.sock'),
      lockPath: join(folder, 'redis.lock'),
      logPath: join(folder, 'redis.log'),
    }
  } catch (error) {
    if (error instanceof EmbeddedRedisError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new EmbeddedRedisError('folder', `the folder ${wanted} can't be used: ${why}`, error)
  }
}

/**
 * The same for every process that uses `folder`, so `/tmp` and not TMPDIR. Anybody can make
 * folders there: one that isn't ours alone is refused.
 */
function temporaryFolder(folder: string): string {
  const uid = process.getuid?.() ?? 0
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  const path = `/tmp/tocsin-${uid}-${digest}`
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new EmbeddedRedisError('folder', `${path} belongs to somebody else: remove it`)
  }
  return path
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}

/** The last lines of the log, as far as they were written beyond `start` bytes. */
function logTail(path: string, start: number): readonly string[] {
  if (!existsSync(path)) return []
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const from = Math.max(Math.min(start, size), size - LOG_TAIL_BYTES)
    const bytes = Buffer.alloc(size - from)
    readSync(file, bytes, 0, bytes.length, from)
    const lines = bytes.toString('utf8').split('\n')
    return lines.filter((line) => line.trim() !== '').slice(-LOG_TAIL_LINES)
  } finally {
    closeSync(file)
  }
}

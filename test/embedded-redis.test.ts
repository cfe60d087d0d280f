// Owns the proofs about the embedded Redis: one per data folder, none left over, nothing lost.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { findRedisServer, type RedisServer } from '../scripts/find-redis.mjs'
import { systemClock } from '../src/clock.ts'
import { startEmbeddedRedis, type EmbeddedRedis } from '../src/embedded-redis.ts'
import { silentLog } from '../src/observe/log.ts'
import { compileService, usersOf, type Service, type User } from './embedded-redis-service.ts'

/** Four seconds on an idle machine, much more where ten other test files run. */
const TWENTY_TIMEOUT_MS = 120_000

let redis: RedisServer
let startService: (dataDir: string) => Service

beforeAll(async () => {
  const program = mkdtempSync('/tmp/tocsin-service-')
  redis = await findRedisServer()
  startService = compileService(program, redis)
  return () => rmSync(program, { recursive: true })
})

function folder(): string {
  const path = realpathSync(mkdtempSync('/tmp/tocsin-embedded-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const embedded = (dataDir: string, server: Pick<RedisServer, 'command' | 'env'> = redis) =>
  startEmbeddedRedis({ dataDir, redis: server, log: silentLog, clock: systemClock })

function client(path: string): Redis {
  const connection = new Redis({ path, retryStrategy: () => 20, maxRetriesPerRequest: null })
  connection.on('error', () => {})
  onTestFinished(() => connection.disconnect())
  return connection
}

/** Waits for a state of the machine. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 20 })
const nobodyUses = (dataDir: string) => until(() => expect(usersOf(dataDir)).toEqual([]))
const kinds = (dataDir: string) =>
  usersOf(dataDir)
    .map((user) => user.kind)
    .sort()

async function keep(dataDir: string, value: string): Promise<void> {
  const running = await embedded(dataDir)
  await client(running.socketPath).set('key', value)
  await running.stop()
}

/** Redis 6 has one file, later ones a folder of files. */
const appendOnlyFile = (dataDir: string) => {
  const folderOfRedis = join(dataDir, 'redis-data')
  const names = readdirSync(folderOfRedis, { recursive: true, encoding: 'utf8' })
  return join(folderOfRedis, names.find((name) => /(?:incr|only)\.aof$/.test(name)) ?? '')
}

const pidOf = (dataDir: string, kind: User['kind']): number => {
  const pids = usersOf(dataDir).filter((user) => user.kind === kind)
  expect(pids).toHaveLength(1)
  return pids[0]?.pid ?? 0
}

describe('settings', () => {
  test('it keeps all data, drops none, and listens on a private socket only', async () => {
    const dataDir = folder()
    const running = await embedded(dataDir)
    onTestFinished(() => running.stop())
    const connection = client(running.socketPath)
    const setting = async (name: string) => Object(await connection.config('GET', name))[1]
    expect(await setting('maxmemory-policy')).toBe('noeviction')
    expect(await setting('maxmemory')).toBe('0')
    expect(await setting('timeout')).toBe('0')
    expect(await setting('appendonly')).toBe('yes')
    expect(await setting('appendfsync')).toBe('everysec')
    expect(await setting('save')).toBe('')
    expect(await setting('port')).toBe('0')
    expect(running.socketPath).toBe(join(dataDir, 'redis-data', 'redis.sock'))
    expect(statSync(join(dataDir, 'redis-data')).mode & 0o777).toBe(0o700)
    expect(statSync(running.socketPath).mode & 0o077).toBe(0)
  })

  test('a data folder with a long path has its socket in a private folder elsewhere', async () => {
    const dataDir = join(folder(), 'long '.repeat(30))
    const running = await embedded(dataDir)
    onTestFinished(() => running.stop())
    expect(Buffer.byteLength(running.socketPath)).toBeLessThanOrEqual(100)
    expect(statSync(join(running.socketPath, '..')).mode & 0o777).toBe(0o700)
    const second = await embedded(dataDir)
    expect(second.socketPath).toBe(running.socketPath)
    await second.stop()
    expect(await client(running.socketPath).ping()).toBe('PONG')
    await running.stop()
    rmSync(join(running.socketPath, '..'), { recursive: true })
    mkdirSync(join(running.socketPath, '..'), { mode: 0o755 })
    onTestFinished(() => rmSync(join(running.socketPath, '..'), { recursive: true }))
    await expect(embedded(dataDir)).rejects.toThrow('belongs to somebody else')
  })
})

describe('faults at the start', () => {
  test('a program that is not there is an error with what the shell said', async () => {
    const dataDir = folder()
    await expect(embedded(dataDir, { command: '/nowhere/redis', env: {} })).rejects.toMatchObject({
      code: 'EMBEDDED_REDIS',
      reason: 'ended',
      message: expect.stringContaining('/nowhere/redis'),
    })
    await nobodyUses(dataDir)
  })

  test('a folder that cannot be made is an error that names it', async () => {
    const path = join(folder(), 'file')
    writeFileSync(path, '')
    await expect(embedded(path)).rejects.toMatchObject({ reason: 'folder' })
  })

  test('a command cut off at the end of the data is dropped, the rest is kept', async () => {
    const dataDir = folder()
    await keep(dataDir, 'kept')
    appendFileSync(appendOnlyFile(dataDir), '*3\r\n$3\r\nSET\r\n$3\r\nke')
    const running = await embedded(dataDir)
    onTestFinished(() => running.stop())
    expect(await client(running.socketPath).get('key')).toBe('kept')
  })

  test('data broken in the middle is an error with the last lines of Redis', async () => {
    const dataDir = folder()
    await keep(dataDir, 'kept')
    appendFileSync(appendOnlyFile(dataDir), 'nonsense\r\n*1\r\n$4\r\nPING\r\n')
    await expect(embedded(dataDir)).rejects.toMatchObject({
      reason: 'ended',
      message: expect.stringMatching(/Bad file format|redis-check-aof/),
    })
    await nobodyUses(dataDir)
  })
})

describe.runIf(process.platform === 'linux')('deaths', () => {
  const services: Service[] = []
  const start = (dataDir: string) => {
    const service = startService(dataDir)
    services.push(service)
    return service
  }
  afterEach(() => {
    for (const service of services.splice(0)) service.process.kill('SIGKILL')
  })

  test('stop() leaves no process behind', async () => {
    const dataDir = folder()
    const running: EmbeddedRedis = await embedded(dataDir)
    expect(kinds(dataDir)).toEqual(['redis', 'watcher'])
    await running.stop()
    expect(usersOf(dataDir)).toEqual([])
  })

  test.each([
    'service',
    'service, redis',
    'service, watcher',
    'redis, service',
    'watcher, service',
    'watcher, redis, service',
    'redis, watcher, service',
  ])('%s killed at once: nothing is left but the data', async (order) => {
    const dataDir = folder()
    const service = start(dataDir)
    const connection = client(await service.up())
    await connection.set('key', 'kept')
    connection.disconnect()
    const pids: Readonly<Record<string, number>> = {
      service: service.pid,
      redis: pidOf(dataDir, 'redis'),
      watcher: pidOf(dataDir, 'watcher'),
    }
    for (const name of order.split(', ')) process.kill(pids[name] ?? Number.NaN, 'SIGKILL')
    await nobodyUses(dataDir)
    const next = await embedded(dataDir)
    onTestFinished(() => next.stop())
    expect(await client(next.socketPath).get('key')).toBe('kept')
  })

  test.each(['redis', 'watcher'] as const)(
    'the service starts a new one after its %s was killed',
    async (victim) => {
      const dataDir = folder()
      const service = start(dataDir)
      const connection = client(await service.up())
      await connection.set('key', 'kept')
      const before = pidOf(dataDir, 'redis')
      process.kill(pidOf(dataDir, victim), 'SIGKILL')
      await service.logged('started again')
      await until(() => expect(pidOf(dataDir, 'redis')).not.toBe(before))
      expect(await connection.get('key')).toBe('kept')
      expect(kinds(dataDir)).toEqual(['redis', 'watcher'])
      await service.end('SIGTERM')
      expect(usersOf(dataDir)).toEqual([])
    },
  )

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'two services share one Redis; the second takes over after %s of the first',
    async (signal) => {
      const dataDir = folder()
      const first = start(dataDir)
      const path = await first.up()
      const second = start(dataDir)
      expect(await second.up()).toBe(path)
      expect(kinds(dataDir).filter((kind) => kind === 'redis')).toHaveLength(1)
      const before = pidOf(dataDir, 'redis')
      const connection = client(path)
      await connection.set('key', 'kept')
      await first.end(signal)
      await until(() => expect(pidOf(dataDir, 'redis')).not.toBe(before))
      expect(await connection.get('key')).toBe('kept')
      await second.end('SIGTERM')
      expect(usersOf(dataDir)).toEqual([])
    },
  )

  test('a data folder that went away is no crash, and it starts again once that is back', async () => {
    const dataDir = folder()
    const service = start(dataDir)
    const connection = client(await service.up())
    const victim = pidOf(dataDir, 'redis')
    rmSync(join(dataDir, 'redis-data'), { recursive: true })
    process.kill(victim, 'SIGKILL')
    await service.logged('can not be started')
    mkdirSync(join(dataDir, 'redis-data'), { mode: 0o700 })
    expect(await connection.ping()).toBe('PONG')
    await service.end('SIGTERM')
    expect(usersOf(dataDir)).toEqual([])
  })

  test('a second service that ends first takes nothing with it', async () => {
    const dataDir = folder()
    const first = start(dataDir)
    const connection = client(await first.up())
    const second = start(dataDir)
    await second.up()
    await second.end('SIGKILL')
    await until(() => expect(kinds(dataDir)).toEqual(['redis', 'watcher']))
    expect(await connection.ping()).toBe('PONG')
    await first.end('SIGTERM')
    expect(usersOf(dataDir)).toEqual([])
  })

  test(
    'twenty services killed at any moment never run two Redis on the same data',
    async () => {
      const dataDir = folder()
      let most = 0
      const watching = setInterval(() => {
        const servers = usersOf(dataDir).filter(({ kind }) => kind === 'redis')
        // What a server forked to rewrite its file has the server's name, and is no second one.
        const forks = servers.filter(({ parent }) => servers.some(({ pid }) => pid === parent))
        most = Math.max(most, servers.length - forks.length)
      }, 20)
      onTestFinished(() => clearInterval(watching))
      let counted = 0
      let previous: Service | undefined
      for (let round = 0; round < 20; round += 1) {
        // Every second one starts while the last still runs, the others into its end.
        if (round % 2 === 0) await previous?.end('SIGKILL')
        const service = start(dataDir)
        if (round % 3 === 2) {
          await systemClock.sleep(round * 8)
        } else {
          const connection = client(await service.up())
          await connection.incr('rounds')
          counted += 1
          connection.disconnect()
        }
        if (round % 2 === 1) await previous?.end('SIGKILL')
        previous = service
      }
      await previous?.end('SIGKILL')
      await nobodyUses(dataDir)
      expect(most).toBe(1)
      const last = await embedded(dataDir)
      onTestFinished(() => last.stop())
      expect(await client(last.socketPath).get('rounds')).toBe(String(counted))
    },
    TWENTY_TIMEOUT_MS,
  )
})

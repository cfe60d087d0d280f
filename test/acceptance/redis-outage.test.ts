// Owns the proof that a Redis that goes away takes nothing with it, and that its absence is borne.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { findRedisServer } from '../../scripts/find-redis.mjs'
import { systemClock } from '../../src/clock.ts'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/embedded-redis.ts'
import { silentLog } from '../../src/observe/log.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

let service: TestService
let embedded: EmbeddedRedis | undefined
let folder: string

afterEach(async () => {
  await service.close()
  await embedded?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The server's process: the one on this folder's data. */
function redisPid(): number {
  const found = readdirSync('/proc').find((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return /(redis|valkey)-server/.test(line) && line.includes(folder)
    } catch {
      return false
    }
  })
  return Number(found)
}

it('Redis killed in the middle: what happened meanwhile is told once when it is back', async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-outage-'))
  const redis = await findRedisServer()
  embedded = await startEmbeddedRedis({
    dataDir: folder,
    redis,
    log: silentLog,
    clock: systemClock,
  })
  service = await openTestService(undefined, { redisUrl: `unix://${embedded.socketPath}` })
  await service.start()
  service.simulator.addEntries(CONTRACT, [userCreated('before@example.com')])
  await service.until(() => expect(service.messages().length).toBe(1))

  process.kill(redisPid(), 'SIGKILL')
  service.simulator.addEntries(CONTRACT, [userCreated('during@example.com')])
  await service.until(() => expect(service.messages().length).toBe(2))
  service.simulator.addEntries(CONTRACT, [userCreated('after@example.com')])
  await service.until(() => expect(service.messages().length).toBe(3))
  const names = ['before@', 'during@', 'after@']
  expect(
    names.map((name) => service.messages().filter((text) => text.includes(name)).length),
  ).toEqual([1, 1, 1])
})

it('a stop while Redis is away does not hang', async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-outage-'))
  const redis = await findRedisServer()
  embedded = await startEmbeddedRedis({
    dataDir: folder,
    redis,
    log: silentLog,
    clock: systemClock,
  })
  service = await openTestService(undefined, { redisUrl: `unix://${embedded.socketPath}` })
  const app = await service.start()
  await embedded.stop()
  embedded = undefined
  const started = performance.now()
  await app.stop()
  expect(performance.now() - started).toBeLessThan(10_000)
})

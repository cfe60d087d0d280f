// Owns the one Redis all tests share; each test has a prefix of its own in it.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { findRedisServer } from '../scripts/find-redis.mjs'
import { type Guarded, spawnGuarded } from '../scripts/guarded.mjs'
import { pingRedis } from '../scripts/redis-ping.mjs'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the unix socket of a real, empty Redis without persistence. */
    redisSocket: string
  }
}

/** Redis answers within 50 ms; the rest is for a machine that does ten things at once. */
const START_TIMEOUT_MS = 20_000
const START_PAUSE_MS = 5

/** How much of what it prints is kept for the message. */
const OUTPUT_LENGTH_MAX = 2000

/**
 * Starts it before the first test; what is returned stops it after the last one. REDIS_URL is
 * left alone on purpose: it may be somebody's production, and tests write and delete freely.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findRedisServer()
  // Not TMPDIR: the path of a unix socket holds about 100 bytes.
  const folder = mkdtempSync('/tmp/tocsin-test-')
  const redisSocket = join(folder, 'redis.sock')
  const settings = ['--port', '0', '--unixsocket', redisSocket, '--dir', folder, '--save', '']
  const policy = ['--maxmemory-policy', 'noeviction']
  const child = spawnGuarded([server.command, ...settings, ...policy], {
    env: server.env,
    outputLengthMax: OUTPUT_LENGTH_MAX,
  })
  const stop = async (): Promise<void> => {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answer(child, redisSocket)
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('redisSocket', redisSocket)
  return stop
}

async function answer(child: Guarded, socketPath: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!child.hasEnded() && performance.now() < deadline) {
    const reply = await pingRedis(socketPath, START_TIMEOUT_MS).catch(() => undefined)
    if (reply === 'PONG') return
    await new Promise((wake) => setTimeout(wake, START_PAUSE_MS))
  }
  const why = child.hasEnded() ? (await child.ended).output : 'it does not answer'
  throw new Error(`the tests' Redis did not start: ${why}`)
}

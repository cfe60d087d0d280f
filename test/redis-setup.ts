// Owns the one Redis all tests share; each test has a prefix of its own in it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { findRedisServer } from '../scripts/find-redis.mjs'
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

// The reader ends when this process does, however it dies, and takes Redis with it.
const SCRIPT = `
(while read -r _; do :; done; kill -KILL 0) <&3 3<&- &
exec "$@" 3<&-
`

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
  const policy = ['--maxmemory-policy', 'noeviction', '--logfile', join(folder, 'redis.log')]
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', server.command, ...settings, ...policy], {
    detached: true,
    env: { ...process.env, ...server.env },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const stop = async (): Promise<void> => {
    await end(child)
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

async function answer(child: ChildProcess, socketPath: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (child.exitCode === null && performance.now() < deadline) {
    const reply = await pingRedis(socketPath, START_TIMEOUT_MS).catch(() => undefined)
    if (reply === 'PONG') return
    await new Promise((wake) => setTimeout(wake, START_PAUSE_MS))
  }
  throw new Error(`the tests' Redis did not answer (exit code ${child.exitCode})`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdio[3]?.destroy()
  await ended
}

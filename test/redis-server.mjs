// Owns a real, empty Redis for tests and proofs, on a socket of its own. Who shares it: redis-setup.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findRedisServer } from '../scripts/find-redis.mjs'
import { spawnGuarded } from '../scripts/guarded.mjs'
import { pingRedis } from '../scripts/redis-ping.mjs'

/** Redis answers within 50 ms; the rest is for a machine that does ten things at once. */
const START_TIMEOUT_MS = 20_000
const START_PAUSE_MS = 5

/** How much of what it prints is kept for the message. */
const OUTPUT_LENGTH_MAX = 2000

/**
 * Starts one without persistence. REDIS_URL is left alone on purpose: it may be somebody's
 * production, and tests write and delete freely. Throws when it does not start.
 */
export async function startRedisServer() {
  const server = await findRedisServer()
  // Not TMPDIR: the path of a unix socket holds about 100 bytes.
  const folder = mkdtempSync('/tmp/tocsin-test-')
  const socketPath = join(folder, 'redis.sock')
  const settings = ['--port', '0', '--unixsocket', socketPath, '--dir', folder, '--save', '']
  const policy = ['--maxmemory-policy', 'noeviction']
  const child = spawnGuarded([server.command, ...settings, ...policy], {
    env: server.env,
    outputLengthMax: OUTPUT_LENGTH_MAX,
  })
  const stop = async () => {
    await child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answer(child, socketPath)
  } catch (error) {
    await stop()
    throw error
  }
  return { socketPath, stop }
}

async function answer(child, socketPath) {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!child.hasEnded() && performance.now() < deadline) {
    const reply = await pingRedis(socketPath, START_TIMEOUT_MS).catch(() => undefined)
    if (reply === 'PONG') return
    await new Promise((wake) => setTimeout(wake, START_PAUSE_MS))
  }
  const why = child.hasEnded() ? (await child.ended).output : 'it does not answer'
  throw new Error(`the tests' Redis did not start: ${why}`)
}

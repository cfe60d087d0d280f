// Owns one process of the long fuzz of detection: proves the law for the chunks it is sent, in memory or
// on a Redis of its own, and answers with what it met. Which chunks there are: detection.mjs.
import type { Redis } from 'ioredis'
import { connectRedis } from '../../src/state/connection.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import type { KindName } from '../oracle/arbitrary-detect.ts'
import { createLawCounts, openMemoryStores, proveLaw } from '../oracle/law.ts'

type Chunk = {
  readonly kind: KindName
  readonly seed: number
  readonly cases: number
  /** Address of a Redis that nobody else uses: it is emptied; undefined: in memory. */
  readonly redisUrl?: string
}

let redis: Redis | undefined
let opened = 0

process.on('message', (chunk: Chunk) => {
  void proveChunk(chunk)
})
process.on('disconnect', () => process.exit(0))
// A terminal sends Ctrl-C to every process: the one that tells what was done ends the others.
process.on('SIGINT', () => {})

async function proveChunk({ kind, seed, cases, redisUrl }: Chunk): Promise<void> {
  const counts = createLawCounts()
  const before = process.cpuUsage()
  try {
    await proveLaw(kind, await storesAt(redisUrl), { seed, cases }, counts)
    const { user, system } = process.cpuUsage(before)
    process.send?.({ ...counts, cpuMs: (user + system) / 1_000 })
  } catch (error) {
    process.send?.({ difference: error instanceof Error ? describe(error) : String(error) })
  }
}

async function storesAt(redisUrl: string | undefined) {
  if (redisUrl === undefined) return openMemoryStores
  const connected = (redis ??= connectRedis(redisUrl, 'state'))
  await connected.flushdb()
  return () => {
    opened += 1
    return openRedisStores(connected, createKeys(`fuzz-${opened}`))
  }
}

/** fast-check tells the drawn case, and as the cause what went wrong with it. */
function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `\n${error.cause.message}` : ''
  return error.message + cause
}

// Owns what tests share of the real Redis: connections, and a prefix that nobody else has.
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { inject } from 'vitest'
import { connectRedis, type ConnectionKind } from '../../src/state/connection.ts'
import { createKeys, type Keys } from '../../src/state/keys.ts'

export type TestRedis = {
  readonly redis: Redis
  readonly keys: Keys
  readonly prefix: string
  readonly address: string
  connect(kind: ConnectionKind): Redis
  /** Deletes all keys of the prefix and closes every connection. */
  close(): Promise<void>
}

export function openTestRedis(): TestRedis {
  const address = `unix://${inject('redisSocket')}`
  const prefix = `t-${randomUUID().slice(0, 8)}`
  const open: Redis[] = []
  const connect = (kind: ConnectionKind) => {
    const redis = connectRedis(address, kind)
    open.push(redis)
    return redis
  }
  const redis = connect('state')
  return {
    redis,
    keys: createKeys(prefix),
    prefix,
    address,
    connect,
    async close() {
      const names = await redis.keys(`*${prefix}*`)
      if (names.length > 0) await redis.del(...names)
      for (const connection of open) connection.disconnect()
    },
  }
}

// Owns in Redis what receivers remember between sends, such as where a message is. Bounded in size.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'

/** Longest value kept, in characters: an address of a message, not the message. */
const VALUE_LENGTH_MAX = 1_000

export type ReceiverMemory = {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

/** The memory of one receiver; keys of others are out of its reach. */
export function createRedisMemory(redis: Redis, keys: Keys, receiver: string): ReceiverMemory {
  return {
    async get(key) {
      return (await redis.get(keys.receiverMemory(receiver, key))) ?? undefined
    },
    async set(key, value) {
      if (value.length > VALUE_LENGTH_MAX) throw new Error(`${key}: too long to be remembered`)
      await redis.set(keys.receiverMemory(receiver, key), value, 'EX', EXPIRY_SECONDS.alerts)
    },
  }
}

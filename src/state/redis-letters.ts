// Owns in Redis the dead letters of a contract: what could not be used, with its text.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import type { DeadLetter, DeadLetterStore } from './stores.ts'

/** Dead letters kept per contract; the count goes on when the oldest are dropped. */
export const DEAD_LETTERS_MAX = 10_000
/** Longest text kept of one, in characters. */
export const DEAD_LETTER_LENGTH_MAX = 65_536

export function createRedisDeadLetterStore(redis: Redis, keys: Keys): DeadLetterStore {
  return {
    async add(contract, letters) {
      if (letters.length === 0) return
      const key = keys.deadLetters(contract)
      const texts = letters.map((letter) =>
        JSON.stringify({ ...letter, text: letter.text.slice(0, DEAD_LETTER_LENGTH_MAX) }),
      )
      await redis
        .multi()
        .lpush(key, ...texts)
        .ltrim(key, 0, DEAD_LETTERS_MAX - 1)
        .expire(key, EXPIRY_SECONDS.deadLetters)
        .incrby(keys.deadLetterCount(contract), letters.length)
        .expire(keys.deadLetterCount(contract), EXPIRY_SECONDS.deadLetters)
        .exec()
    },

    async list(contract, limit) {
      const texts = await redis.lrange(keys.deadLetters(contract), 0, limit - 1)
      return texts.map((text) => JSON.parse(text) as DeadLetter)
    },

    async count(contract) {
      return Number((await redis.get(keys.deadLetterCount(contract))) ?? 0)
    },
  }
}

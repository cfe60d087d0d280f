// Owns the small state that belongs to no contract: alert numbers, and which contracts there are.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import type { ContractStore, NumberStore } from './stores.ts'

/** Numbers taken at least at a time: a crash loses so many, most alerts cost no round trip. */
const NUMBER_BLOCK = 10
/** The first alert is A-1000: a number people recognise as one. */
const NUMBER_FIRST = 1_000

export function createRedisNumberStore(redis: Redis, keys: Keys): NumberStore {
  let free: number[] = []

  return {
    async take(count) {
      while (free.length < count) {
        const size = Math.max(NUMBER_BLOCK, count - free.length)
        const end = NUMBER_FIRST + (await redis.incrby(keys.numbers, size))
        free.push(...Array.from({ length: size }, (_, at) => end - size + at))
      }
      const taken = free.slice(0, count)
      free = free.slice(count)
      return taken
    },
    giveBack(numbers) {
      free = [...numbers, ...free]
    },
  }
}

export function createRedisContractStore(redis: Redis, keys: Keys): ContractStore {
  return {
    async add(contract) {
      await redis.sadd(keys.contracts, contract)
    },
    async list() {
      return (await redis.smembers(keys.contracts)).sort()
    },
  }
}

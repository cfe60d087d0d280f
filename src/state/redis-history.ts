// Owns in Redis what of a contract was history when it was first read.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import type { HistoryStore } from './stores.ts'

export function createRedisHistoryStore(redis: Redis, keys: Keys): HistoryStore {
  /** Never changes once it is there, and is there before any entry is. */
  const known = new Map<string, number>()

  return {
    async begin(contract, liveFromMs) {
      await redis.set(keys.liveFrom(contract), liveFromMs, 'EX', EXPIRY_SECONDS.reads, 'NX')
    },
    async liveFrom(contract) {
      const before = known.get(contract)
      if (before !== undefined) return before
      const found = await redis.get(keys.liveFrom(contract))
      if (found === null) return undefined
      known.set(contract, Number(found))
      return Number(found)
    },
    async tell(contract) {
      const set = await redis.set(keys.historyTold(contract), 1, 'EX', EXPIRY_SECONDS.reads, 'NX')
      return set === 'OK'
    },
  }
}

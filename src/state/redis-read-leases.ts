// Owns in Redis who reads a contract: a lease that runs out by itself, and a fence that only rises.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import type { ReadLease, ReadLeaseStore } from './read-stores.ts'
import { defineScript, runScript } from './script.ts'

/** KEYS lease, fence. ARGV ms, expiry seconds of the fence. Returns the fence, or nothing. */
const ACQUIRE_LEASE = defineScript(
  'acquire-lease',
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local fence = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return fence
`,
)

/**
 * A lease that ran out while Redis was away is taken again if nobody else had it in between.
 * KEYS lease, fence. ARGV ms, fence. Returns 1, or 0 when another one has it.
 */
const RENEW_LEASE = defineScript(
  'renew-lease',
  `
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return 1
`,
)

/** KEYS lease, fence. ARGV fence. Returns 1, or 0 when another one has it. */
const RELEASE_LEASE = defineScript(
  'release-lease',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
`,
)

export function createRedisReadLeaseStore(redis: Redis, keys: Keys): ReadLeaseStore {
  const namesOf = (contract: string) => [keys.readLease(contract), keys.fence(contract)]
  const calls = (leases: readonly ReadLease[], args: (lease: ReadLease) => readonly number[]) =>
    leases.map((lease) => ({ keys: namesOf(lease.contract), args: args(lease) }))

  return {
    async acquire(contract, forMs) {
      const call = { keys: namesOf(contract), args: [forMs, EXPIRY_SECONDS.reads] }
      const [fence] = await runScript(redis, ACQUIRE_LEASE, [call])
      return typeof fence === 'number' ? fence : undefined
    },
    async renew(leases, forMs) {
      const answers = await runScript(
        redis,
        RENEW_LEASE,
        calls(leases, ({ fence }) => [forMs, fence]),
      )
      return answers.map((answer) => answer === 1)
    },
    async release(leases) {
      await runScript(
        redis,
        RELEASE_LEASE,
        calls(leases, ({ fence }) => [fence]),
      )
    },
  }
}

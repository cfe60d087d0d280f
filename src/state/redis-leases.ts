// Owns leases in Redis: what only one process at a time does. A lease that runs out while its holder
// still works is no harm to what is a transition of its own; whoever needs more needs a fence.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { LeaseStore } from './stores.ts'

/** Takes or keeps a lease. KEYS lease. ARGV owner, ms. Returns 1, or 0 when another has it. */
const HOLD_LEASE = defineScript(
  'hold-lease',
  `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
)

/** Gives a lease back. KEYS lease. ARGV owner. Returns 1, or 0 when it was not the owner's. */
const RELEASE_LEASE = defineScript(
  'release-lease',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
)

export function createRedisLeaseStore(redis: Redis, keys: Keys): LeaseStore {
  return {
    async hold(name, owner, forMs) {
      const call = { keys: [keys.lease(name)], args: [owner, forMs] }
      const [answer] = await runScript(redis, HOLD_LEASE, [call])
      return answer === 1
    },
    async release(name, owner) {
      await runScript(redis, RELEASE_LEASE, [{ keys: [keys.lease(name)], args: [owner] }])
    },
  }
}

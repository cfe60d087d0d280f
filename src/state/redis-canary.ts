// Owns in Redis which canaries were sent and which arrived: one hash, the same for all processes.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { CanaryStore } from './stores.ts'

/** Notes that one is sent. KEYS canary. ARGV when (ms), expiry seconds. */
const SEND_CANARY = defineScript(
  'send-canary',
  `
redis.call('HSET', KEYS[1], 'sent', ARGV[1])
redis.call('HSETNX', KEYS[1], 'waiting', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
`,
)

/** Notes that one arrived: it, and those before it, are waited for no more. KEYS canary. ARGV when sent (ms). */
const RECEIVE_CANARY = defineScript(
  'receive-canary',
  `
local waiting = redis.call('HGET', KEYS[1], 'waiting')
if not waiting or tonumber(waiting) > tonumber(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'waiting')
return 1
`,
)

export function createRedisCanaryStore(redis: Redis, keys: Keys): CanaryStore {
  return {
    async send(at) {
      const call = { keys: [keys.canary], args: [at, EXPIRY_SECONDS.canary] }
      await runScript(redis, SEND_CANARY, [call])
    },
    async receive(sentAt) {
      await runScript(redis, RECEIVE_CANARY, [{ keys: [keys.canary], args: [sentAt] }])
    },
    async state() {
      const [sent, waiting] = await redis.hmget(keys.canary, 'sent', 'waiting')
      return { sentAt: numberOf(sent), waitingSince: numberOf(waiting) }
    },
  }
}

function numberOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text)
}

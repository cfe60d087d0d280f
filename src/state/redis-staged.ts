// Owns in Redis since when each staged rule has been staged, and of which week rule health was told.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { StagedStore } from './view-stores.ts'

/** Notes new ones, forgets others. KEYS staged. ARGV expiry seconds, when (ms), ids. */
const NOTE_STAGED = defineScript(
  'note-staged',
  `
local staged = {}
for i = 3, #ARGV do
  staged['since:' .. ARGV[i]] = true
  redis.call('HSETNX', KEYS[1], 'since:' .. ARGV[i], ARGV[2])
end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 6) == 'since:' and not staged[field] then
    redis.call('HDEL', KEYS[1], field)
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
`,
)

export function createRedisStagedStore(redis: Redis, keys: Keys): StagedStore {
  return {
    async note(ids, at) {
      const args = [EXPIRY_SECONDS.staged, at, ...ids]
      await runScript(redis, NOTE_STAGED, [{ keys: [keys.staged], args }])
    },
    async since() {
      const fields = Object.entries(await redis.hgetall(keys.staged))
      return new Map(
        fields.flatMap(([field, at]) =>
          field.startsWith('since:') ? [[field.slice('since:'.length), Number(at)] as const] : [],
        ),
      )
    },
    async toldWeek() {
      const week = await redis.hget(keys.staged, 'told')
      return week === null ? undefined : Number(week)
    },
    async setToldWeek(week) {
      await redis.hset(keys.staged, 'told', week)
    },
  }
}

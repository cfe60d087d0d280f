// Owns silences in Redis: each change one script, a version that tells readers to read again.
import type { Redis } from 'ioredis'
import type { Silence } from '../core/silence.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { SilenceStore } from './stores.ts'

/** Silences remembered at once, those that ended lately too. */
export const SILENCES_MAX = 1_000
/** How long a silence that ended is remembered: for people, and for a service that was down. */
export const SILENCE_KEPT_MS = 7 * 86_400_000
/** Silences past that which one new one removes. */
const PRUNED_PER_ADD_MAX = 100

/**
 * Adds a silence.
 * KEYS all, ends, version. ARGV id, JSON, end (ms), ends before this are forgotten (ms),
 *   how many at most, most silences, expiry seconds. Returns 1, or 0 when there are too many.
 */
const ADD_SILENCE = defineScript(
  'add-silence',
  `
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'LIMIT', 0, ARGV[5])) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('INCR', KEYS[3])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[7]) end
return 1
`,
)

/**
 * Ends a silence that has not ended.
 * KEYS all, ends, version. ARGV id, now (ms), who.
 * Returns its JSON, or nil when there is no such silence.
 */
const EXPIRE_SILENCE = defineScript(
  'expire-silence',
  `
local json = redis.call('HGET', KEYS[1], ARGV[1])
if not json then return nil end
local silence = cjson.decode(json)
local now = tonumber(ARGV[2])
if silence.endsAt <= now then return nil end
silence.endsAt = now
silence.startsAt = math.min(silence.startsAt, now)
silence.expiredBy = ARGV[3]
local after = cjson.encode(silence)
redis.call('HSET', KEYS[1], ARGV[1], after)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('INCR', KEYS[3])
return after
`,
)

export function createRedisSilenceStore(redis: Redis, keys: Keys): SilenceStore {
  const places = [keys.silences, keys.silenceEnds, keys.silenceVersion]
  let read: { readonly version: string | null; readonly silences: readonly Silence[] } | undefined

  return {
    async list() {
      const version = await redis.get(keys.silenceVersion)
      if (read !== undefined && read.version === version) return read.silences
      const texts = Object.values(await redis.hgetall(keys.silences))
      const silences = texts
        .map((text) => JSON.parse(text) as Silence)
        .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      read = { version, silences }
      return silences
    },

    async add(silence, now) {
      const [answer] = await runScript(redis, ADD_SILENCE, [
        {
          keys: places,
          args: [
            silence.id,
            JSON.stringify(silence),
            silence.endsAt,
            now - SILENCE_KEPT_MS,
            PRUNED_PER_ADD_MAX,
            SILENCES_MAX,
            EXPIRY_SECONDS.silences,
          ],
        },
      ])
      return answer === 1 ? 'added' : 'too-many'
    },

    async expire(id, by, now) {
      const [answer] = await runScript(redis, EXPIRE_SILENCE, [
        { keys: places, args: [id, now, by] },
      ])
      return typeof answer === 'string' ? (JSON.parse(answer) as Silence) : undefined
    },

    async endsHandled() {
      return Number((await redis.get(keys.silenceEndsHandled)) ?? 0)
    },

    async handleEnds(until) {
      await redis.set(keys.silenceEndsHandled, until, 'EX', EXPIRY_SECONDS.silences)
    },
  }
}

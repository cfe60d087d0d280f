// Owns in Redis the events kept for people to look at: those that matched a rule, and a sample of
// others, each bounded by number, size and age. No alert rests on them.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { EventStore, StoredEvent } from './view-stores.ts'

/** Kept of one contract: about 10 MB at 2 KB each. */
export const EVENTS_MATCHED_MAX = 5_000
export const EVENTS_SAMPLED_MAX = 500
/** A larger one is not kept: nobody reads it, and it would take the place of many. */
export const EVENT_LENGTH_MAX = 16_384
/** Events of one question at most. */
const LATEST_MAX = 10_000

/**
 * Keeps events and drops what is too old or too much.
 * KEYS matched, sampled, texts. ARGV matched max, sampled max, ms before which events are too old,
 *   expiry seconds; then of each event: 1 when it matched, else 0; id; time; JSON. Returns nothing.
 */
const RECORD_EVENTS = defineScript(
  'record-events',
  `
for i = 5, #ARGV, 4 do
  local id = ARGV[i + 1]
  if ARGV[i] == '1' then
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZADD', KEYS[1], ARGV[i + 2], id)
    redis.call('HSET', KEYS[3], id, ARGV[i + 3])
  elseif not redis.call('ZSCORE', KEYS[1], id) then
    redis.call('ZADD', KEYS[2], ARGV[i + 2], id)
    redis.call('HSET', KEYS[3], id, ARGV[i + 3])
  end
end
for at = 1, 2 do
  local old = redis.call('ZRANGEBYSCORE', KEYS[at], '-inf', '(' .. ARGV[3], 'LIMIT', 0, 1000)
  local over = redis.call('ZCARD', KEYS[at]) - #old - tonumber(ARGV[at])
  if over > 0 then
    for _, id in ipairs(redis.call('ZRANGE', KEYS[at], #old, #old + over - 1)) do
      old[#old + 1] = id
    end
  end
  for _, id in ipairs(old) do
    redis.call('ZREM', KEYS[at], id)
    redis.call('HDEL', KEYS[3], id)
  end
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[4]) end
`,
)

/** `retentionMs`: how old an event may get, by its own time. */
export function createRedisEventStore(
  redis: Redis,
  keys: Keys,
  retentionMs: number = EXPIRY_SECONDS.events * 1_000,
): EventStore {
  const read = async (contract: string, ids: readonly string[]): Promise<StoredEvent[]> => {
    if (ids.length === 0) return []
    const texts = await redis.hmget(keys.eventTexts(contract), ...ids)
    return texts.flatMap((json) => (json === null ? [] : [JSON.parse(json) as StoredEvent]))
  }

  return {
    async record(contract, events, now) {
      const args = events.flatMap((event) => {
        const json = JSON.stringify(event)
        if (json.length > EVENT_LENGTH_MAX) return []
        return [event.rules.length > 0 ? 1 : 0, event.id, event.time, json]
      })
      if (args.length === 0) return
      const limits = [EVENTS_MATCHED_MAX, EVENTS_SAMPLED_MAX, now - retentionMs]
      await runScript(redis, RECORD_EVENTS, [
        {
          keys: [
            keys.eventsMatched(contract),
            keys.eventsSampled(contract),
            keys.eventTexts(contract),
          ],
          args: [...limits, EXPIRY_SECONDS.events, ...args],
        },
      ])
    },

    async latest(contract, { from, limit, offset = 0 }) {
      const count = Math.min(limit + offset, LATEST_MAX)
      const ids = async (key: string) => {
        const flat = await redis.zrevrangebyscore(
          key,
          '+inf',
          from,
          'WITHSCORES',
          'LIMIT',
          0,
          count,
        )
        return flat.flatMap((id, at) => (at % 2 === 0 ? [{ id, time: Number(flat[at + 1]) }] : []))
      }
      const found = [
        ...(await ids(keys.eventsMatched(contract))),
        ...(await ids(keys.eventsSampled(contract))),
      ].sort((a, b) => b.time - a.time)
      return read(
        contract,
        found.slice(offset, count).map(({ id }) => id),
      )
    },

    find: read,
  }
}

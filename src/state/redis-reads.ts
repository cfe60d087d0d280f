// Owns in Redis how far a contract was read, what is unproven, and which ids were seen.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { GAPS_MAX, parseSpan, spanName } from './redis-marks.ts'
import { defineScript, runScript } from './script.ts'
import type { EntryKey, ReadStore, SeenStore } from './stores.ts'

const HOUR_MS = 3_600_000
/** Unproven spans kept per contract; beyond it the oldest are dropped (the sweep reads 24 h). */
const UNPROVEN_MAX = 10_000

/**
 * Ends a window: the mark moves, never back, and unproven spans are remembered.
 * KEYS mark, unproven. ARGV to (ms), expiry seconds, unproven max, then from and `from-to` of each.
 * Returns the mark.
 */
const FINISH_WINDOW = defineScript(
  'finish-window',
  `
local mark = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', mark), 'EX', ARGV[2])
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[3]) - 1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return mark
`,
)

/**
 * Finds where a contract stands, or begins it.
 * KEYS mark, begin. ARGV from (ms), expiry seconds. Returns { begin, mark, 1 if it began now }.
 */
const BEGIN_READING = defineScript(
  'begin-reading',
  `
local mark = redis.call('GET', KEYS[1])
if mark then
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  return { redis.call('GET', KEYS[2]) or '0', mark, 0 }
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
return { ARGV[1], ARGV[1], 1 }
`,
)

/**
 * Makes unproven spans gaps for good.
 * KEYS unproven, gaps. ARGV gaps max, expiry seconds, then from and `from-to` of each. Returns 1.
 */
const GIVE_UP_SPANS = defineScript(
  'give-up-spans',
  `
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('ZREM', KEYS[1], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[1]) - 1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
`,
)

export function createRedisReadStore(redis: Redis, keys: Keys): ReadStore {
  return {
    async begin(contract, from) {
      const [answer] = await runScript(redis, BEGIN_READING, [
        {
          keys: [keys.mark(contract), keys.readBegin(contract)],
          args: [from, EXPIRY_SECONDS.reads],
        },
      ])
      const [since, mark, isFirst] = answer as [string, string, number]
      return { since: Number(since), mark: Number(mark), isFirst: isFirst === 1 }
    },

    async mark(contract) {
      const mark = await redis.get(keys.mark(contract))
      return mark === null ? undefined : Number(mark)
    },

    async finishWindow(contract, window, unproven) {
      const spans = unproven.flatMap((span) => [span.from, spanName(span)])
      await runScript(redis, FINISH_WINDOW, [
        {
          keys: [keys.mark(contract), keys.unproven(contract)],
          args: [window.to, EXPIRY_SECONDS.reads, UNPROVEN_MAX, ...spans],
        },
      ])
    },

    async unproven(contract, limit) {
      const names = await redis.zrange(keys.unproven(contract), 0, `${limit - 1}`)
      return names.map(parseSpan)
    },

    async prove(contract, spans) {
      if (spans.length > 0) await redis.zrem(keys.unproven(contract), ...spans.map(spanName))
    },

    async giveUp(contract, spans) {
      if (spans.length === 0) return
      const named = spans.flatMap((span) => [span.from, spanName(span)])
      await runScript(redis, GIVE_UP_SPANS, [
        {
          keys: [keys.unproven(contract), keys.gaps(contract)],
          args: [GAPS_MAX, EXPIRY_SECONDS.reads, ...named],
        },
      ])
    },
  }
}

export function createRedisSeenStore(redis: Redis, keys: Keys): SeenStore {
  const key = (contract: string, entry: EntryKey) =>
    keys.seen(contract, Math.floor(entry.time / HOUR_MS))

  return {
    async seen(contract, entries) {
      if (entries.length === 0) return []
      const commands = redis.pipeline()
      for (const entry of entries) commands.sismember(key(contract, entry), entry.id)
      const answers = (await commands.exec()) ?? []
      return answers.map(([error, flag]) => {
        if (error) throw error
        return flag === 1
      })
    },

    async add(contract, entries) {
      const byHour = new Map<string, string[]>()
      for (const entry of entries) {
        const hour = key(contract, entry)
        const ids = byHour.get(hour)
        if (ids === undefined) byHour.set(hour, [entry.id])
        else ids.push(entry.id)
      }
      const commands = redis.pipeline()
      for (const [hour, ids] of byHour) {
        commands.sadd(hour, ...ids)
        commands.expire(hour, EXPIRY_SECONDS.seen)
      }
      throwFirst(await commands.exec())
    },

    async remove(contract, entries) {
      const commands = redis.pipeline()
      for (const entry of entries) commands.srem(key(contract, entry), entry.id)
      throwFirst(await commands.exec())
    },
  }
}

function throwFirst(answers: [Error | null, unknown][] | null): void {
  const failed = answers?.find(([error]) => error)
  if (failed?.[0]) throw failed[0]
}

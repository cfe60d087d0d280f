// Owns in Redis how far a contract was evaluated: batches under way, and the gaps beside them.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { BatchStore, MarkStore, Span } from './stores.ts'

/** Gaps kept per contract; beyond it the oldest are dropped. */
export const GAPS_MAX = 10_000
/** No gap is wider than a window: so far before a span those begin that reach into it. */
const GAP_MS_MAX = 3_600_000
/** Gaps that one question gets. */
const GAPS_ASKED_MAX = 10_000

/**
 * Notes a batch before the queue has it. What lies before the read mark was passed already, so the
 * batch holds the evaluated mark where the read mark is now: it never moves back.
 * KEYS mark, batches. ARGV id, time of its first entry (ms), expiry seconds. Returns its place (ms).
 */
const ANNOUNCE_BATCH = defineScript(
  'announce-batch',
  `
local place = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2]))
redis.call('ZADD', KEYS[2], 'NX', string.format('%.0f', place), ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return string.format('%.0f', place)
`,
)

/**
 * A batch that nothing can evaluate becomes a gap.
 * KEYS batches, gaps. ARGV id, from (ms), `from-to`, gaps max, expiry seconds. Returns 1.
 */
const POISON_BATCH = defineScript(
  'poison-batch',
  `
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[4]) - 1)
redis.call('EXPIRE', KEYS[2], ARGV[5])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
`,
)

/**
 * The evaluated mark: the read mark, or the first batch that is still under way.
 * KEYS mark, batches. Returns ms as text, or nothing when the contract was never read.
 */
const EVALUATED_MARK = defineScript(
  'evaluated-mark',
  `
local mark = redis.call('GET', KEYS[1])
if not mark then return false end
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
if first and tonumber(first) < tonumber(mark) then return string.format('%.0f', tonumber(first)) end
return mark
`,
)

export function createRedisMarkStore(redis: Redis, keys: Keys): MarkStore {
  return {
    async evaluated(contract) {
      const call = { keys: [keys.mark(contract), keys.batches(contract)], args: [] }
      const [mark] = await runScript(redis, EVALUATED_MARK, [call])
      return typeof mark === 'string' ? Number(mark) : undefined
    },

    async gaps(contract, span) {
      const [from, to] = [span.from - GAP_MS_MAX, `(${span.to}`] as const
      const lists = await Promise.all(
        [keys.unproven(contract), keys.gaps(contract)].map((key) =>
          redis.zrangebyscore(key, from, to, 'LIMIT', 0, GAPS_ASKED_MAX),
        ),
      )
      return lists
        .flat()
        .map(parseSpan)
        .filter((gap) => gap.to > span.from)
        .sort((left, right) => left.from - right.from || left.to - right.to)
    },
  }
}

export function createRedisBatchStore(redis: Redis, keys: Keys): BatchStore {
  return {
    async announce(contract, { id, time }) {
      await runScript(redis, ANNOUNCE_BATCH, [
        {
          keys: [keys.mark(contract), keys.batches(contract)],
          args: [id, time, EXPIRY_SECONDS.reads],
        },
      ])
    },

    async finish(contract, id) {
      await redis.zrem(keys.batches(contract), id)
    },

    async poison(contract, id, span) {
      await runScript(redis, POISON_BATCH, [
        {
          keys: [keys.batches(contract), keys.gaps(contract)],
          args: [id, span.from, spanName(span), GAPS_MAX, EXPIRY_SECONDS.reads],
        },
      ])
    },

    async waiting(contract, limit) {
      return await redis.zrange(keys.batches(contract), 0, `${limit - 1}`)
    },
  }
}

/** How a span is named in the sets of spans: `from-to`. */
export function spanName(span: Span): string {
  return `${span.from}-${span.to}`
}

export function parseSpan(name: string): Span {
  const [from, to] = name.split('-').map(Number) as [number, number]
  return { from, to }
}

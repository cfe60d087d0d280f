// Owns in Redis the batches under way, the ids that were seen, and the sums of the ledger: each entry
// is counted once, for the batch that made it known, and evaluated once, when that batch ends.
import type { Redis } from 'ioredis'
import { delayBucket, HOUR_MS, hourOf } from '../core/coverage.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import type { BatchStore, EntryKey, Found, SeenStore, Span } from './read-stores.ts'
import { GAPS_MAX, LUA_FENCED, LUA_OPEN_GAP, spanName } from './redis-gaps.ts'
import { toWritten } from './redis-reads.ts'
import { defineScript, runScript } from './script.ts'

/** Entries that no attempt could evaluate, kept per contract: as many as dead letters. */
const POISONED_MAX = 10_000

/**
 * Notes a batch before the queue has it. What lies before the read mark was passed already, so the
 * batch holds the evaluated mark where the read mark is now: it never moves back.
 * KEYS fence, mark, batches. ARGV fence, id, time of its first entry (ms), expiry seconds.
 * Returns 1, or 0 when fenced.
 */
const ANNOUNCE_BATCH = defineScript(
  'announce-batch',
  `${LUA_FENCED}
if fenced(KEYS[1], ARGV[1]) then return 0 end
local place = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[3]))
redis.call('ZADD', KEYS[3], 'NX', string.format('%.0f', place), ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return 1
`,
)

/**
 * Makes entries known, and counts the new ones. What a batch is counted for is kept with it as
 * `ledger key number:entries` until it ends; one that ended before left `done VERSION`.
 * KEYS fence, batches, batch counts, poisoned, 2 ledger hours, then the hours of seen ids.
 * ARGV fence, batch id or '', expiry seconds of: seen, ledger; then for each entry: its id, the
 *   numbers of its keys among the seen hours and among the 2 ledger hours, 1 if usable, bucket of
 *   its delay or -1, delay in seconds.
 * Returns 1, or 0 when fenced.
 */
const REMEMBER_ENTRIES = defineScript(
  'remember-entries',
  `${LUA_FENCED}
if fenced(KEYS[1], ARGV[1]) then return 0 end
local fresh, unusable = { 0, 0 }, { 0, 0 }
for i = 5, #ARGV, 6 do
  local id, hour = ARGV[i], tonumber(ARGV[i + 2])
  local ledger, usable = KEYS[4 + hour], ARGV[i + 3] == '1'
  if redis.call('SADD', KEYS[6 + ARGV[i + 1]], id) == 1 then
    redis.call('ZREM', KEYS[4], id)
    if usable then fresh[hour] = fresh[hour] + 1 else unusable[hour] = unusable[hour] + 1 end
    if usable and ARGV[i + 4] ~= '-1' then
      redis.call('HINCRBY', ledger, 'd' .. ARGV[i + 4], 1)
      local most = tonumber(redis.call('HGET', ledger, 'dmax') or '0')
      if tonumber(ARGV[i + 5]) > most then redis.call('HSET', ledger, 'dmax', ARGV[i + 5]) end
    end
  end
end
local before = redis.call('HGET', KEYS[3], ARGV[2])
local version = before and string.match(before, '^done (.*)$')
local counts = {}
for hour = 1, 2 do
  local ledger = KEYS[4 + hour]
  if fresh[hour] > 0 then
    redis.call('HINCRBY', ledger, 'entries', fresh[hour])
    if version then redis.call('HINCRBY', ledger, 'v:' .. version, fresh[hour]) end
    counts[#counts + 1] = hour .. ':' .. fresh[hour]
  end
  if unusable[hour] > 0 then redis.call('HINCRBY', ledger, 'unusable', unusable[hour]) end
  redis.call('EXPIRE', ledger, ARGV[4])
end
for i = 7, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
if version then
  redis.call('HDEL', KEYS[3], ARGV[2])
elseif #counts > 0 and redis.call('ZSCORE', KEYS[2], ARGV[2]) then
  if before then counts[#counts + 1] = before end
  redis.call('HSET', KEYS[3], ARGV[2], table.concat(counts, ','))
  redis.call('EXPIRE', KEYS[3], ARGV[4])
end
return 1
`,
)

/**
 * A batch was evaluated: its entries are counted for that version of the rules.
 * KEYS batches, batch counts, 2 ledger hours. ARGV id, version, expiry seconds. Returns 1, or 0
 * when it was ended before.
 */
const FINISH_BATCH = defineScript(
  'finish-batch',
  `
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
local counts = redis.call('HGET', KEYS[2], ARGV[1])
if not counts then
  redis.call('HSET', KEYS[2], ARGV[1], 'done ' .. ARGV[2])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
  return 1
end
for hour, count in string.gmatch(counts, '(%d+):(%d+)') do
  redis.call('HINCRBY', KEYS[2 + hour], 'v:' .. ARGV[2], count)
end
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`,
)

/**
 * A batch that nothing can evaluate becomes a gap; its entries are known no more.
 * KEYS batches, batch counts, gaps, gap notes, poisoned, 2 ledger hours, then the hours of seen ids.
 * ARGV id, from (ms), `from-to`, now (ms), gaps max, poisoned max, expiry seconds, then for each
 *   entry: its id, time (ms), the number of its key among the seen hours. Returns 1, or 0 when it
 *   was ended before.
 */
const POISON_BATCH = defineScript(
  'poison-batch',
  `${LUA_OPEN_GAP}
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
open_gap(KEYS[3], KEYS[4], ARGV[2], ARGV[3], 'poisoned', ARGV[4], ARGV[5])
for hour, count in string.gmatch(redis.call('HGET', KEYS[2], ARGV[1]) or '', '(%d+):(%d+)') do
  redis.call('HINCRBY', KEYS[5 + hour], 'entries', -count)
end
for i = 8, #ARGV, 3 do
  redis.call('SREM', KEYS[7 + ARGV[i + 2]], ARGV[i])
  redis.call('ZADD', KEYS[5], ARGV[i + 1], ARGV[i])
end
redis.call('ZREMRANGEBYRANK', KEYS[5], 0, -tonumber(ARGV[6]) - 1)
for i = 3, 5 do redis.call('EXPIRE', KEYS[i], ARGV[7]) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
`,
)

/**
 * Batches that the queue does not have. One that was remembered is lost, and that is a gap of a ms
 * where it held the mark. What ended before it was remembered, by a reader that died, goes too.
 * KEYS batches, batch counts, gaps, gap notes. ARGV now (ms), gaps max, expiry seconds, then ids.
 * Returns how many were lost.
 */
const FORGET_BATCHES = defineScript(
  'forget-batches',
  `${LUA_OPEN_GAP}
local lost = 0
for i = 4, #ARGV do
  local place = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if place and redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1 then
    local from = string.format('%.0f', tonumber(place))
    local name = from .. '-' .. string.format('%.0f', tonumber(place) + 1)
    open_gap(KEYS[3], KEYS[4], from, name, 'lost', ARGV[1], ARGV[2])
    lost = lost + 1
  end
  redis.call('ZREM', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[2], ARGV[i])
end
for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not redis.call('ZSCORE', KEYS[1], id) then redis.call('HDEL', KEYS[2], id) end
end
for i = 3, 4 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
return lost
`,
)

export function createRedisBatchStore(redis: Redis, keys: Keys): BatchStore {
  const ledgerKeys = (contract: string, window: Span) =>
    ledgerHours(window).map((hour) => keys.ledger(contract, hour / HOUR_MS))
  const run = async (...args: Parameters<typeof runOne>) => await runOne(...args)

  return {
    async announce(contract, { id, time }, fence) {
      const names = [keys.fence(contract), keys.mark(contract), keys.batches(contract)]
      const args = [fence, id, time, EXPIRY_SECONDS.reads]
      return toWritten(await run(redis, ANNOUNCE_BATCH, names, args))
    },

    async remember(contract, found, fence) {
      const { batch = '', entries, window } = found
      const hours = seenHours(entries)
      const names = [
        keys.fence(contract),
        keys.batches(contract),
        keys.batchCounts(contract),
        keys.poisoned(contract),
        ...ledgerKeys(contract, window),
        ...hours.map((hour) => keys.seen(contract, hour / HOUR_MS)),
      ]
      const expiries = [EXPIRY_SECONDS.seen, EXPIRY_SECONDS.reads]
      const args = [fence, batch, ...expiries, ...entryArguments(found, hours)]
      return toWritten(await run(redis, REMEMBER_ENTRIES, names, args))
    },

    async finish(contract, { id, window }, version) {
      const names = [keys.batches(contract), keys.batchCounts(contract)]
      const args = [id, version, EXPIRY_SECONDS.reads]
      await run(redis, FINISH_BATCH, [...names, ...ledgerKeys(contract, window)], args)
    },

    async poison(contract, { id, window, span, entries, at }) {
      const hours = seenHours(entries)
      const names = [
        keys.batches(contract),
        keys.batchCounts(contract),
        keys.gaps(contract),
        keys.gapNotes(contract),
        keys.poisoned(contract),
        ...ledgerKeys(contract, window),
        ...hours.map((hour) => keys.seen(contract, hour / HOUR_MS)),
      ]
      const limits = [GAPS_MAX, POISONED_MAX, EXPIRY_SECONDS.reads]
      const named = entries.flatMap((entry) => {
        const place = Math.min(Math.max(entry.time, window.from), window.to - 1)
        return [entry.id, place, hours.indexOf(hourOf(entry.time)) + 1]
      })
      const args = [id, span.from, spanName(span), at, ...limits, ...named]
      await run(redis, POISON_BATCH, names, args)
    },

    async forget(contract, ids, at) {
      const names = [
        keys.batches(contract),
        keys.batchCounts(contract),
        keys.gaps(contract),
        keys.gapNotes(contract),
      ]
      await run(redis, FORGET_BATCHES, names, [at, GAPS_MAX, EXPIRY_SECONDS.reads, ...ids])
    },

    async waiting(contract, limit) {
      return await redis.zrange(keys.batches(contract), 0, `${limit - 1}`)
    },
  }
}

async function runOne(
  redis: Redis,
  script: ReturnType<typeof defineScript>,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const [answer] = await runScript(redis, script, [{ keys, args }])
  return answer
}

/** The first and the last hour of a window: it is at most an hour wide, so there are no others. */
export function ledgerHours({ from, to }: Span): readonly [number, number] {
  return [hourOf(from), hourOf(to - 1)]
}

/** Different hours of event time, each in ms. */
function seenHours(entries: readonly EntryKey[]): readonly number[] {
  return [...new Set(entries.map(({ time }) => hourOf(time)))]
}

/** An entry whose time lies outside of the window it was found in is counted at its edge. */
function entryArguments({ window, entries }: Found, hours: readonly number[]) {
  const [, last] = ledgerHours(window)
  return entries.flatMap(({ id, time, usable, delaySeconds }) => {
    const delay = delaySeconds === undefined ? -1 : Math.max(0, Math.round(delaySeconds))
    const bucket = delay === -1 ? -1 : delayBucket(delay)
    const hour = hourOf(time) >= last ? 2 : 1
    return [id, hours.indexOf(hourOf(time)) + 1, hour, usable ? 1 : 0, bucket, delay]
  })
}

export function createRedisSeenStore(redis: Redis, keys: Keys): SeenStore {
  return {
    async seen(contract, entries) {
      if (entries.length === 0) return []
      const commands = redis.pipeline()
      for (const { id, time } of entries) {
        commands.sismember(keys.seen(contract, hourOf(time) / HOUR_MS), id)
      }
      const answers = (await commands.exec()) ?? []
      return answers.map(([error, flag]) => {
        if (error) throw error
        return flag === 1
      })
    },
  }
}

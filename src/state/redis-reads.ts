// Owns in Redis how far a contract was read: the mark, the windows of the ledger, what is unproven.
import type { Redis } from 'ioredis'
import { hourOf, HOUR_MS } from '../core/coverage.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import type { ReadStore, WindowRecord, Written } from './read-stores.ts'
import {
  CLOSED_GAPS_MAX,
  describeGaps,
  GAPS_MAX,
  LUA_CLOSE_GAPS,
  LUA_EVALUATED_MARK,
  LUA_FENCED,
  LUA_OPEN_GAP,
  spanName,
} from './redis-gaps.ts'
import { defineScript, runScript } from './script.ts'

/** Windows of the ledger kept per contract: some hours of hot reads, in some 30 kB. */
export const WINDOWS_MAX = 500

/**
 * Ends a window: into the ledger with it, gaps are opened or closed, and the mark moves, never back.
 * KEYS fence, mark, batches, unproven, gaps, gap notes, closed gaps, windows.
 * ARGV fence, expiry seconds, from, to (ms), 1 if proven, now (ms), ledger line, and how many are
 *   kept of: windows, closed gaps, gaps. Returns 1, or 0 when fenced.
 */
const FINISH_WINDOW = defineScript(
  'finish-window',
  `${LUA_FENCED}${LUA_EVALUATED_MARK}${LUA_OPEN_GAP}${LUA_CLOSE_GAPS}
if fenced(KEYS[1], ARGV[1]) then return 0 end
local from, to, at = ARGV[3], ARGV[4], ARGV[6]
redis.call('LPUSH', KEYS[8], ARGV[7])
redis.call('LTRIM', KEYS[8], 0, ARGV[8] - 1)
if ARGV[5] == '1' then
  local keys = { mark = KEYS[2], batches = KEYS[3], unproven = KEYS[4], gaps = KEYS[5] }
  keys.notes, keys.closed = KEYS[6], KEYS[7]
  close_gaps(keys, from, to, at, ARGV[9])
else
  open_gap(KEYS[4], KEYS[6], from, from .. '-' .. to, 'unproven', at, ARGV[10])
end
local mark = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(to))
redis.call('SET', KEYS[2], string.format('%.0f', mark))
for i = 1, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[2]) end
return 1
`,
)

/**
 * A window was read again and proven.
 * KEYS fence, mark, batches, unproven, gaps, gap notes, closed gaps.
 * ARGV fence, expiry seconds, from, to (ms), now (ms), closed gaps kept. Returns 1, or 0 when fenced.
 */
const PROVE_WINDOW = defineScript(
  'prove-window',
  `${LUA_FENCED}${LUA_EVALUATED_MARK}${LUA_CLOSE_GAPS}
if fenced(KEYS[1], ARGV[1]) then return 0 end
local keys = { mark = KEYS[2], batches = KEYS[3], unproven = KEYS[4], gaps = KEYS[5] }
keys.notes, keys.closed = KEYS[6], KEYS[7]
close_gaps(keys, ARGV[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('EXPIRE', KEYS[7], ARGV[2])
return 1
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
 * Unproven spans that nobody tries any more.
 * KEYS unproven, gaps, gap notes. ARGV gaps max, expiry seconds, then from and `from-to` of each.
 * Returns 1.
 */
const GIVE_UP_SPANS = defineScript(
  'give-up-spans',
  `${LUA_OPEN_GAP}
for i = 3, #ARGV, 2 do
  redis.call('ZREM', KEYS[1], ARGV[i + 1])
  open_gap(KEYS[2], KEYS[3], ARGV[i], ARGV[i + 1], 'given-up', '0', ARGV[1])
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return 1
`,
)

export function createRedisReadStore(redis: Redis, keys: Keys): ReadStore {
  const gapKeys = (contract: string) => [
    keys.fence(contract),
    keys.mark(contract),
    keys.batches(contract),
    keys.unproven(contract),
    keys.gaps(contract),
    keys.gapNotes(contract),
    keys.closedGaps(contract),
  ]

  return {
    async begin(contract, from) {
      const names = [keys.mark(contract), keys.readBegin(contract)]
      const call = { keys: names, args: [from, EXPIRY_SECONDS.reads] }
      await redis.sadd(keys.readContracts, contract)
      await redis.expire(keys.readContracts, EXPIRY_SECONDS.reads)
      const [answer] = await runScript(redis, BEGIN_READING, [call])
      const [since, mark, isFirst] = answer as [string, string, number]
      return { since: Number(since), mark: Number(mark), isFirst: isFirst === 1 }
    },

    async mark(contract) {
      const mark = await redis.get(keys.mark(contract))
      return mark === null ? undefined : Number(mark)
    },

    async contracts() {
      return (await redis.smembers(keys.readContracts)).sort()
    },

    async finishWindow(contract, record, fence) {
      const { window, proven, at } = record
      const kept = [WINDOWS_MAX, CLOSED_GAPS_MAX, GAPS_MAX]
      const span = [window.from, window.to, proven ? 1 : 0, at]
      const args = [fence, EXPIRY_SECONDS.reads, ...span, formatWindowRecord(record), ...kept]
      const call = { keys: [...gapKeys(contract), keys.windows(contract)], args }
      const [answer] = await runScript(redis, FINISH_WINDOW, [call])
      return toWritten(answer)
    },

    async windows(contract, limit) {
      const lines = await redis.lrange(keys.windows(contract), 0, limit - 1)
      return lines.map(parseWindowRecord)
    },

    async unproven(contract, limit) {
      const names = await redis.zrange(keys.unproven(contract), 0, `${limit - 1}`)
      return await describeGaps(redis, keys.gapNotes(contract), names)
    },

    async prove(contract, window, at, fence) {
      const args = [fence, EXPIRY_SECONDS.reads, window.from, window.to, at, CLOSED_GAPS_MAX]
      const [answer] = await runScript(redis, PROVE_WINDOW, [{ keys: gapKeys(contract), args }])
      return toWritten(answer)
    },

    async giveUp(contract, spans) {
      if (spans.length === 0) return
      const names = [keys.unproven(contract), keys.gaps(contract), keys.gapNotes(contract)]
      const named = spans.flatMap((span) => [span.from, spanName(span)])
      const call = { keys: names, args: [GAPS_MAX, EXPIRY_SECONDS.reads, ...named] }
      await runScript(redis, GIVE_UP_SPANS, [call])
    },

    async confirmHour(contract, hour, rows, at) {
      const key = keys.ledger(contract, hourOf(hour) / HOUR_MS)
      await redis.multi().hset(key, 'rows', rows, 'at', at).expire(key, EXPIRY_SECONDS.reads).exec()
    },
  }
}

/** What a fenced script answers: 1 or 0. */
export function toWritten(answer: unknown): Written {
  return answer === 1 ? 'written' : 'fenced'
}

/** A line of the ledger: its numbers in the order of this list. */
function formatWindowRecord(record: WindowRecord): string {
  const { window, proven, total, known, entries, fresh, at } = record
  return [window.from, window.to, proven ? 1 : 0, total, known, entries, fresh, at].join(',')
}

function parseWindowRecord(line: string): WindowRecord {
  const [from = 0, to = 0, proven, total = 0, known = 0, entries = 0, fresh = 0, at = 0] = line
    .split(',')
    .map(Number)
  return { window: { from, to }, proven: proven === 1, total, known, entries, fresh, at }
}

// Owns in Redis the gaps of a contract and its evaluated mark: how they are asked for, and the parts
// of scripts that open and close gaps. Which script does that when: redis-reads.ts, redis-batches.ts.
import type { Redis } from 'ioredis'
import type { ClosedGap, Gap, GapReason } from '../core/coverage.ts'
import type { MarkStore, Span } from './read-stores.ts'
import type { Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'

/** Gaps kept per contract, of each kind; beyond it the oldest are dropped. */
export const GAPS_MAX = 10_000
/** Closed gaps that are remembered. */
export const CLOSED_GAPS_MAX = 200
/** No gap is wider than a window: so far before a span those begin that reach into it. */
const GAP_MS_MAX = 3_600_000
/** Gaps that one question gets. */
const GAPS_ASKED_MAX = 10_000

/**
 * `fenced(key, fence)`: whether a later reader has the contract's lease, so that nothing of an
 * earlier one may be written any more.
 */
export const LUA_FENCED = `
local function fenced(key, fence)
  return (redis.call('GET', key) or '0') ~= fence
end
`

/** `evaluated_mark(mark key, batches key)`: ms, or nothing when the contract was never read. */
export const LUA_EVALUATED_MARK = `
local function evaluated_mark(mark_key, batches_key)
  local mark = tonumber(redis.call('GET', mark_key) or nil)
  if not mark then return nil end
  local first = redis.call('ZRANGE', batches_key, 0, 0, 'WITHSCORES')[2]
  return first and math.min(mark, tonumber(first)) or mark
end
`

/**
 * `open_gap(set, notes, from, name, reason, at, max)`: keeps when it was found first. A poisoned one
 * that was covered again loses that.
 */
export const LUA_OPEN_GAP = `
local function open_gap(set, notes, from, name, reason, at, max)
  local note = redis.call('HGET', notes, name)
  local found = note and string.match(note, '^%S+ (%d+)') or at
  redis.call('ZADD', set, from, name)
  redis.call('HSET', notes, name, reason .. ' ' .. found)
  local extra = redis.call('ZCARD', set) - tonumber(max)
  if extra > 0 then
    for _, old in ipairs(redis.call('ZPOPMIN', set, extra)) do redis.call('HDEL', notes, old) end
  end
end
`

/**
 * `close_gaps(keys, from, to, at, kept)`, keys { mark, batches, unproven, gaps, notes, closed }: a read
 * proved the window complete. A poisoned gap inside is closed only when all that was queued until
 * the first such read is evaluated: the read brought its entries again.
 */
export const LUA_CLOSE_GAPS = `
local function close_gaps(keys, from, to, at, kept)
  local function inside(set)
    return redis.call('ZRANGEBYSCORE', set, from, '(' .. to, 'LIMIT', 0, 500)
  end
  local function close(set, name, note)
    redis.call('ZREM', set, name)
    redis.call('HDEL', keys.notes, name)
    redis.call('LPUSH', keys.closed, name .. ' ' .. note .. ' ' .. at)
    redis.call('LTRIM', keys.closed, 0, kept - 1)
  end
  local function ends_inside(name)
    return tonumber(string.match(name, '%-(%d+)$')) <= tonumber(to)
  end
  for _, name in ipairs(inside(keys.unproven)) do
    if ends_inside(name) then
      close(keys.unproven, name, redis.call('HGET', keys.notes, name) or 'unproven 0')
    end
  end
  for _, name in ipairs(inside(keys.gaps)) do
    local note = redis.call('HGET', keys.notes, name) or 'given-up 0'
    local reason, found, covered = string.match(note, '^(%S+) (%d+) ?(%d*)')
    if ends_inside(name) and reason == 'given-up' then
      close(keys.gaps, name, note)
    elseif ends_inside(name) and reason == 'poisoned' then
      if covered == '' then
        local mark = redis.call('GET', keys.mark) or '0'
        redis.call('HSET', keys.notes, name, 'poisoned ' .. found .. ' ' .. mark)
      elseif (evaluated_mark(keys.mark, keys.batches) or 0) > tonumber(covered) then
        close(keys.gaps, name, 'poisoned ' .. found)
      end
    end
  end
end
`

/**
 * The evaluated mark: the read mark, or the first batch that is still under way.
 * KEYS mark, batches. Returns ms as text, or nothing when the contract was never read.
 */
const EVALUATED_MARK = defineScript(
  'evaluated-mark',
  `${LUA_EVALUATED_MARK}
local mark = evaluated_mark(KEYS[1], KEYS[2])
return mark and string.format('%.0f', mark)
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
      const names = lists.flat().filter((name) => parseSpan(name).to > span.from)
      const gaps = await describeGaps(redis, keys.gapNotes(contract), names)
      return [...gaps].sort((left, right) => left.from - right.from || left.to - right.to)
    },
  }
}

/** Gaps of these names with their reason, in the same order. */
export async function describeGaps(
  redis: Redis,
  notesKey: string,
  names: readonly string[],
): Promise<readonly Gap[]> {
  if (names.length === 0) return []
  const notes = await redis.hmget(notesKey, ...names)
  return names.map((name, at) => parseGap(name, notes[at] ?? ''))
}

function parseGap(name: string, note: string): Gap {
  const [reason, foundAt] = note.split(' ')
  return {
    ...parseSpan(name),
    reason: (reason || 'unproven') as GapReason,
    foundAt: Number(foundAt ?? 0),
  }
}

/** An item of the list of closed gaps: `from-to reason found closed`. */
export function parseClosedGap(text: string): ClosedGap {
  const [name = '', reason = '', foundAt, closedAt] = text.split(' ')
  return { ...parseGap(name, `${reason} ${foundAt}`), closedAt: Number(closedAt) }
}

/** How a span is named in the sets of spans: `from-to`. */
export function spanName(span: Span): string {
  return `${span.from}-${span.to}`
}

export function parseSpan(name: string): Span {
  const [from, to] = name.split('-').map(Number) as [number, number]
  return { from, to }
}

// Owns in Redis what each rule did, by hour: counts that are shown, never decided on. They may be
// a little off after a crash; they are bounded and expire.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript, type ScriptCall } from './script.ts'
import type { RuleCounts, RuleStats, RuleStatsStore, Span } from './stores.ts'

const HOUR_MS = 3_600_000
/** Different numbers of one hour, of all rules together; what comes after them is not kept. */
const HOUR_FIELDS_MAX = 50_000
/** Numbers in one call of the script: some milliseconds of Redis. */
const CALL_FIELDS_MAX = 2_000
/** Hours that are read at most: the expiry keeps no more. */
const HOURS_READ_MAX = 24 * 8

/**
 * Adds to the numbers of an hour; `last:` numbers only grow.
 * KEYS hash. ARGV expiry seconds, fields max, then field and number of each. Returns nothing.
 */
const ADD_COUNTS = defineScript(
  'add-rule-counts',
  `
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[1])
for i = 3, #ARGV, 2 do
  local before = redis.call('HGET', KEYS[1], ARGV[i])
  if not before then room = room - 1 end
  if before or room >= 0 then
    if string.sub(ARGV[i], 1, 5) ~= 'last:' then
      redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
    elseif not before or tonumber(before) < tonumber(ARGV[i + 1]) then
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
`,
)

export function createRedisRuleStatsStore(redis: Redis, keys: Keys): RuleStatsStore {
  return {
    async add(at, stats) {
      const key = keys.ruleStats(Math.floor(at / HOUR_MS))
      const fields = toFields(stats)
      const calls: ScriptCall[] = []
      for (let start = 0; start < fields.length; start += CALL_FIELDS_MAX) {
        const some = fields.slice(start, start + CALL_FIELDS_MAX)
        const args = [EXPIRY_SECONDS.ruleStats, HOUR_FIELDS_MAX, ...some.flat()]
        calls.push({ keys: [key], args })
      }
      await runScript(redis, ADD_COUNTS, calls)
    },

    async read(span) {
      const commands = redis.pipeline()
      for (const hour of hoursOf(span)) commands.hgetall(keys.ruleStats(hour))
      const answers = (await commands.exec()) ?? []
      const hours = answers.map(([error, hash]) => {
        if (error) throw error
        return hash as Record<string, string>
      })
      return fromFields(hours)
    },
  }
}

/** The hours that a span touches, the latest of them when there are too many. */
function hoursOf({ from, to }: Span): readonly number[] {
  const last = Math.ceil(to / HOUR_MS) - 1
  const first = Math.max(Math.floor(from / HOUR_MS), last - HOURS_READ_MAX + 1)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** `matches:a-rule`, `not-counted:late:a-rule`, …; only what is not zero. */
function toFields({ events, rules }: RuleStats): readonly (readonly [string, number])[] {
  const fields: [string, number][] = [['events', events]]
  for (const [rule, counts] of rules) {
    fields.push(
      [`matches:${rule}`, counts.matches],
      [`detections:${rule}`, counts.detections],
      [`alerts:${rule}`, counts.alerts],
      [`micros:${rule}`, Math.round(counts.micros)],
      [`last:${rule}`, counts.lastMatchAt ?? 0],
    )
    for (const [reason, count] of Object.entries(counts.notCounted)) {
      fields.push([`not-counted:${reason}:${rule}`, count])
    }
  }
  return fields.filter(([, count]) => count > 0)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function fromFields(hours: readonly Readonly<Record<string, string>>[]): RuleStats {
  const rules = new Map<string, Mutable<RuleCounts>>()
  let events = 0
  for (const hour of hours) {
    for (const [field, text] of Object.entries(hour)) {
      const [kind, ...rest] = field.split(':')
      const rule = rest.pop()
      if (rule === undefined) events += Number(text)
      else addTo(countsOf(rules, rule), kind, rest[0], Number(text))
    }
  }
  return { events, rules }
}

function countsOf(rules: Map<string, Mutable<RuleCounts>>, rule: string): Mutable<RuleCounts> {
  const known = rules.get(rule)
  if (known) return known
  const counts = {
    matches: 0,
    detections: 0,
    alerts: 0,
    notCounted: {},
    micros: 0,
    lastMatchAt: undefined,
  }
  rules.set(rule, counts)
  return counts
}

/** A kind that is not known was written by a newer version. */
function addTo(
  counts: Mutable<RuleCounts>,
  kind: string | undefined,
  reason: string | undefined,
  count: number,
): void {
  if (kind === 'matches' || kind === 'detections' || kind === 'alerts' || kind === 'micros') {
    counts[kind] += count
  } else if (kind === 'last') counts.lastMatchAt = Math.max(counts.lastMatchAt ?? 0, count)
  else if (kind === 'not-counted' && reason !== undefined) {
    const before = counts.notCounted[reason] ?? 0
    counts.notCounted = { ...counts.notCounted, [reason]: before + count }
  }
}

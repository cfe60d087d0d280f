// Owns in Redis what the ledger says of a span: its hours, gaps and marks, read and summed up.
import type { Redis } from 'ioredis'
import { type HourRecord, HOUR_MS, sumCoverage, wholeHours } from '../core/coverage.ts'
import type { Keys } from './keys.ts'
import type { CoverageStore, Span } from './read-stores.ts'
import { CLOSED_GAPS_MAX, createRedisMarkStore, parseClosedGap } from './redis-gaps.ts'

/** Hours asked for in one round trip. */
const HOURS_AT_ONCE = 500
/** Longer than the ledger is kept: 400 days. */
export const COVERAGE_HOURS_MAX = 400 * 24

export function createRedisCoverageStore(redis: Redis, keys: Keys): CoverageStore {
  const marks = createRedisMarkStore(redis, keys)

  const hoursOf = async (contract: string, span: Span): Promise<readonly HourRecord[]> => {
    const records: HourRecord[] = []
    for (let from = span.from; from < span.to; from += HOURS_AT_ONCE * HOUR_MS) {
      const to = Math.min(from + HOURS_AT_ONCE * HOUR_MS, span.to)
      records.push(...(await readHours(redis, keys, contract, { from, to })))
    }
    return records
  }

  return {
    async coverage(contract, asked) {
      const whole = wholeHours(asked)
      const earliest = whole.to - COVERAGE_HOURS_MAX * HOUR_MS
      const span = { from: Math.max(whole.from, earliest), to: whole.to }
      const [since, readMark, evaluatedMark, gaps, closed, poisoned, hours] = await Promise.all([
        redis.get(keys.readBegin(contract)),
        redis.get(keys.mark(contract)),
        marks.evaluated(contract),
        marks.gaps(contract, span),
        redis.lrange(keys.closedGaps(contract), 0, CLOSED_GAPS_MAX - 1),
        redis.zcount(keys.poisoned(contract), span.from, `(${span.to}`),
        hoursOf(contract, span),
      ])
      return sumCoverage({
        contract,
        span,
        since: since === null ? undefined : Number(since),
        readMark: readMark === null ? undefined : Number(readMark),
        evaluatedMark,
        hours,
        poisoned,
        gaps,
        closedGaps: closed
          .map(parseClosedGap)
          .filter((gap) => gap.from < span.to && gap.to > span.from),
      })
    },
  }
}

async function readHours(
  redis: Redis,
  keys: Keys,
  contract: string,
  span: Span,
): Promise<readonly HourRecord[]> {
  const hours: number[] = []
  for (let hour = span.from; hour < span.to; hour += HOUR_MS) hours.push(hour)
  const commands = redis.pipeline()
  for (const hour of hours) commands.hgetall(keys.ledger(contract, hour / HOUR_MS))
  const answers = (await commands.exec()) ?? []
  return answers.flatMap(([error, fields], at) => {
    if (error) throw error
    const found = fields as Record<string, string>
    return Object.keys(found).length === 0 ? [] : [parseHour(hours[at] as number, found)]
  })
}

function parseHour(hour: number, fields: Readonly<Record<string, string>>): HourRecord {
  const evaluated: Record<string, number> = {}
  const delays: Record<number, number> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith('v:')) evaluated[name.slice(2)] = Number(value)
    if (/^d\d+$/.test(name)) delays[Number(name.slice(1))] = Number(value)
  }
  const rows = fields['rows']
  return {
    hour,
    entries: Number(fields['entries'] ?? 0),
    evaluated,
    unusable: Number(fields['unusable'] ?? 0),
    delays,
    delayMaxSeconds: Number(fields['dmax'] ?? 0),
    confirmed: rows === undefined ? undefined : { rows: Number(rows), at: Number(fields['at']) },
  }
}

// Owns the proof that the ledger of a contract stays small: a month of a busy one is measured in a
// real Redis.
import { afterAll, expect, it } from 'vitest'
import { hourOf } from '../../src/core/coverage.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { HOUR_MS, NO_FENCE, record, span } from './read-store.contract.ts'
import { openTestRedis } from './redis.ts'

const test = openTestRedis()
afterAll(() => test.close())

const MONTH_HOURS = 30 * 24
const HOURS_AT_ONCE = 60
const BYTES_MAX = 1_000_000
const START = hourOf(Date.UTC(2026, 10, 1))
const DELAYS = [4, 14, 29, 50, 100, 290, 500, 1_700, 3_000, 14_000, 80_000, 90_000]
const VERSIONS = ['3f2a9c0d51e7', '9b1c6a7f0e42', 'c0ffee012345']

it('costs less than 1 MB a month, with every kind of delay and three sets of rules an hour', async () => {
  const keys = createKeys(`${test.prefix}-month`)
  const { reads, batches } = openRedisStores(test.redis, keys)
  await reads.begin('1', START)
  const readHour = async (hour: number): Promise<void> => {
    const from = START + hour * HOUR_MS
    const window = span(from, from + HOUR_MS)
    for (const [at, version] of VERSIONS.entries()) {
      const id = `b-${hour}-${at}`
      const entries = DELAYS.map((delaySeconds, index) => ({
        ...{ id: `${id}-${index}`, time: from + index, usable: index > 0 },
        delaySeconds,
      }))
      await batches.announce('1', { id, time: from }, NO_FENCE)
      await batches.remember('1', { window, batch: id, entries }, NO_FENCE)
      await batches.finish('1', { id, window }, version)
    }
    // Real counts have more digits than those of this small month.
    await test.redis.hincrby(keys.ledger('1', from / HOUR_MS), 'entries', 18_000)
    await reads.confirmHour('1', from, 18_036, from + 2 * HOUR_MS)
  }
  // Hours at once: the answers of Redis are waited for together.
  for (let hour = 0; hour < MONTH_HOURS; hour += HOURS_AT_ONCE) {
    const hours = Array.from({ length: HOURS_AT_ONCE }, (_, at) => hour + at)
    await Promise.all(hours.map(readHour))
  }
  const counts = { total: 1_234, known: 1_234, entries: 1_230, fresh: 1_200 }
  for (let at = 0; at < 520; at += 1) {
    const from = START + at * 30_000
    await reads.finishWindow('1', record(span(from - 120_000, from), counts), NO_FENCE)
  }
  for (let at = 0; at < 320; at += 1) {
    const second = span(START + at * 60_000, START + at * 60_000 + 1_000)
    await reads.finishWindow('1', record(second, { proven: false, at: START }), NO_FENCE)
    if (at < 220) await reads.prove('1', second, START, NO_FENCE)
  }
  const names = await test.redis.keys(`{${test.prefix}-month:1}:*`)
  const ledger = names.filter((name) => !/:seen:/.test(name))
  const bytes = await Promise.all(
    ledger.map(async (name) => (await test.redis.memory('USAGE', name, 'SAMPLES', 0)) ?? 0),
  )
  const total = bytes.reduce((sum, size) => sum + size, 0)
  expect(ledger.length).toBeGreaterThan(MONTH_HOURS)
  expect(total).toBeLessThan(BYTES_MAX)
  // Written down in docs/operations.md: much less would be a reason to say so there.
  expect(total).toBeGreaterThan(BYTES_MAX / 10)
  for (const name of ledger) expect(await test.redis.ttl(name)).toBeGreaterThan(0)
}, 60_000)

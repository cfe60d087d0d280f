// Owns the time from an entry on the queue to what Slack accepted, at 500 entries a second and with 1,000
// rules. With few entries and the shipped rules: latency.bench.mjs.
import { randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { entryAt, number, openQueue, RSS_GOAL_MB, startProcess, writeConfig } from './processes.mjs'
import { openRedis, openSlack, percentile, userCreated } from './service.mjs'

const SECONDS = 20
const PER_SECOND = 500
/** Ten batches a second, as several contracts would give them. */
const BATCH_MS = 100
const PER_BATCH = (PER_SECOND * BATCH_MS) / 1_000
/** One entry in so many raises an alert of its own: ten a second. */
const ALERT_EVERY = 50
const P99_GOAL_MS = 500
const WAIT_MS_MAX = 60_000

const sentAt = new Map()
const waits = []
const slack = await openSlack((body) => {
  const id = /bench-([0-9a-f-]{36})/.exec(body)?.[1]
  if (!sentAt.has(id)) return
  waits.push(performance.now() - sentAt.get(id))
  sentAt.delete(id)
})
const redis = await openRedis()
const config = writeConfig({
  receivers: { slack: { type: 'slack', url: slack.url, pace: '0', budget: 'off' } },
})
const service = await startProcess('evaluate,notify', { redis, config })
const queue = openQueue(redis)
const began = performance.now()
for (let batch = 0; batch * BATCH_MS < SECONDS * 1_000; batch += 1) {
  await delay(Math.max(0, began + batch * BATCH_MS - performance.now()))
  void queue.add([Array.from({ length: PER_BATCH }, (_, at) => entry(batch * PER_BATCH + at))])
}
const expected = (SECONDS * PER_SECOND) / ALERT_EVERY
const end = performance.now() + WAIT_MS_MAX
while (waits.length < expected && performance.now() < end) await delay(50)
const [half, late] = [percentile(waits, 0.5), percentile(waits, 0.99)]
console.log(
  `${PER_SECOND} entries/s, 1,000 rules: ${waits.length} of ${expected} alerts at Slack, ` +
    `median ${number(half)} ms, p99 ${number(late)} ms (goal ${P99_GOAL_MS}), ` +
    `at most ${number(service.rssMb())} MB (goal ${RSS_GOAL_MB}), load ${loadavg()[0].toFixed(1)}`,
)
await service.stop()
await queue.close()
await slack.close()
await redis.close()

function entry(n) {
  const id = randomUUID()
  if (n % ALERT_EVERY !== 0) return entryAt(n, id)
  sentAt.set(id, performance.now())
  return userCreated(id)
}

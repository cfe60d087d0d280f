// Owns the speed of the whole line but the reader: entries on the queue → alerts in Redis.
import { randomUUID } from 'node:crypto'
import { systemClock } from '../dist/clock.js'
import { silentLog } from '../dist/observe/log.js'
import { createEntriesQueue } from '../dist/queue/queues.js'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import { makeEntries, median, openRedis, openService, openSlack, userCreated } from './service.mjs'

const ENTRIES = 100_000
const RUNS = 3
const BATCH = 100
/** One entry in so many raises an alert of its own: far more than a real log does. */
const ALERT_EVERY = 1_000

const redis = await openRedis()
const slack = await openSlack()
const { contract, entries } = await makeEntries(ENTRIES)
for (let at = 0; at < ENTRIES; at += ALERT_EVERY) entries[at] = userCreated(randomUUID())
const bytes = Buffer.byteLength(JSON.stringify(entries))
const rates = []

for (let run = 1; run <= RUNS; run += 1) {
  const prefix = `bench-${run}`
  const connection = connectRedis(redis.url, 'state')
  const connections = {
    producer: connection,
    worker: connection,
    prefixOf: createKeys(prefix).queue,
  }
  const queue = createEntriesQueue({ connections, log: silentLog })
  for (let at = 0; at < entries.length; at += BATCH) {
    const readAt = systemClock.now()
    const window = { from: 0, to: readAt }
    const batch = entries.slice(at, at + BATCH)
    await queue.enqueue({ id: `b-${at}`, contract, window, readAt, entries: batch })
  }
  const started = performance.now()
  const app = await openService({ redisUrl: redis.url, slackUrl: slack.url, prefix })
  let evaluated = 0
  while (evaluated < entries.length) {
    await new Promise((done) => setTimeout(done, 10))
    evaluated = (await app.metrics.eventsEvaluated.get()).values[0]?.value ?? 0
  }
  const seconds = (performance.now() - started) / 1_000
  const alerts = (await app.metrics.alerts.get()).values.reduce((sum, { value }) => sum + value, 0)
  rates.push(entries.length / seconds)
  const rate = Math.round(entries.length / seconds).toLocaleString('en')
  console.log(
    `run ${run}: ${rate} entries/s (${seconds.toFixed(2)} s with start-up, ${alerts} alerts)`,
  )
  await queue.close()
  await app.stop()
  connection.disconnect()
}

const rate = Math.round(median(rates)).toLocaleString('en')
const size = Math.round(bytes / entries.length)
console.log(
  `median: ${rate} entries/s, queue to stored alert, ${size} bytes an entry (goal 20,000)`,
)
await slack.close()
await redis.close()

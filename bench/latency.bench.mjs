// Owns the time from an entry on the queue to the request at Slack, at 100 entries a second.
import { randomUUID } from 'node:crypto'
import { systemClock } from '../dist/clock.js'
import { silentLog } from '../dist/observe/log.js'
import { createEntriesQueue } from '../dist/queue/queues.js'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import {
  makeEntries,
  median,
  openRedis,
  openService,
  openSlack,
  percentile,
  userCreated,
} from './service.mjs'

const SECONDS = 20
const ENTRIES_PER_SECOND = 100
/** Every so many entries one creates a user, each by another administrator: an alert of its own. */
const ALERT_EVERY = 10

const sentAt = new Map()
const waits = []
const slack = await openSlack((body) => {
  const id = /bench-([0-9a-f-]{36})/.exec(body)?.[1]
  const start = sentAt.get(id)
  if (start === undefined) return
  sentAt.delete(id)
  waits.push(performance.now() - start)
})
const redis = await openRedis()
const prefix = 'latency'
const app = await openService({ redisUrl: redis.url, slackUrl: slack.url, prefix })
const connection = connectRedis(redis.url, 'state')
const connections = { producer: connection, worker: connection, prefixOf: createKeys(prefix).queue }
const queue = createEntriesQueue({ connections, log: silentLog })
const { contract, entries } = await makeEntries(SECONDS * ENTRIES_PER_SECOND)

const quiet = entries.filter((entry) => entry.event?.type === 'RequestStatusUpdate')
const started = performance.now()
let expected = 0
for (let at = 0; at < SECONDS * ENTRIES_PER_SECOND; at += 1) {
  const due = started + (at * 1_000) / ENTRIES_PER_SECOND
  const wait = due - performance.now()
  if (wait > 0) await new Promise((done) => setTimeout(done, wait))
  if (at % ALERT_EVERY !== 0) {
    put(quiet[at % quiet.length])
    continue
  }
  const id = randomUUID()
  expected += 1
  sentAt.set(id, performance.now())
  put(userCreated(id))
}
for (let tries = 0; waits.length < expected && tries < 500; tries += 1) {
  await new Promise((done) => setTimeout(done, 10))
}

function put(entry) {
  const readAt = systemClock.now()
  const window = { from: 0, to: readAt }
  void queue.enqueue({ id: `b-${randomUUID()}`, contract, window, readAt, entries: [entry] })
}

const ms = (value) => `${value.toFixed(1)} ms`
console.log(
  `${waits.length} of ${expected} alerts at Slack; median ${ms(median(waits))}, ` +
    `p95 ${ms(percentile(waits, 0.95))}, longest ${ms(Math.max(...waits))} (goal: median < 100 ms)`,
)
await queue.close()
await app.stop()
connection.disconnect()
await slack.close()
await redis.close()

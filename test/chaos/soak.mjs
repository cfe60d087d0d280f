// Owns the soak: entries through the reader and far more straight on the queue, in real time and with
// faults, for an hour unless told otherwise. Nothing may grow but what retention keeps.
import { randomUUID } from 'node:crypto'
import { makeEntries } from '../../bench/service.mjs'
import { silentLog } from '../../dist/observe/log.js'
import { createEntriesQueue } from '../../dist/queue/queues.js'
import { connectRedis } from '../../dist/state/connection.js'
import { createKeys } from '../../dist/state/keys.js'
import { createVerdict, sleep } from './harness.mjs'
import { readOptions } from './options.mjs'
import { strayKeys } from './outcome.mjs'
import { planFaults } from './schedule.mjs'
import { strike } from './strike.mjs'
import { openWorld, PROCESSES } from './world.mjs'

const { minutes, seed, rate } = readOptions({
  command: 'soak',
  about:
    'Entries through the reader and straight on the queue, with faults: nothing may grow but what is kept.',
  options: {
    minutes: { default: 60, about: 'how long' },
    seed: { default: 1, about: 'another seed is another schedule and another log' },
    rate: { default: 2_000, about: 'entries a second straight on the queue' },
  },
})
const runMs = minutes * 60_000
const BATCH = 100
const TICK_MS = 100
/** Five a second. */
const ENTRIES_PER_MINUTE = 300
const REPORT_MS = 60_000
/** In use after a collection, from the first minute on. */
const GROWTH_MB_MAX = 32
/** What an alert leaves: itself, its trail, its deliveries, its group. */
const KEYS_PER_ALERT_MAX = 12
/** Hours, queues, contracts, receivers. */
const KEYS_BESIDE_MAX = 500
/** A queue that is longer at the end than this was not worked off in the run. */
const JOBS_WAITING_MAX = 500
const END_MS_MAX = 300_000
const CONTRACT = '31729999'

const world = await openWorld({
  seed,
  speed: 1,
  runMs,
  entriesPerMinute: ENTRIES_PER_MINUTE,
})
const verdict = createVerdict()
const processes = new Map()
const start = (name) => processes.set(name, world.start(name))
for (const name of Object.keys(PROCESSES)) start(name)
await Promise.all([...processes.values()].map(({ running }) => running))
const redis = connectRedis(world.redisUrl, 'state')
const keys = createKeys('tocsin')
const connections = { producer: redis, worker: redis, prefixOf: keys.queue }
const queue = createEntriesQueue({ connections, log: silentLog })
const quiet = (await makeEntries(5_000)).entries.filter(
  ({ event }) => event?.type === 'RequestStatusUpdate',
)
const memoryAtStart = new Map()
for (const [name, process] of processes) {
  memoryAtStart.set(PROCESSES[name], await process.memoryMb())
}
const began = Date.now()
const links = Object.keys(world.links)
const faults = planFaults({
  seed,
  runMs,
  links,
  processes: Object.keys(PROCESSES),
})
const striking = Promise.all(
  faults.map(async (fault) => {
    await sleep(Math.max(0, fault.atMs - (Date.now() - began)))
    await strike(fault, { world, processes, restart: start })
  }),
)
let put = 0
let reportedAt = 0
while (Date.now() - began < runMs) {
  const due = Math.floor(((Date.now() - began) / 1_000) * rate)
  while (put + BATCH <= due) await enqueue()
  if (Date.now() - began - reportedAt >= REPORT_MS) await report()
  await sleep(TICK_MS)
}
await striking
world.simulator.setFaults({})
for (const since = Date.now(); Date.now() - since < END_MS_MAX && (await waiting()) > 0; ) {
  await sleep(1_000)
}
await judge()
for (const process of processes.values()) process.kill('SIGTERM')
await Promise.all([...processes.values()].map(({ ended }) => ended))
verdict.end()
await queue.close()
redis.disconnect()
await world.close()

/** A batch, as a reader would put it there; entries that hardly any rule looks for. */
async function enqueue() {
  const readAt = Date.now()
  const entries = Array.from({ length: BATCH }, (_, at) => {
    const entry = quiet[(put + at) % quiet.length]
    const meta = { ...entry.meta, time: new Date(readAt - 1_000).toISOString() }
    return { ...entry, meta, '@uuid': randomUUID() }
  })
  const window = { from: readAt - 1_000, to: readAt }
  await queue.enqueue({ id: `b-${randomUUID()}`, contract: CONTRACT, window, readAt, entries })
  put += BATCH
}

async function waiting() {
  const { waiting: count = 0, active = 0, delayed = 0 } = await queue.counts()
  return count + active + delayed
}

async function memories() {
  const found = []
  for (const process of processes.values()) found.push([process.name, await process.memoryMb()])
  return found
}

async function report() {
  reportedAt = Date.now() - began
  const memory = (await memories()).map(([name, mb = NaN]) => `${name} ${Math.round(mb)}`)
  console.log(
    `${Math.round(reportedAt / 1_000)} s: ${put} entries put on the queue, ${await waiting()} jobs ` +
      `wait, ${await redis.dbsize()} keys, ${await redisMb()} MB in Redis; MB in use: ${memory.join(', ')}`,
  )
}

async function redisMb() {
  const info = await redis.info('memory')
  return Math.round(Number(/used_memory:(\d+)/.exec(info)?.[1]) / 1_048_576)
}

async function judge() {
  await report()
  const left = await waiting()
  verdict.check(left <= JOBS_WAITING_MAX, `${left} jobs wait at the end`)
  const contracts = await redis.smembers(keys.contracts)
  const counts = await Promise.all(contracts.map((one) => redis.zcard(keys.alerts(one))))
  const alerts = counts.reduce((sum, count) => sum + count, 0)
  const { total, strays } = await strayKeys(redis)
  const most = KEYS_BESIDE_MAX + KEYS_PER_ALERT_MAX * alerts
  verdict.check(total <= most, `${total} keys for ${alerts} alerts, at most ${most}`)
  verdict.check(strays.length === 0, `no stray among them ${strays.join('; ')}`)
  for (const [name, after = Infinity] of await memories()) {
    const before = memoryAtStart.get(PROCESSES[name])
    verdict.check(
      after - before <= GROWTH_MB_MAX,
      `${name}: ${Math.round(after)} MB in use, ${Math.round(before)} at the start`,
    )
  }
  console.log(`${faults.length} faults, ${put} entries straight on the queue`)
}

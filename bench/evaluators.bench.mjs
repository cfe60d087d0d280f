// Owns the speed of evaluating processes: 1, 2 and 4 of them with 1,000 rules (20 over time), and a queue
// with a million entries in it.
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  BATCH,
  entryAt,
  number,
  openQueue,
  RSS_GOAL_MB,
  startProcess,
  writeConfig,
} from './processes.mjs'
import { openRedis } from './service.mjs'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    waiting: { type: 'string', default: '1000000' },
  },
})
const RATE_GOAL = 20_000
const WAITING_GOAL_SECONDS = 120
/** What takes longer than this is said to be given up. */
const WORK_MS_MAX = 480_000
/** Jobs put on the queue in one go. */
const JOBS_AT_ONCE = 100

const config = writeConfig()
console.log(`load ${loadavg()[0].toFixed(1)} at the start`)
for (const count of [1, 2, 4]) await workOff(count, Number(values.entries))
await workOff(2, Number(values.waiting))

/** So many entries wait; how long until so many evaluators have done all of them. */
async function workOff(count, total) {
  const redis = await openRedis()
  const waiting = openQueue(redis)
  const { queue } = waiting
  await queue.pause()
  for (let at = 0; at < total; at += BATCH * JOBS_AT_ONCE) await waiting.add(batchesFrom(at))
  const processes = []
  for (let n = 0; n < count; n += 1)
    processes.push(await startProcess('evaluate', { redis, config }))
  const before = processes.map((one) => one.cpuSeconds())
  const began = performance.now()
  await queue.resume()
  const left = async () => {
    const {
      waiting: queued,
      active,
      delayed,
    } = await queue.getJobCounts('waiting', 'active', 'delayed')
    return (queued + active + delayed) * BATCH
  }
  let done = 0
  while (done < total && performance.now() - began < WORK_MS_MAX) {
    await delay(50)
    done = total - (await left())
  }
  const seconds = (performance.now() - began) / 1_000
  const cpu = processes.reduce((sum, one, at) => sum + one.cpuSeconds() - before[at], 0)
  const failed = await queue.getFailedCount()
  const memory = processes.map((one) => Math.round(one.rssMb())).join(', ')
  console.log(
    `${count} evaluators, ${number(total)} entries waiting: ${done < total ? `given up with ${number(done)} done after ` : ''}${seconds.toFixed(1)} s, ` +
      `${number(done / seconds)} entries/s (goal ${number(RATE_GOAL)}, a million in ${WAITING_GOAL_SECONDS} s), ` +
      `${number((cpu / done) * 1e6)} µs of processor time an entry, ${failed} failed, ` +
      `at most ${memory} MB (goal ${RSS_GOAL_MB}), load ${loadavg()[0].toFixed(1)}`,
  )
  for (const one of processes) await one.stop()
  await waiting.close()
  await redis.close()
}

function batchesFrom(first) {
  return Array.from({ length: JOBS_AT_ONCE }, (_, job) =>
    Array.from({ length: BATCH }, (_entry, at) => {
      const n = first + job * BATCH + at
      return entryAt(n, `5a0c7d1e-0000-4000-8000-${n}`)
    }),
  )
}

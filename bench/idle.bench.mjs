// Owns what the whole service costs when nothing happens: processor time and memory of all parts in one
// process, with 1,000 rules and with those that are shipped, on a log that stays empty.
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { openLog } from '../test/chaos/deliveries-harness.mjs'
import { number, RSS_GOAL_MB, startProcess, writeConfig } from './processes.mjs'
import { openRedis } from './service.mjs'

/** A process that has just started still collects and compiles. */
const SETTLE_MS = 15_000
const IDLE_MS = 60_000
const CPU_GOAL_PERCENT = 1

await measure('1,000 rules', {})
await measure('the shipped rules', { rules: ['rules'] })

async function measure(what, more) {
  const redis = await openRedis()
  const log = await openLog()
  const service = await startProcess('read,evaluate,notify,http', {
    redis,
    config: writeConfig({ http: { port: 0 }, ...more }),
    env: { IONOS_API_URL: log.url, IONOS_TOKEN: log.token },
  })
  await delay(SETTLE_MS)
  const before = service.cpuSeconds()
  await delay(IDLE_MS)
  const percent = ((service.cpuSeconds() - before) / IDLE_MS) * 100_000
  console.log(
    `${what}: ${percent.toFixed(2)} % of a processor (goal below ${CPU_GOAL_PERCENT} %), ` +
      `at most ${number(service.rssMb())} MB (goal ${RSS_GOAL_MB}), load ${loadavg()[0].toFixed(1)}`,
  )
  await service.stop()
  await log.stop()
  await redis.close()
}

// Owns the speed of the service as processes: 1, 2 and 4 evaluators with 1,000 rules (20 over time), a
// queue with a million entries in it, the time from read to Slack at 500 a second, memory, and what
// it takes to do nothing. One part alone: --only rate, waiting, latency or idle.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Queue } from 'bullmq'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import { generateLines } from './entries-generator.mjs'
import { generateRules, LISTS } from './rules-generator.mjs'
import { openRedis, openSlack, percentile, userCreated } from './service.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    entries: { type: 'string', default: '100000' },
    waiting: { type: 'string', default: '1000000' },
  },
})
const ROOT = resolve(import.meta.dirname, '..')
const CONTRACT = '31720001'
const [RULES, OVER_TIME] = [1_000, 20]
const BATCH = 100
/** Different entries; more of them are the same with other ids. */
const DIFFERENT = 20_000
const GOALS = { perSecond: 20_000, waitingSeconds: 120, p99Ms: 500, rssMb: 250, idleShare: 0.01 }
const IDLE_MS = 20_000
const [LATENCY_SECONDS, PER_SECOND, ALERT_EVERY] = [20, 500, 50]

/** Whoever ends this early leaves no process behind. */
const children = new Set()
process.on('SIGTERM', () => process.exit(1))
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
const folder = mkdtempSync(join(tmpdir(), 'tocsin-scale-'))
const lines = [...generateLines(DIFFERENT)].map((line) => JSON.parse(line))
const config = writeConfig()
const wants = (part) => values.only === undefined || values.only === part
const number = (value) => Math.round(value).toLocaleString('en')
console.log(`load ${loadavg()[0].toFixed(1)} at the start`)
if (wants('rate')) for (const count of [1, 2, 4]) await workOff(count, Number(values.entries))
if (wants('waiting')) await workOff(2, Number(values.waiting))
if (wants('latency')) await measureLatency()
if (wants('idle')) await measureIdle()
rmSync(folder, { recursive: true, force: true })

/** Rules as files: generated ones, and those over time that are shipped. */
function writeConfig() {
  const rules = join(folder, 'rules')
  mkdirSync(join(rules, '_lists'), { recursive: true })
  cpSync(join(ROOT, 'rules/_conditions.json'), join(rules, '_conditions.json'))
  cpSync(join(ROOT, 'rules/_lists'), join(rules, '_lists'), { recursive: true })
  for (const [name, list] of Object.entries(LISTS)) {
    writeFileSync(join(rules, '_lists', `${name}.json`), JSON.stringify(list))
  }
  const shipped = readdirSync(join(ROOT, 'rules'), { recursive: true })
    .filter((name) => name.endsWith('.json') && !name.includes('_'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(ROOT, 'rules', name), 'utf8')))
    .filter(({ detect }) => detect !== undefined)
    .slice(0, OVER_TIME)
  for (const rule of shipped) writeFileSync(join(rules, `${rule.id}.json`), JSON.stringify(rule))
  for (const { id, conditions } of generateRules(RULES - shipped.length)) {
    const about = { title: 'Generated', severity: 'info', alert: { title: 'x', groupBy: ['user'] } }
    writeFileSync(join(rules, `${id}.json`), JSON.stringify({ id, conditions, ...about }))
  }
  const created = userCreatedRule()
  writeFileSync(join(rules, `${created.id}.json`), JSON.stringify(created))
  const path = join(folder, 'tocsin.config.json')
  writeFileSync(path, JSON.stringify({ rules: [rules], ionos: { interval: '1s' } }))
  return path
}

function userCreatedRule() {
  const conditions = { all: [{ fact: 'user', operator: 'startsWith', value: 'bench-' }] }
  const alert = { title: '{{ user }}', groupBy: ['user'] }
  return { id: 'bench-user', title: 'x', severity: 'high', conditions, alert }
}

async function startProcess(parts, redis, env = {}) {
  const args = [join(ROOT, 'dist/main.js'), '--config', config, 'serve', '--only', parts]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, REDIS_URL: redis.url, LOG_LEVEL: 'info', PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.add(child)
  const ended = new Promise((done) => child.on('exit', done))
  await new Promise((done) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('is running')) done()
    })
    void ended.then(done)
  })
  return {
    rssMb: () => Number(/VmHWM:\s+(\d+)/.exec(readStatus(child.pid, 'status'))?.[1]) / 1_024,
    cpuSeconds() {
      const fields = readStatus(child.pid, 'stat').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function readStatus(pid, file) {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

function openQueue(redis) {
  const connection = connectRedis(redis.url, 'state')
  const queue = new Queue('entries', { connection, prefix: createKeys('tocsin').queue('entries') })
  const add = async (from, count) => {
    const readAt = Date.now()
    const jobs = []
    for (let at = from; at < from + count; at += BATCH) {
      const entries = []
      for (let n = at; n < at + BATCH; n += 1) {
        entries.push({ ...lines[n % lines.length], '@uuid': `5a0c7d1e-0000-4000-8000-${n}` })
      }
      const id = `b-${at}`
      const data = { id, contract: CONTRACT, window: { from: 0, to: readAt }, readAt, entries }
      jobs.push({
        name: 'entries',
        data,
        opts: { jobId: id, removeOnComplete: true, attempts: 10 },
      })
    }
    await queue.addBulk(jobs)
  }
  return {
    queue,
    add,
    async close() {
      await queue.close()
      connection.disconnect()
    },
  }
}

/** So many entries wait; how long until so many evaluators have done all of them. */
async function workOff(count, total) {
  const redis = await openRedis()
  const { queue, add, close } = openQueue(redis)
  await queue.pause()
  for (let at = 0; at < total; at += 10_000) await add(at, 10_000)
  const processes = []
  for (let n = 0; n < count; n += 1) processes.push(await startProcess('evaluate', redis))
  const before = processes.map((one) => one.cpuSeconds())
  const began = performance.now()
  await queue.resume()
  for (;;) {
    const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts()
    if (waiting + active + delayed === 0) break
    await new Promise((done) => setTimeout(done, 50))
  }
  const seconds = (performance.now() - began) / 1_000
  const cpu = processes.reduce((sum, one, at) => sum + one.cpuSeconds() - before[at], 0)
  const failed = await queue.getFailedCount()
  const memory = processes.map((one) => Math.round(one.rssMb())).join(', ')
  console.log(
    `${count} evaluators, ${number(total)} entries waiting: ${seconds.toFixed(1)} s, ` +
      `${number(total / seconds)} entries/s (goal ${number(GOALS.perSecond)}), ` +
      `${number((cpu / total) * 1e6)} µs of processor time an entry, ${failed} failed, ` +
      `at most ${memory} MB (goal ${GOALS.rssMb}), load ${loadavg()[0].toFixed(1)}`,
  )
  for (const one of processes) await one.stop()
  await close()
  await redis.close()
}

async function measureLatency() {
  const redis = await openRedis()
  const sentAt = new Map()
  const waits = []
  const slack = await openSlack((body) => {
    const id = /bench-([0-9a-f-]{36})/.exec(body)?.[1]
    if (!sentAt.has(id)) return
    waits.push(performance.now() - sentAt.get(id))
    sentAt.delete(id)
  })
  const told = { receivers: { slack: { type: 'slack', url: slack.url, pace: '0', budget: 'off' } } }
  const before = readFileSync(config, 'utf8')
  writeFileSync(config, JSON.stringify({ ...JSON.parse(before), ...told }))
  const service = await startProcess('evaluate,notify', redis)
  const { queue, close } = openQueue(redis)
  const put = (entries, at) => {
    const id = `b-${at}-${randomUUID()}`
    const readAt = Date.now()
    const data = { id, contract: CONTRACT, window: { from: 0, to: readAt }, readAt, entries }
    return queue.add('entries', data, { jobId: id, removeOnComplete: true, attempts: 10 })
  }
  const began = performance.now()
  const [perBatch, batches] = [PER_SECOND / 10, LATENCY_SECONDS * 10]
  for (let batch = 0; batch < batches; batch += 1) {
    const wait = began + batch * 100 - performance.now()
    if (wait > 0) await new Promise((done) => setTimeout(done, wait))
    const entries = []
    for (let n = batch * perBatch; n < (batch + 1) * perBatch; n += 1) {
      const id = randomUUID()
      const isAlert = n % ALERT_EVERY === 0
      if (isAlert) sentAt.set(id, performance.now())
      entries.push(isAlert ? userCreated(id) : { ...lines[n % lines.length], '@uuid': id })
    }
    void put(entries, batch)
  }
  const expected = (LATENCY_SECONDS * PER_SECOND) / ALERT_EVERY
  for (let looks = 0; waits.length < expected && looks < 600; looks += 1) {
    await new Promise((done) => setTimeout(done, 100))
  }
  const [half, late] = [percentile(waits, 0.5), percentile(waits, 0.99)]
  console.log(
    `${PER_SECOND} entries/s: read to accepted by Slack, ${waits.length} of ${expected} alerts: ` +
      `median ${number(half)} ms, p99 ${number(late)} ms (goal ${GOALS.p99Ms}), ` +
      `at most ${number(service.rssMb())} MB, load ${loadavg()[0].toFixed(1)}`,
  )
  await service.stop()
  await close()
  writeFileSync(config, before)
  await slack.close()
  await redis.close()
}

/** All parts in one process, on a log in which nothing happens. */
async function measureIdle() {
  const { openLog } = await import('../test/chaos/deliveries-harness.mjs')
  const redis = await openRedis()
  const log = await openLog()
  writeFileSync(config, readFileSync(config, 'utf8').replace('"1s"', '"30s"'))
  const service = await startProcess('read,evaluate,notify,http', redis, {
    IONOS_API_URL: log.url,
    IONOS_TOKEN: log.token,
  })
  await new Promise((done) => setTimeout(done, 10_000))
  const before = service.cpuSeconds()
  await new Promise((done) => setTimeout(done, IDLE_MS))
  const share = ((service.cpuSeconds() - before) * 1_000) / IDLE_MS
  console.log(
    `idle: ${(share * 100).toFixed(1)} % of a processor (goal below ${GOALS.idleShare * 100} %), ` +
      `at most ${number(service.rssMb())} MB, load ${loadavg()[0].toFixed(1)}`,
  )
  await service.stop()
  await log.stop()
  await redis.close()
}

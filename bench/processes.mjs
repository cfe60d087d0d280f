// Owns what benchmarks of the service's processes share: 1,000 rules of which 20 look over time, the
// processes with their memory and processor time, and the queue filled from outside.
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
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Queue } from 'bullmq'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import { generateRules, LISTS } from './rules-generator.mjs'
import { makeEntries } from './service.mjs'

export const RSS_GOAL_MB = 250
/** Entries in a job, as the reader makes them. */
export const BATCH = 100

const ROOT = resolve(import.meta.dirname, '..')
const [RULES, OVER_TIME] = [1_000, 20]
/** Different entries, and how often they may come again, later. */
const [DIFFERENT, REPEATS_MAX] = [20_000, 50]

/** Whoever ends early leaves no process behind. */
const children = new Set()
const folder = mkdtempSync(join(tmpdir(), 'tocsin-scale-'))
process.on('SIGTERM', () => process.exit(1))
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

export const number = (value) => Math.round(value).toLocaleString('en')

const { contract: CONTRACT, entries: company } = await makeEntries(DIFFERENT)
const times = company.map(({ meta }) => Date.parse(meta.time))
const [first, spanMs] = [Math.min(...times), Math.max(...times) - Math.min(...times) + 1]
const startMs = Date.now() - REPEATS_MAX * spanMs

/** The nth entry of a company's log, which goes on with the same work by the same people. */
export function entryAt(n, id) {
  const at = n % company.length
  const time = startMs + Math.floor(n / company.length) * spanMs + (times[at] - first)
  const entry = company[at]
  return { ...entry, '@uuid': id, meta: { ...entry.meta, time: new Date(time).toISOString() } }
}

/** A configuration with the rules: generated ones, and those over time that are shipped. Returns its path. */
export function writeConfig(more = {}) {
  const rules = join(folder, 'rules')
  mkdirSync(join(rules, '_lists'), { recursive: true })
  cpSync(join(ROOT, 'rules/_conditions.json'), join(rules, '_conditions.json'))
  cpSync(join(ROOT, 'rules/_lists'), join(rules, '_lists'), { recursive: true })
  for (const [name, list] of Object.entries(LISTS)) {
    writeFileSync(join(rules, '_lists', `${name}.json`), JSON.stringify(list))
  }
  const shipped = readdirSync(join(ROOT, 'rules'), { recursive: true })
    .filter((name) => name.endsWith('.json') && !name.includes('_'))
    .sort((left, right) => (left < right ? -1 : 1))
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
  writeFileSync(path, JSON.stringify({ rules: [rules], ...more }))
  return path
}

function userCreatedRule() {
  const conditions = { all: [{ fact: 'user', operator: 'startsWith', value: 'bench-' }] }
  const alert = { title: '{{ user }}', groupBy: ['user'] }
  return { id: 'bench-user', title: 'x', severity: 'high', conditions, alert }
}

/** A process of the service that runs; `parts` as in --only. */
export async function startProcess(parts, { redis, config, env = {} }) {
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

/** The queue of entries, filled from outside. */
export function openQueue(redis) {
  const connection = connectRedis(redis.url, 'state')
  const queue = new Queue('entries', { connection, prefix: createKeys('tocsin').queue('entries') })
  return {
    queue,
    /** A job for each list of entries. */
    async add(batches) {
      const readAt = Date.now()
      await queue.addBulk(
        batches.map((entries) => {
          const id = `b-${randomUUID()}`
          const data = { id, contract: CONTRACT, window: { from: 0, to: readAt }, readAt, entries }
          return {
            name: 'entries',
            data,
            opts: { jobId: id, removeOnComplete: true, attempts: 10 },
          }
        }),
      )
    },
    async close() {
      await queue.close()
      connection.disconnect()
    },
  }
}

// Owns how fast detection over time is, and what it keeps: 20 rules with `detect`, 100,000 groups, on a
// real Redis with two evaluators, and in memory.
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { createCalendar } from '../dist/core/calendar.js'
import { createMetrics } from '../dist/observe/metrics.js'
import { silentLog } from '../dist/observe/log.js'
import { createPipeline } from '../dist/pipeline.js'
import { buildRuleSet } from '../dist/ruleset.js'
import { connectRedis } from '../dist/state/connection.js'
import { createKeys } from '../dist/state/keys.js'
import { createMemoryAlertState } from '../dist/state/memory-alert-state.js'
import { createMemoryAlertStore, createMemoryNumberStore } from '../dist/state/memory-alerts.js'
import { createMemoryWindowStore } from '../dist/state/memory-windows.js'
import { openRedisStores } from '../dist/state/redis.js'
import { tellNobody } from '../dist/teller.js'
import { createExplain } from '../dist/why.js'

const RULES = 20
const USERS = 5_000
const BATCH = 100
const EVALUATORS = 2
const CONCURRENCY = 4
const CONTRACT = '31720001'
const START_MS = Date.UTC(2026, 0, 5, 12)
/** Between two events of the log, ms: a group has one every 25 s. */
const EVERY_MS = 0.25

const KINDS = [
  { kind: 'threshold', count: 50, within: '10m' },
  { kind: 'threshold', count: 40, within: '10m', distinct: 'resourceId' },
  { kind: 'firstSeen', value: ['ip'], history: '30d', learn: '7d' },
  { kind: 'sequence', within: '10m', steps: [step('a', 'stop'), step('b', 'start')] },
  { kind: 'spike', within: '10m', baseline: '1d', factor: 10, min: 100, groupBy: ['user'] },
]

function step(name, value) {
  return { name, conditions: { all: [{ fact: 'method', operator: 'equal', value }] } }
}

/** Each event matches one of the rules; almost nothing is a detection, as it should be. */
function makeRules() {
  const files = Array.from({ length: RULES }, (_, at) => {
    const id = `bench-${at}`
    const rule = {
      id,
      title: 'A rule of the benchmark',
      severity: 'low',
      conditions: { all: [{ fact: 'operation', operator: 'equal', value: `op-${at}` }] },
      detect: KINDS[at % KINDS.length],
    }
    return { path: `${id}.json`, name: id, role: 'rule', text: JSON.stringify(rule) }
  })
  const { ruleSet, problems } = buildRuleSet(
    { files, problems: [], version: 'bench' },
    { schedules: new Map() },
  )
  const errors = problems.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  return ruleSet
}

/** The same event for the same number. */
function eventOf(blank, n) {
  const group = (n * 7_919) % (RULES * USERS)
  return {
    ...blank,
    entry: undefined,
    id: `5a0c7d1e-0000-4000-8000-${String(n).padStart(12, '0')}`,
    time: START_MS + Math.floor(n * EVERY_MS),
    contract: CONTRACT,
    operation: `op-${group % RULES}`,
    user: `user-${Math.floor(group / RULES)}@example.com`,
    ip: `192.0.2.${n % 7}`,
    method: n % 3 === 0 ? 'stop' : 'read',
    resource: 'server',
    resourceId: `5a0c7d1e-1111-4000-8000-${String(n % 30).padStart(12, '0')}`,
  }
}

function openPipeline(stores) {
  const ruleSet = makeRules()
  const explain = createExplain(ruleSet)
  return createPipeline({
    ...stores,
    rules: () => ({ ruleSet, explain }),
    calendar: createCalendar('UTC'),
    marks: { evaluated: async () => undefined, gaps: async () => [] },
    detection: { latenessMs: 93_600_000, settleMs: 900_000, membersMax: 10_000 },
    contracts: { add: async () => {}, list: async () => [] },
    teller: tellNobody,
    announce: () => {},
    clock: { now: () => START_MS + 86_400_000, sleep: async () => {} },
    metrics: createMetrics(),
    log: silentLog,
  })
}

/** Evaluates every `step`th batch from the `first` on, a few at a time; resolves to seconds. */
async function evaluate(pipeline, { events, first, step }) {
  const batches = Math.ceil(events / BATCH)
  let next = first
  const begun = performance.now()
  const work = async () => {
    for (; next < batches; ) {
      const at = next
      next += step
      const list = Array.from({ length: BATCH }, (_, n) => eventOf({}, at * BATCH + n))
      await pipeline.evaluateEvents({ contract: CONTRACT, readAt: 0 }, list)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return (performance.now() - begun) / 1_000
}

async function measureMemory(events) {
  const state = createMemoryAlertState()
  const pipeline = openPipeline({
    alerts: createMemoryAlertStore(state),
    windows: createMemoryWindowStore(state),
    numbers: createMemoryNumberStore(),
  })
  const before = process.cpuUsage()
  const seconds = await evaluate(pipeline, { events, first: 0, step: 1 })
  const { user, system } = process.cpuUsage(before)
  const cpu = (user + system) / 1_000_000
  return { perSecond: events / seconds, perCpuSecond: events / cpu }
}

async function measureRedis(events) {
  const { openRedis } = await import('./service.mjs')
  const server = await openRedis()
  const redis = connectRedis(server.url, 'state')
  const usedBefore = await usedMemory(redis)
  const begun = performance.now()
  const runs = Array.from({ length: EVALUATORS }, (_, first) =>
    runEvaluator(server.url, events, first),
  )
  await Promise.all(runs)
  const seconds = (performance.now() - begun) / 1_000
  const used = (await usedMemory(redis)) - usedBefore
  const keys = await redis.dbsize()
  redis.disconnect()
  await server.close()
  return { perSecond: events / seconds, used, keys, seconds }
}

async function usedMemory(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
}

/** A process of its own, which says when it is ready: its start is not measured. */
function runEvaluator(url, events, first) {
  return new Promise((done, fail) => {
    const child = fork(fileURLToPath(import.meta.url), ['--evaluator', String(first)], {
      env: { ...process.env, BENCH_REDIS: url, BENCH_EVENTS: String(events) },
    })
    child.on('exit', (code) =>
      code === 0 ? done() : fail(new Error(`evaluator ended with ${code}`)),
    )
  })
}

const { values } = parseArgs({
  options: { evaluator: { type: 'string' }, events: { type: 'string', default: '200000' } },
})

if (values.evaluator === undefined) {
  const events = Number(values.events)
  const groups = RULES * USERS
  const memory = await measureMemory(events)
  process.stdout.write(
    `in memory: ${Math.round(memory.perSecond)} events/s, ${Math.round(memory.perCpuSecond)} per second of processor time (goal 300,000)\n`,
  )
  const found = await measureRedis(events)
  process.stdout.write(
    `on Redis, ${EVALUATORS} evaluators: ${Math.round(found.perSecond)} matching events/s (goal 20,000)\n` +
      `memory: ${Math.round(found.used / 1e6)} MB for ${events} events in ${groups} groups and ${found.keys} keys: ${Math.round(found.used / events)} bytes per event, ${Math.round(found.used / found.keys)} per group\n`,
  )
} else {
  const redis = connectRedis(process.env.BENCH_REDIS, 'state')
  const stores = openRedisStores(redis, createKeys('bench'))
  const { alerts, windows, numbers } = stores
  const first = Number(values.evaluator)
  const events = Number(process.env.BENCH_EVENTS)
  await evaluate(openPipeline({ alerts, windows, numbers }), { events, first, step: EVALUATORS })
  redis.disconnect()
}

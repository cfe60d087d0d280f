// Owns how fast detection over time is, and what it keeps: 20 rules with `detect`, 100,000 groups of several
// events each, on a real Redis with two evaluators, and in memory. Rounds of equal length; medians of them.
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
/** The first rounds make the groups, the later ones find them. */
const ROUNDS = 5
const GOALS = { memory: 300_000, redis: 20_000, bytesPerEvent: 300, bytesPerGroup: 1_000 }
const START_MS = Date.UTC(2026, 0, 5, 12)
/** Between two events of the log, ms: a group has one every 25 s. */
const EVERY_MS = 0.25

const KINDS = [
  { kind: 'threshold', count: 50, within: '10m' },
  { kind: 'threshold', count: 40, within: '10m', distinct: 'resourceId' },
  { kind: 'firstSeen', value: ['ip'], history: '30d', learn: '7d' },
  { kind: 'sequence', within: '10m', steps: [step('a', 'stop'), step('b', 'start')] },
  { kind: 'spike', within: '10m', baseline: '1d', factor: 10, min: 100, groupBy: ['user'] },
  { kind: 'absence', within: '2h', groupBy: ['user'] },
  { kind: 'travel', maxSpeedKmh: 900, minDistanceKm: 300 },
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
    latitude: 50.1 + (n % 5) / 100,
    longitude: 8.7,
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
    marks: { evaluated: async () => START_MS, gaps: async () => [] },
    detection: { latenessMs: 93_600_000, settleMs: 900_000, membersMax: 10_000 },
    contracts: { add: async () => {}, list: async () => [] },
    teller: tellNobody,
    announce: () => {},
    clock: { now: () => START_MS + 86_400_000, sleep: async () => {} },
    metrics: createMetrics(),
    log: silentLog,
  })
}

/** Evaluates every `step`th batch of a round from the `first` on, a few at a time. */
async function evaluate(pipeline, { from, to, first, step }) {
  let next = from + first
  const work = async () => {
    for (; next < to; ) {
      const at = next
      next += step
      const list = Array.from({ length: BATCH }, (_, n) => eventOf({}, at * BATCH + n))
      await pipeline.evaluateEvents({ contract: CONTRACT, readAt: 0 }, list)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
}

/** Batches of each round: [from, to). */
function roundsOf(events) {
  const batches = Math.ceil(events / ROUNDS / BATCH)
  return Array.from({ length: ROUNDS }, (_, at) => ({ from: at * batches, to: (at + 1) * batches }))
}

/** What `work` took: seconds by the clock and of this process's processor time. */
async function timed(work) {
  const before = process.cpuUsage()
  const begun = performance.now()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - begun) / 1_000, cpu: (user + system) / 1_000_000 }
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

async function measureMemory(events) {
  const state = createMemoryAlertState()
  const pipeline = openPipeline({
    alerts: createMemoryAlertStore(state),
    windows: createMemoryWindowStore(state),
    numbers: createMemoryNumberStore(),
  })
  const found = []
  for (const { from, to } of roundsOf(events)) {
    const took = await timed(() => evaluate(pipeline, { from, to, first: 0, step: 1 }))
    const count = (to - from) * BATCH
    found.push({ perSecond: count / took.seconds, perCpuSecond: count / took.cpu })
  }
  return found
}

async function measureRedis(events) {
  const { openRedis } = await import('./service.mjs')
  const server = await openRedis()
  const redis = connectRedis(server.url, 'state')
  const usedBefore = await usedMemory(redis)
  const evaluators = Array.from({ length: EVALUATORS }, (_, first) =>
    forkEvaluator(server.url, first),
  )
  const found = []
  for (const { from, to } of roundsOf(events)) {
    const cpuBefore = await serverCpu(redis)
    const begun = performance.now()
    const cpus = await Promise.all(evaluators.map((one) => one.run({ from, to })))
    const seconds = (performance.now() - begun) / 1_000
    const count = (to - from) * BATCH
    found.push({
      perSecond: count / seconds,
      perServerCpuSecond: count / ((await serverCpu(redis)) - cpuBefore),
      perCpuSecond: count / cpus.reduce((sum, cpu) => sum + cpu, 0),
    })
  }
  for (const one of evaluators) one.end()
  const used = (await usedMemory(redis)) - usedBefore
  const keys = await redis.dbsize()
  redis.disconnect()
  await server.close()
  return { rounds: found, used, keys }
}

async function usedMemory(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
}

/** Seconds of processor time that the server used so far. */
async function serverCpu(redis) {
  const text = await redis.info('cpu')
  const of = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1])
  return of('used_cpu_user') + of('used_cpu_sys')
}

/** A process of its own; `run` resolves to the processor time that a round took it. */
function forkEvaluator(url, first) {
  const child = fork(fileURLToPath(import.meta.url), ['--evaluator', String(first)], {
    env: { ...process.env, BENCH_REDIS: url },
  })
  return {
    run: (round) =>
      new Promise((done, fail) => {
        const died = (code) => fail(new Error(`evaluator ended with ${code}`))
        child.once('exit', died)
        child.once('message', ({ cpu }) => {
          child.off('exit', died)
          done(cpu)
        })
        child.send(round)
      }),
    end: () => child.disconnect(),
  }
}

const { values } = parseArgs({
  options: {
    evaluator: { type: 'string' },
    events: { type: 'string', default: '400000' },
    only: { type: 'string' },
  },
})

if (values.evaluator === undefined) {
  const events = Number(values.events)
  const groups = Math.min(RULES * USERS, events)
  process.stdout.write(
    `${RULES} rules of ${KINDS.length} kinds, ${groups} groups, ${events / groups} events each; medians of ${ROUNDS} rounds\n`,
  )
  if (values.only !== 'redis') {
    const rounds = await measureMemory(events)
    process.stdout.write(
      `in memory: ${middle(rounds, 'perSecond')} events/s, ${middle(rounds, 'perCpuSecond')} per second of processor time (goal ${GOALS.memory})\n`,
    )
  }
  if (values.only !== 'memory') {
    const { rounds, used, keys } = await measureRedis(events)
    process.stdout.write(
      `on Redis, ${EVALUATORS} evaluators: ${middle(rounds, 'perSecond')} matching events/s (goal ${GOALS.redis}); per second of processor time ${middle(rounds, 'perServerCpuSecond')} in Redis, ${middle(rounds, 'perCpuSecond')} in an evaluator\n` +
        `memory: ${Math.round(used / 1e6)} MB in ${keys} keys: ${Math.round(used / events)} bytes per event (goal ${GOALS.bytesPerEvent}), ${Math.round(used / groups)} per group (goal, idle: ${GOALS.bytesPerGroup})\n`,
    )
  }
} else {
  const redis = connectRedis(process.env.BENCH_REDIS, 'state')
  const { alerts, windows, numbers } = openRedisStores(redis, createKeys('bench'))
  const pipeline = openPipeline({ alerts, windows, numbers })
  const first = Number(values.evaluator)
  const run = async (round) => {
    const { cpu } = await timed(() => evaluate(pipeline, { ...round, first, step: EVALUATORS }))
    process.send({ cpu })
  }
  process.on('message', (round) => void run(round))
  process.on('disconnect', () => redis.disconnect())
}

function middle(rounds, name) {
  return Math.round(median(rounds.map((round) => round[name])))
}

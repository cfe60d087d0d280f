// Owns the proof that detection over time is a function of the log: processes of the service read it late,
// doubled and shuffled, one of them is killed every 2 s; the alerts must be those of a backtest of the sorted log.
import { execFile, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { systemClock } from '../../dist/clock.js'
import { parseDuration } from '../../dist/core/duration.js'
import { startEmbeddedRedis } from '../../dist/embedded-redis.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseFaults } from '../../dist/simulator/faults.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import { connectRedis } from '../../dist/state/connection.js'
import { createKeys } from '../../dist/state/keys.js'
import { openRedisStores } from '../../dist/state/redis.js'
import { findRedisServer } from '../../scripts/find-redis.mjs'
import { createChance, createVerdict, openDataFolder, ROOT, sleep } from './harness.mjs'
import { readOptions } from './options.mjs'

const values = readOptions({
  command: 'chaos:detection',
  about:
    'Late, doubled and shuffled entries and SIGKILL: the service ends with the alerts of a backtest.',
  options: {
    seed: { default: 1, about: 'another seed is another log' },
    minutes: { default: 2, about: 'how long there are entries and kills' },
    'kill-every': { default: '2s', about: 'a span of time; off: none, and there is one process' },
    processes: {
      default: 4,
      about: 'at a time, up to 8: starting takes seconds, others work meanwhile',
    },
    'entries-per-minute': { default: 600, about: 'in the log' },
    keep: { default: false, about: 'configuration, logs and results stay' },
  },
})
const PROCESSES_MAX = 8
const killEveryMs = values['kill-every'] === 'off' ? undefined : parseDuration(values['kill-every'])
const runMs = values.minutes * 60_000
const poolSize = killEveryMs === undefined ? 1 : values.processes
const isEveryWrong = values['kill-every'] !== 'off' && killEveryMs === undefined
if (!(runMs > 0) || isEveryWrong || !(poolSize >= 1 && poolSize <= PROCESSES_MAX)) {
  console.error('expected --minutes above 0, --kill-every such as 2s, --processes from 1 to 8')
  process.exit(2)
}

const LATE_MS = 20_000
const FAULTS = `late=0.3:${LATE_MS / 1_000}s,duplicates=0.2,shuffle:page`
const SETTLE_MS = 5_000
/** Longer than any rule of test/fixtures/detection waits for something not to happen. */
const WITHIN_MS_MAX = 12_000
/** What a backtest waits for before it believes a silence. */
const BACKTEST_SETTLE_MS = 900_000
/** For the last reads, sweeps and evaluation; a machine under load takes a while. */
const END_MS_MAX = 180_000
/** What is right must stay so. */
const STAY_MS = 10_000
/** When none is at work, one that has just begun is killed now and then; else the kill waits. */
const KILLED_AT_START = 0.2
/** How much sooner or later than told a kill comes. */
const KILL_JITTER = 0.5

const run = promisify(execFile)
const MAIN = join(ROOT, 'dist/main.js')
const data = openDataFolder()
const verdict = createVerdict()
const startedAt = Math.floor(Date.now() / 1_000) * 1_000
/** The log ends before it: nothing later is seen, and what is late then shows up at once. */
const endsAt = startedAt + runMs
const logClock = { ...systemClock, now: () => Math.min(Date.now(), endsAt - 1) }
const simulator = await openSimulator()
const apiUrl = await simulator.start()
const redis = await startEmbeddedRedis({
  dataDir: data.folder,
  redis: await findRedisServer({ dataDir: `${ROOT}/.tocsin` }),
  log: silentLog,
  clock: systemClock,
})
const config = join(data.folder, 'tocsin.config.json')
writeFileSync(
  config,
  JSON.stringify({
    rules: [join(ROOT, 'test/fixtures/detection'), join(ROOT, 'rules')],
    ionos: {
      interval: '1s',
      overlap: '5s',
      sweep: [{ every: '4s', reach: '10m' }],
      requestsPerMinuteMax: 6_000,
      backfill: 'off',
    },
    detection: { settle: `${SETTLE_MS / 1_000}s` },
    receivers: { archive: { type: 'ndjson', path: join(data.folder, 'told.ndjson') } },
  }),
)
const env = {
  ...process.env,
  IONOS_API_URL: apiUrl,
  IONOS_TOKEN: simulator.token,
  REDIS_URL: `unix://${redis.socketPath}`,
  LOG_LEVEL: 'info',
}

const problems = new Map()
const chance = createChance(values.seed)
const pool = Array.from({ length: poolSize }, startService)
await Promise.race(pool.flatMap(({ running, ended }) => [running, ended]))
const kills = killEveryMs === undefined ? [] : await killUntilEnd()
await sleep(Math.max(0, endsAt - Date.now()))
console.log(`  the log ends after ${Math.round((Date.now() - startedAt) / 1_000)} s`)
simulator.setFaults({ ...faults(), late: undefined })

const log = join(data.folder, 'log.ndjson')
const span = ['--from', iso(startedAt - 60_000), '--to', iso(endsAt)]
await tocsin(['fetch', ...span, '--out', log])
// The fetched log in the order of time, without what it holds twice.
const held = scenarioContracts().flatMap((number) =>
  simulator.entriesHeld(number, { from: 0, to: endsAt }),
)
const until = iso(endsAt + WITHIN_MS_MAX + BACKTEST_SETTLE_MS)
const backtest = JSON.parse(await tocsin(['backtest', '--input', log, '--to', until, '--json']))
const wanted = backtest.alerts.map(ofBacktest).sort()
const { entries, events } = backtest
console.log(
  `  ${entries} entries fetched, ${events} different, ${wanted.length} alerts of a backtest`,
)
verdict.check(events === held.length, `the fetched log has all ${held.length} entries`)

const state = connectRedis(env.REDIS_URL, 'state')
const stores = openRedisStores(state, createKeys('tocsin'))
const { isThere, found } = await untilEqual()
const { missing, extra } = difference(wanted, found)
for (const line of missing.slice(0, 20)) console.log(`  only in the backtest: ${line}`)
for (const line of extra.slice(0, 20)) console.log(`  only in the service:  ${line}`)
verdict.check(isThere, 'the evaluated mark passed the last entry and what is waited for after it')
verdict.check(
  missing.length + extra.length === 0,
  `${found.length} alerts of the service, ${missing.length} missing, ${extra.length} too many`,
)
await sleep(STAY_MS)
const later = difference(wanted, await alertsOfService())
verdict.check(
  later.missing.length + later.extra.length === missing.length + extra.length,
  `${STAY_MS / 1_000} s later they are the same`,
)
const rules = new Set(wanted.map((line) => JSON.parse(line)[0]))
const idle = ownRules().filter((id) => !rules.has(id))
verdict.check(
  idle.length === 0,
  `every kind of detection has alerts${idle.map((id) => ` ${id}`).join()}`,
)
const shipped = [...rules].filter((id) => id.startsWith('ionos-'))
verdict.check(shipped.length > 0, `${shipped.length} rules that are shipped have alerts`)
if (killEveryMs !== undefined) {
  const atWork = kills.filter(({ isRunning }) => isRunning).length
  const apart = kills.slice(1).map(({ at }, index) => at - kills[index].at)
  const median = apart.sort((a, b) => a - b)[Math.floor(apart.length / 2)] ?? Infinity
  verdict.check(
    atWork > 0,
    `${kills.length} times SIGKILL in ${runMs / 1_000} s, ${atWork} of processes at work, every ${(median / 1_000).toFixed(1)} s (median)`,
  )
}
for (const [text, count] of problems) console.log(`  logged ${count} times: ${text}`)

for (const service of pool) service.kill('SIGTERM')
const codes = (await Promise.all(pool.map(({ ended }) => ended))).map(({ code }) => code)
verdict.check(
  codes.every((code) => code === 0),
  `the last lives ended by SIGTERM with exit code ${codes.join(', ')}`,
)
verdict.end()
state.disconnect()
await redis.stop()
await simulator.stop()
if (values.keep) console.log(`  kept: ${data.folder}`)
else data.remove()

function faults() {
  return parseFaults(FAULTS).faults
}

function scenarioContracts() {
  return simulator.scenario.contracts.map(({ number }) => number)
}

async function openSimulator() {
  const file = join(ROOT, 'scenarios/company.json')
  const { scenario } = parseScenario(readFileSync(file, 'utf8'), file)
  return createSimulator({
    // Before the service nothing happened: both sides see the whole log.
    scenario: { ...scenario, historyMs: 0 },
    seed: String(values.seed),
    clock: logClock,
    startTimeMs: startedAt,
    log: silentLog,
    faults: faults(),
    entriesPerMinute: values['entries-per-minute'],
  })
}

/** Kills one process after the other, each followed by another at once; returns when and how each died. */
async function killUntilEnd() {
  const killed = []
  let dueAt = Date.now()
  for (;;) {
    dueAt = Math.max(dueAt, Date.now() - killEveryMs)
    dueAt += killEveryMs * (1 - KILL_JITTER + chance() * 2 * KILL_JITTER)
    if (dueAt >= endsAt) return killed
    await sleep(Math.max(0, dueAt - Date.now()))
    if (chance() >= KILLED_AT_START) {
      await Promise.race([...pool.map(({ running }) => running), sleep(endsAt - Date.now())])
    }
    if (Date.now() >= endsAt) return killed
    const atWork = pool.filter(({ isRunning }) => isRunning())
    const among = atWork.length > 0 ? atWork : pool
    const victim = among[Math.floor(chance() * among.length)]
    const isRunning = victim.isRunning()
    victim.kill('SIGKILL')
    await victim.ended
    killed.push({ at: Date.now(), isRunning })
    pool.splice(pool.indexOf(victim), 1, startService())
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1)
    const age = ((Date.now() - victim.startedAt) / 1_000).toFixed(1)
    console.log(
      `  ${seconds.padStart(6)} s: kill ${killed.length}, ${age} s old, ${isRunning ? 'at work' : 'at its start'}; ${simulator.counts().requests} requests`,
    )
  }
}

function startService() {
  const startedAt = Date.now()
  let runs = false
  // Without the part for people: its port is one.
  const parts = ['--only', 'read,evaluate,notify']
  const child = spawn(process.execPath, [MAIN, '--config', config, 'serve', ...parts], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })))
  const running = new Promise((done) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.includes('is running')) {
        runs = true
        done()
      }
      const { level, msg } = parse(line)
      const isNews = (level === 'warn' || level === 'error') && !msg.includes('there is no test')
      if (isNews) problems.set(msg, (problems.get(msg) ?? 0) + 1)
    })
  })
  return {
    startedAt,
    running,
    ended,
    isRunning: () => runs,
    kill: (signal) => child.kill(signal),
  }
}

/** Runs a command of Tocsin; returns what it prints. */
async function tocsin(args) {
  const given = [MAIN, '--config', config, ...args]
  const { stdout } = await run(process.execPath, given, { cwd: ROOT, env, maxBuffer: 1e9 })
  return stdout
}

/** Waits until the marks are far enough and the alerts are right, or for as long as may be. */
async function untilEqual() {
  const markMin = endsAt + WITHIN_MS_MAX + SETTLE_MS
  const began = Date.now()
  let isThere = false
  let found = []
  while (Date.now() - began < END_MS_MAX) {
    const marks = await Promise.all(
      scenarioContracts().map((contract) => stores.marks.evaluated(contract)),
    )
    isThere = marks.every((mark = 0) => mark >= markMin)
    found = await alertsOfService()
    const { missing, extra } = difference(wanted, found)
    if (isThere && missing.length + extra.length === 0) break
    await sleep(2_000)
  }
  return { isThere, found }
}

async function alertsOfService() {
  const list = await tocsin(['alerts', 'list', '--state', 'all', '--limit', '10000', '--json'])
  const { alerts, more } = JSON.parse(list)
  if (more > 0) throw new Error(`${more} alerts are not listed`)
  return alerts
    .filter(({ rule, resolution }) => !rule.id.startsWith('tocsin-') && resolution !== 'superseded')
    .map(ofService)
    .sort()
}

function ofService({ rule, contract, group, first, last, count, severity }) {
  const values = group.map(({ name, value }) => [name, String(value)])
  return JSON.stringify([rule.id, contract, values, iso(first), iso(last), count, severity])
}

function ofBacktest({ rule, contract, group, first, last, count, severity }) {
  const values = Object.entries(group).map(([name, value]) => [name, String(value)])
  return JSON.stringify([rule, contract, values, first, last, count, severity])
}

/** Lines that only one side has, as often as it has them more. */
function difference(left, right) {
  const counts = new Map()
  for (const line of right) counts.set(line, (counts.get(line) ?? 0) + 1)
  const missing = left.filter((line) => {
    const count = counts.get(line) ?? 0
    counts.set(line, count - 1)
    return count <= 0
  })
  const extra = [...counts].flatMap(([line, count]) => Array(Math.max(0, count)).fill(line))
  return { missing, extra }
}

function ownRules() {
  return [
    'every-change',
    'many-changes',
    'many-things',
    'new-operation',
    'read-then-change',
  ].concat(['change-without-read', 'spike-of-requests', 'user-silent', 'far-apart'])
}

function iso(ms) {
  return new Date(ms).toISOString()
}

function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

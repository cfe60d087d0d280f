// Owns the world of a chaos run: the simulated log, Redis, the receivers' servers, a proxy between
// every two parts, and the service's processes with a clock that runs faster.
import { execFile, spawn } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { systemClock } from '../../dist/clock.js'
import { startEmbeddedRedis } from '../../dist/embedded-redis.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseFaults } from '../../dist/simulator/faults.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import { findRedisServer } from '../../scripts/find-redis.mjs'
import { openHook } from './deliveries-harness.mjs'
import { openFaultProxy } from './fault-proxy.mjs'
import { openDataFolder, openMail, redisOn, ROOT, sleep } from './harness.mjs'

const run = promisify(execFile)
const MAIN = join(ROOT, 'dist/main.js')
const PRELOAD = new URL('./fast-clock-preload.mjs', import.meta.url).href

/** The processes of the service, by name, with the part each runs. */
export const PROCESSES = {
  'read-1': 'read',
  'read-2': 'read',
  'evaluate-1': 'evaluate',
  'evaluate-2': 'evaluate',
  notify: 'notify',
}

/** Of the simulated time. Entries are late by up to ten minutes: less than any rule waits. */
const API_FAULTS = 'late=0.2:600s,duplicates=0.1,shuffle:page,moving-total=0.05,500=0.03,cut=0.02'
export const SETTLE_MS = 180_000
const ENTRIES_PER_MINUTE = 12
const MEMORY_LOOKS_MAX = 100

/**
 * Everything runs but the service. `clock` is the simulated one; the log ends at `endsAt`. `links` are
 * the proxies by name: `api`, `slack`, `mail`, `hook`, and `redis-NAME` for each process.
 */
export async function openWorld({ seed, speed, runMs, entriesPerMinute = ENTRIES_PER_MINUTE }) {
  const realMs = Date.now()
  // It ends about now, so that nothing that looks at the real time meets the future.
  const simulatedMs = Math.floor((realMs - runMs * speed) / 1_000) * 1_000
  const clock = {
    now: () => Math.floor(simulatedMs + (Date.now() - realMs) * speed),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
  const endsAt = simulatedMs + runMs * speed
  const data = openDataFolder()
  const simulator = await openLog({ seed, clock, simulatedMs, endsAt, entriesPerMinute })
  const apiUrl = new URL(await simulator.start())
  const redis = await startEmbeddedRedis({
    dataDir: data.folder,
    redis: await findRedisServer({ dataDir: `${ROOT}/.tocsin` }),
    log: silentLog,
    clock: systemClock,
  })
  const slack = await openHook(() => ({ status: 200, body: 'ok' }))
  const mail = await openMail()
  const hook = await openHook(() => ({ status: 204 }))
  const links = {
    api: await openFaultProxy({ port: Number(apiUrl.port), host: '127.0.0.1' }),
    slack: await openFaultProxy({ port: portOf(slack.url), host: '127.0.0.1' }),
    mail: await openFaultProxy({ port: portOf(mail.url), host: '127.0.0.1' }),
    hook: await openFaultProxy({ port: portOf(hook.url), host: '127.0.0.1' }),
  }
  for (const name of Object.keys(PROCESSES)) {
    links[`redis-${name}`] = await openFaultProxy({ path: redis.socketPath })
  }
  const archive = openArchive(data.folder)
  const config = writeConfig({ folder: data.folder, links, archive, speed })
  const spawned = { data, config, links, simulator, time: { realMs, simulatedMs, speed } }
  return {
    clock,
    simulatedMs,
    endsAt,
    simulator,
    slack,
    mail,
    hook,
    links,
    archive,
    redisUrl: `unix://${redis.socketPath}`,
    redisPids: () => redisOn(data.folder).map(Number),
    folder: data.folder,
    start: (name) => startProcess(name, spawned),
    setClock(name, wrongMs) {
      writeFileSync(join(data.folder, `clock-${name}`), String(wrongMs))
    },
    /** Runs a command of Tocsin without any fault; returns what it prints. */
    async tocsin(args) {
      const env = {
        ...process.env,
        IONOS_API_URL: apiUrl.origin,
        IONOS_TOKEN: simulator.token,
        REDIS_URL: `unix://${redis.socketPath}`,
        LOG_LEVEL: 'error',
      }
      const given = [MAIN, '--config', config, ...args]
      const { stdout } = await run(process.execPath, given, { cwd: ROOT, env, maxBuffer: 1e9 })
      return stdout
    },
    async close() {
      for (const link of Object.values(links)) link.close()
      for (const server of [slack, mail, hook]) server.close()
      await redis.stop()
      await simulator.stop()
      data.remove()
    },
  }
}

async function openLog({ seed, clock, simulatedMs, endsAt, entriesPerMinute }) {
  const file = join(ROOT, 'scenarios/company.json')
  const { scenario } = parseScenario(readFileSync(file, 'utf8'), file)
  return createSimulator({
    // Before the service nothing happened: both sides see the whole log.
    scenario: { ...scenario, historyMs: 0 },
    seed: String(seed),
    // An entry at the very end would be read, and yet not be in a log that is asked up to then.
    clock: { ...clock, now: () => Math.min(clock.now(), endsAt - 1) },
    startTimeMs: simulatedMs,
    log: silentLog,
    faults: parseFaults(API_FAULTS).faults,
    entriesPerMinute,
  })
}

/** The file of the archive is a link: to a real file, or to a disk that is full. */
function openArchive(folder) {
  const path = join(folder, 'archive.ndjson')
  const real = join(folder, 'archive-real.ndjson')
  const lead = (to) => {
    symlinkSync(to, `${path}.next`)
    renameSync(`${path}.next`, path)
  }
  writeFileSync(real, '')
  lead(real)
  return {
    path,
    full: (isFull) => lead(isFull ? '/dev/full' : real),
    lines: () => readFileSync(real, 'utf8').split('\n').filter(Boolean),
  }
}

function writeConfig({ folder, links, archive, speed }) {
  const rules = join(folder, 'rules')
  mkdirSync(rules)
  const fixtures = join(ROOT, 'test/fixtures/detection')
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith('.json'))) {
    const text = readFileSync(join(fixtures, file), 'utf8')
    // As dense in the simulated time as it is written for in real time.
    writeFileSync(
      join(rules, file),
      text.replaceAll(/"(\d+)s"/g, (_, s) => `"${s * speed}s"`),
    )
  }
  const path = join(folder, 'tocsin.config.json')
  const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
  const hook = `http://127.0.0.1:${links.hook.port}/`
  const slack = `http://127.0.0.1:${links.slack.port}/services/x`
  const smtp = `smtp://127.0.0.1:${links.mail.port}`
  writeFileSync(
    path,
    JSON.stringify({
      rules: [rules, join(ROOT, 'rules')],
      ionos: {
        interval: '30s',
        overlap: '2m',
        sweep: [
          { every: '2m', reach: '15m' },
          { every: '10m', reach: '4h' },
        ],
        requestsPerMinuteMax: 6_000,
        backfill: 'off',
      },
      detection: { settle: `${SETTLE_MS / 1_000}s` },
      receivers: {
        slack: { type: 'slack', url: slack, pace: '0', budget: 'off' },
        mail: { type: 'email', smtp, from: 'a@example.com', to: ['b@example.com'] },
        hook: { type: 'webhook', url: hook, secret, budget: 'off' },
        archive: { type: 'ndjson', path: archive.path },
      },
    }),
  )
  return path
}

function startProcess(name, { data, config, links, simulator, time }) {
  const file = join(data.folder, `clock-${name}`)
  const memoryFile = join(data.folder, `memory-${name}`)
  const args = [
    '--expose-gc',
    '--import',
    PRELOAD,
    MAIN,
    '--config',
    config,
    'serve',
    '--only',
    PROCESSES[name],
  ]
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      ...process.env,
      CHAOS_CLOCK: JSON.stringify({ ...time, file, memoryFile }),
      IONOS_API_URL: `http://127.0.0.1:${links.api.port}`,
      IONOS_TOKEN: simulator.token,
      REDIS_URL: `redis://127.0.0.1:${links[`redis-${name}`].port}`,
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = []
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })))
  const running = new Promise((done) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (line.includes('is running')) done()
    })
  })
  return {
    name,
    pid: child.pid,
    ended,
    running,
    lines,
    kill: (signal) => child.kill(signal),
    /** What is in use after a collection, MB; undefined when it does not answer. */
    async memoryMb() {
      rmSync(memoryFile, { force: true })
      child.kill('SIGUSR2')
      for (let looks = 0; looks < MEMORY_LOOKS_MAX && !existsSync(memoryFile); looks += 1) {
        await sleep(100)
      }
      // It may be seen before it is written.
      await sleep(100)
      const bytes = existsSync(memoryFile) ? Number(readFileSync(memoryFile, 'utf8')) : NaN
      return Number.isFinite(bytes) ? bytes / 1_048_576 : undefined
    },
  }
}

function portOf(url) {
  return Number(new URL(url).port)
}

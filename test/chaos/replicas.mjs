// Owns the proof that any number of processes of any part work on one Redis as one service: a dead
// reader or evaluator is replaced within 15 s, a rolling restart loses and repeats nothing, and the
// ledger says so. Everything is real but the API: processes, Redis, Slack's side of HTTP.
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { spawn } from 'node:child_process'
import { systemClock } from '../../dist/clock.js'
import { startEmbeddedRedis } from '../../dist/embedded-redis.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import { findRedisServer } from '../../scripts/find-redis.mjs'
import {
  createChance,
  createVerdict,
  openDataFolder,
  openSlack,
  REPEAT_MARK,
  ROOT,
  sleep,
} from './harness.mjs'
import { readOptions } from './options.mjs'

const {
  seed,
  rounds,
  'every-ms': everyMs,
} = readOptions({
  command: 'chaos:replicas',
  about:
    'Restarts and kills replicas one after the other: nothing is lost, nothing repeated unmarked.',
  options: {
    seed: { default: 1, about: 'another seed is another order' },
    rounds: { default: 2, about: 'how often each replica is restarted and killed' },
    'every-ms': { default: 150, about: 'from one entry to the next' },
  },
})
const chance = createChance(seed)
/** What the service promises: whoever died is replaced within so long. */
const REPLACED_MS_MAX = 15_000
const SETTLE_MS_MAX = 60_000
const CONTRACT = '31720001'

const { scenario } = parseScenario(
  JSON.stringify({ name: 'Quiet', contracts: [{ number: CONTRACT, users: [], attacks: [] }] }),
)
const simulator = await createSimulator({
  scenario,
  seed: 'replicas',
  clock: systemClock,
  log: silentLog,
})
const apiUrl = await simulator.start()
const slack = await openSlack()
const data = openDataFolder()
const redis = await startEmbeddedRedis({
  dataDir: data.folder,
  redis: await findRedisServer({ dataDir: `${ROOT}/.tocsin` }),
  log: silentLog,
  clock: systemClock,
})
const verdict = createVerdict()
const env = {
  IONOS_API_URL: apiUrl,
  IONOS_TOKEN: simulator.token,
  REDIS_URL: `unix://${redis.socketPath}`,
  SLACK_WEBHOOK_URL: slack.url,
  SLACK_PACE: '0',
  LOG_LEVEL: 'info',
}
/** One rule: those that are shipped tell of many users at once, too, and name them again. */
mkdirSync(`${data.folder}/rules`)
writeFileSync(
  `${data.folder}/rules/user-created.json`,
  JSON.stringify({
    id: 'user-created',
    title: 'User created',
    severity: 'high',
    conditions: { all: [{ fact: 'actions', operator: 'contains', value: 'sec.user.create' }] },
    alert: { title: '{{ user }} created a user', groupBy: ['user'] },
  }),
)
const config = {
  rules: [`${data.folder}/rules`],
  // The month of history that a first start reads would take minutes of the budget of requests.
  ionos: { interval: '1s', backfill: 'off', requestsPerMinuteMax: 6_000 },
  receivers: {
    slack: { type: 'slack', url: slack.url, pace: '0', budget: { count: 10000, within: '1m' } },
  },
}
writeFileSync(`${data.folder}/tocsin.config.json`, JSON.stringify(config))

/** One process of one part; resolves when it says that it runs. */
async function start(part) {
  const args = [
    'dist/main.js',
    '--config',
    `${data.folder}/tocsin.config.json`,
    'serve',
    '--only',
    part,
  ]
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = []
  const running = new Promise((done) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (line.includes('is running')) done()
    })
  })
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })))
  await Promise.race([running, ended])
  return { part, lines, ended, kill: (signal) => child.kill(signal) }
}

const names = []
const feeding = new AbortController()
const feed = async () => {
  while (!feeding.signal.aborted) {
    put()
    await sleep(everyMs)
  }
}

function put() {
  const name = `user-${names.length}-of-${randomUUID().slice(0, 8)}`
  names.push(name)
  simulator.addEntries(CONTRACT, [
    {
      '@uuid': randomUUID(),
      meta: { auditVersion: '0.1', time: new Date(Date.now() - 2_000).toISOString() },
      principal: {
        sourceIP: '203.0.113.42',
        identity: { contractNumber: CONTRACT, username: `${name}@example.com` },
        sourceService: 'DCD',
      },
      event: {
        type: 'RequestAccepted',
        param: {},
        resources: [{ action: ['sec.user.create'], id: name, type: 'user' }],
      },
    },
  ])
  return name
}

const isTold = (name) => slack.messages.some((text) => text.includes(name))

/** How long until an entry that is put now is told, ms. */
async function tellingTime() {
  const name = put()
  const started = performance.now()
  while (!isTold(name) && performance.now() - started < SETTLE_MS_MAX) await sleep(50)
  return performance.now() - started
}

const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`

const parts = ['read', 'read', 'evaluate', 'evaluate', 'notify', 'notify']
let processes = []
for (const part of parts) processes.push(await start(part))
console.log(`${parts.length} processes run; an entry is told in ${seconds(await tellingTime())}`)
const feeder = feed()

for (let round = 1; round <= rounds; round += 1) {
  for (const part of ['read', 'evaluate', 'notify']) {
    // The older one: of the readers it is the one that reads.
    const victim = processes.find((process) => process.part === part)
    await sleep(chance() * 2_000)
    victim.kill('SIGKILL')
    const ms = await tellingTime()
    processes = processes.filter((process) => process !== victim)
    verdict.check(
      ms <= REPLACED_MS_MAX + 1_000,
      `round ${round}: SIGKILL of ${part}: told after ${seconds(ms)}`,
    )
    processes.push(await start(part))
  }
}

// Jobs that an evaluator had begun when it died are taken up by another one.
for (const process of processes.filter(({ part }) => part === 'evaluate')) process.kill('SIGSTOP')
const begun = put()
await sleep(3_000)
const frozen = processes.filter(({ part }) => part === 'evaluate')
processes = processes.filter((process) => !frozen.includes(process))
// Another one is there already when they die: that is what the promise is about.
processes.push(await start('evaluate'), await start('evaluate'))
for (const process of frozen) process.kill('SIGKILL')
const killed = performance.now()
while (!isTold(begun) && performance.now() - killed < SETTLE_MS_MAX) await sleep(50)
verdict.check(
  performance.now() - killed <= REPLACED_MS_MAX + 5_000,
  `jobs of evaluators that died with them: told ${seconds(performance.now() - killed)} after`,
)

let worst = 0
for (const old of [...processes]) {
  processes.push(await start(old.part))
  old.kill('SIGTERM')
  const { code } = await old.ended
  verdict.check(code === 0, `rolling restart: ${old.part} ended with exit code ${code}`)
  processes = processes.filter((process) => process !== old)
  worst = Math.max(worst, await tellingTime())
}
verdict.check(worst <= 10_000, `rolling restart: the slowest entry was told in ${seconds(worst)}`)

feeding.abort()
await feeder
const settling = performance.now()
while (names.some((name) => !isTold(name)) && performance.now() - settling < SETTLE_MS_MAX) {
  await sleep(200)
}
// What would come twice has the time of a stalled job to do so.
await sleep(15_000)
const lost = names.filter((name) => !isTold(name))
verdict.check(
  lost.length === 0,
  `${names.length - lost.length} of ${names.length} alerts were told`,
)
const repeats = names.flatMap((name) =>
  slack.messages.filter((text) => text.includes(name)).slice(1),
)
const unmarked = repeats.filter((text) => !REPEAT_MARK.test(text))
for (const text of unmarked.slice(0, 3)) console.log(`      ${text.slice(0, 400)}`)
verdict.check(
  unmarked.length === 0,
  `${repeats.length} repeats, ${unmarked.length} of them unmarked`,
)
const coverage = JSON.parse(
  await output(['--config', `${data.folder}/tocsin.config.json`, 'coverage', '--json']),
)
const [ledger] = coverage.contracts
verdict.check(
  ledger.entries === names.length && ledger.evaluated === names.length,
  `the ledger: ${ledger.evaluated} of ${ledger.entries} entries evaluated, of ${names.length} put in`,
)
verdict.check(ledger.faults.length === 0, `the ledger: ${ledger.faults.join(', ') || 'no fault'}`)

for (const process of processes) process.kill('SIGTERM')
await Promise.all(processes.map(({ ended }) => ended))
verdict.end()
await simulator.stop()
slack.close()
await redis.stop()
data.remove()

/** What a command prints. */
async function output(args) {
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  await new Promise((done) => child.on('close', done))
  return Buffer.concat(chunks).toString('utf8')
}

// Owns the long fuzz of detection over time: as many cases of each kind as are asked for, in memory and on a
// real Redis, in chunks that a seed brings back. What a case is and who judges it: test/oracle/law.ts.
import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { startRedisServer } from '../redis-server.mjs'
import { bundleWorker } from './bundle.mjs'

const KINDS = ['none', 'threshold', 'firstSeen', 'sequence', 'spike', 'absence', 'travel']
/** Cases between two reports; Redis is emptied after them. */
const CHUNK_CASES = { memory: 2_000, redis: 250 }
/** Seeds of chunks follow each other, and fast-check's are 32 bits. */
const SEED_MAX = 2 ** 30
const REPORT_EVERY_MS = 60_000
const CASES_MAX = 100_000_000

const HELP = `Feeds random rules and events to the pipeline, late, repeated, in any order, with crashes and with people
who resolve alerts, and compares the alerts with those of an oracle.

  --memory N    cases of each kind in memory (default 100000, 0: none)
  --redis N     cases of each kind on a real Redis (default 5000, 0: none)
  --kinds LIST  of: ${KINDS.join(',')} (default: all)
  --seed N      draws the cases of an earlier run again (default: a random one, printed)

Example: npm run fuzz:detection -- --kinds threshold,spike --memory 20000 --redis 0`

const { values } = parseArgs({
  options: {
    memory: { type: 'string', default: '100000' },
    redis: { type: 'string', default: '5000' },
    kinds: { type: 'string', default: KINDS.join(',') },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const wanted = {
  memory: numberOf('memory', values.memory, 0, CASES_MAX),
  redis: numberOf('redis', values.redis, 0, CASES_MAX),
}
const kinds = values.kinds.split(',')
const unknown = kinds.find((kind) => !KINDS.includes(kind))
if (unknown !== undefined)
  refuse(`--kinds: found "${unknown}", expected some of ${KINDS.join(', ')}`)
const seed = values.seed ? numberOf('seed', values.seed, 0, SEED_MAX) : randomInt(SEED_MAX)

const worker = await bundleWorker('test/fuzz/detection-worker.ts')
// Most of what a case makes is garbage at once: a larger young generation collects it in one go.
const child = fork(worker, { execArgv: ['--max-semi-space-size=32'] })
const server = wanted.redis > 0 ? await startRedisServer() : undefined
let done = 0
process.on('SIGINT', () => void stop(130))
process.on('SIGTERM', () => void stop(143))
child.once('exit', (code, signal) => {
  console.error(`the process that judges ended (${signal ?? code}) after ${done} cases`)
  process.exit(1)
})

console.log(`seed ${seed}; kinds: ${kinds.join(', ')}`)
console.log(
  'kind       on      cases    alerting  crashes  resolved  different  seconds  of processor',
)
for (const on of ['memory', 'redis']) {
  for (const kind of wanted[on] > 0 ? kinds : []) await prove(kind, on)
}
console.log('the alerts of every case were those of the oracle')
await stop(0)

/** All cases of one kind; the first that differs ends the run. */
async function prove(kind, on) {
  const total = { cases: 0, alerting: 0, crashes: 0, resolutions: 0, cpuMs: 0 }
  const began = performance.now()
  let reportedAt = began
  for (let chunk = 0; total.cases < wanted[on]; chunk += 1) {
    const cases = Math.min(CHUNK_CASES[on], wanted[on] - total.cases)
    const redisUrl = on === 'redis' ? `unix://${server.socketPath}` : undefined
    const answer = await ask({ kind, cases, seed: seed + chunk, redisUrl })
    if (answer.difference !== undefined) {
      console.error(`\n${kind} in ${on}, --seed ${seed + chunk}: ${answer.difference}`)
      await stop(1)
    }
    for (const name of Object.keys(total)) total[name] += answer[name]
    done += cases
    const now = performance.now()
    if (process.stdout.isTTY || now - reportedAt > REPORT_EVERY_MS) {
      reportedAt = now
      const end = process.stdout.isTTY ? '' : '\n'
      const percent = Math.floor((total.cases / wanted[on]) * 100)
      process.stdout.write(
        `${process.stdout.isTTY ? '\r' : ''}${line(kind, on, total, began)}  ${percent} %${end}`,
      )
    }
  }
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  console.log(line(kind, on, total, began))
}

function line(kind, on, { cases, alerting, crashes, resolutions, cpuMs }, began) {
  const seconds = Math.round((performance.now() - began) / 1_000)
  const columns = [
    [cases, 8],
    [alerting, 10],
    [crashes, 8],
    [resolutions, 9],
    [0, 10],
    [seconds, 8],
  ]
  const numbers = columns.map(([number, width]) => String(number).padStart(width))
  return `${kind.padEnd(10)} ${on.padEnd(6)}${numbers.join(' ')} ${String(Math.round(cpuMs / 1_000)).padStart(13)}`
}

function ask(chunk) {
  return new Promise((answered) => {
    child.once('message', answered)
    child.send(chunk)
  })
}

async function stop(code) {
  child.removeAllListeners('exit')
  child.kill('SIGKILL')
  await server?.stop()
  if (code > 1) console.log(`\nstopped after ${done} cases; the same again with --seed ${seed}`)
  process.exit(code)
}

function numberOf(name, text, min, max) {
  const number = Number(text)
  const isOne = text !== '' && Number.isInteger(number) && number >= min && number <= max
  if (!isOne) refuse(`--${name}: found "${text}", expected a whole number from ${min} to ${max}`)
  return number
}

function refuse(message) {
  console.error(message)
  process.exit(2)
}

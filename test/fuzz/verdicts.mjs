// Owns the long fuzz of verdicts: as many cases as are asked for, in chunks that a seed brings back.
// What a case is and who judges it: test/core/verdict-fuzz.ts.
import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { bundleWorker } from './bundle.mjs'

/** Cases between two reports; a multiple of what one run of fast-check judges. */
const CHUNK_CASES = 60_000
/** Seeds of chunks follow each other, and fast-check's are 32 bits. */
const SEED_MAX = 2 ** 30
const REPORT_EVERY_MS = 30_000
const CASES_MAX = 1_000_000_000

const HELP = `Judges random rules and events with json-rules-engine and with ours, and counts differences.

  --cases N     rule and event pairs to judge (default 1000000)
  --seed N      draws the cases of an earlier run again (default: a random one, printed)
  --from N      leaves out the first N cases: resumes a run that was stopped
  --workers N   processes (default 1, at most ${availableParallelism()} here)

Example: npm run fuzz:verdicts -- --cases 20000000 --workers 2`

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const cases = numberOf('cases', values.cases, 1, CASES_MAX)
const seed = values.seed ? numberOf('seed', values.seed, 0, SEED_MAX) : randomInt(SEED_MAX)
const firstChunk = Math.floor(numberOf('from', values.from, 0, cases) / CHUNK_CASES)
const workers = numberOf('workers', values.workers, 1, availableParallelism())
const chunkCount = Math.ceil(cases / CHUNK_CASES)

const total = { cases: 0, held: 0, rules: 0, undecided: 0 }
const met = { operators: new Set(), decorators: new Set(), comparisons: new Set() }
const underWay = new Set()
const startedAt = performance.now()
let reportedAt = startedAt
let nextChunk = firstChunk
/** What went wrong; more than one only if two processes find one at once. */
const differences = []

const worker = await bundleWorker('test/fuzz/verdicts-worker.ts')
process.on('SIGINT', () => stop(130))
process.on('SIGTERM', () => stop(143))

console.log(`seed ${seed}, ${cases.toLocaleString('en')} cases, ${workers} process(es)`)
const children = Array.from({ length: Math.min(workers, chunkCount - firstChunk) }, () =>
  fork(worker, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
)
await Promise.all(children.map(work))
console.log(['', ...differences, '', summary(`${differences.length} differences`)].join('\n'))
process.exitCode = differences.length === 0 ? 0 : 1

/** Sends chunks to one process until none is left or a difference is found. */
function work(child) {
  return new Promise((done) => {
    let chunk
    const next = () => {
      if (nextChunk >= chunkCount || differences.length > 0) return child.disconnect()
      chunk = nextChunk
      nextChunk += 1
      underWay.add(chunk)
      child.send({ seed: seed + chunk, cases: CHUNK_CASES })
    }
    child.on('message', (answer) => {
      underWay.delete(chunk)
      if (answer.difference !== undefined) {
        differences.push(`chunk ${chunk}, --seed ${seed + chunk}: ${answer.difference}`)
      } else add(answer)
      next()
    })
    child.on('exit', (code, signal) => {
      if (code !== 0) differences.push(`a process ended (${signal ?? code}) in chunk ${chunk}`)
      done()
    })
    next()
  })
}

function add(answer) {
  for (const key of Object.keys(total)) total[key] += answer[key]
  for (const [key, names] of Object.entries(met)) for (const name of answer[key]) names.add(name)
  report()
}

/** One line that is written over on a terminal; elsewhere a line now and then. */
function report() {
  const now = performance.now()
  if (!process.stdout.isTTY && now - reportedAt < REPORT_EVERY_MS) return
  reportedAt = now
  const percent = (((firstChunk * CHUNK_CASES + total.cases) / cases) * 100).toFixed(1)
  const line = `${percent} % · ${summary('0 differences so far')}`
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line.slice(0, 110)}`)
  else console.log(`${new Date().toISOString()} ${line}`)
}

function summary(differences) {
  const seconds = (performance.now() - startedAt) / 1_000
  const share = (part, whole) => `${((part / Math.max(1, whole)) * 100).toFixed(1)} %`
  return [
    `seed ${seed}`,
    `${total.cases.toLocaleString('en')} cases`,
    differences,
    `${share(total.held, total.cases)} of the verdicts true`,
    `${total.rules.toLocaleString('en')} rules`,
    `${share(total.undecided, total.rules)} of them both true and false`,
    `${met.operators.size} operators, ${met.decorators.size} decorators, ${met.comparisons.size} combinations`,
    `${Math.round(total.cases / seconds).toLocaleString('en')} cases/s`,
  ].join(' · ')
}

function stop(code) {
  for (const child of children) child.kill('SIGKILL')
  const from = Math.min(nextChunk, ...underWay) * CHUNK_CASES
  console.log(`\nstopped: ${summary('0 differences so far')}`)
  console.log(`resume with --cases ${cases} --seed ${seed} --from ${from}`)
  process.exit(code)
}

function numberOf(name, text, min, max) {
  const number = Number(text)
  if (Number.isInteger(number) && number >= min && number <= max) return number
  console.error(`--${name}: found "${text}", expected a whole number from ${min} to ${max}`)
  process.exit(2)
}

// Owns a chaos run: a schedule of faults from a seed against the real processes of the service, in
// simulated time, and at the end what must hold.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectRedis } from '../../dist/state/connection.js'
import { createKeys } from '../../dist/state/keys.js'
import { openRedisStores } from '../../dist/state/redis.js'
import { createVerdict, REPEAT_MARK, sleep } from './harness.mjs'
import { readOptions } from './options.mjs'
import {
  deliveryRecords,
  difference,
  foundAlerts,
  strayKeys,
  underWay,
  wantedAlerts,
} from './outcome.mjs'
import { planFaults } from './schedule.mjs'
import { strike } from './strike.mjs'
import { openWorld, PROCESSES, SETTLE_MS } from './world.mjs'

const values = readOptions({
  command: 'chaos',
  about:
    'Plays a schedule of faults against the real processes in simulated time; at the end all must hold.',
  options: {
    seed: { default: 1, about: 'another seed is another schedule and another log' },
    minutes: { default: 3, about: 'how long faults strike' },
    speed: { default: 15, about: 'simulated seconds in a second' },
    evidence: { about: 'a folder for what was recorded, told and logged, to look into a failure' },
    verbose: { default: false, about: 'print the schedule, and what is waited for' },
  },
})
const { seed, speed } = values
const runMs = values.minutes * 60_000
/** Retries wait for minutes; a machine under load takes its time. */
const STILL_MS_MAX = 180_000
/** What is right must stay so. */
const STAY_MS = 5_000
/** The longest window of test/fixtures/detection, before it is stretched. */
const WITHIN_MS_MAX = 12_000
const MARK_AGE_MS_MAX = 5 * 60_000
/** In use after a collection: caches of fixed size and compiled code, but nothing that grows with the log. */
const GROWTH_MB_MAX = 32
/** What a receiver may have under way when something strikes. */
const IN_FLIGHT = { slack: 1, mail: 1, hook: 4, archive: 4 }

const world = await openWorld({ seed, speed, runMs })
const verdict = createVerdict()
const links = Object.keys(world.links)
const faults = planFaults({ seed, runMs, links, processes: Object.keys(PROCESSES) })
let began = Date.now()
const processes = new Map()
/** Every process there was, with the lines it logged. */
const lives = []
const evidence = {}
const problems = new Map()
const said = (text) =>
  values.verbose && console.log(`${String(Date.now() - began).padStart(6)} ${text}`)

for (const name of Object.keys(PROCESSES)) start(name)
/** By part. */
const memoryAtStart = new Map()
for (const [name, process] of processes) {
  await Promise.race([process.running, process.ended])
  memoryAtStart.set(PROCESSES[name], await process.memoryMb())
}
began = Date.now()
await Promise.all(
  faults.map(async (fault) => {
    await sleep(Math.max(0, fault.atMs - (Date.now() - began)))
    said(`${fault.kind} ${fault.target} ${fault.how ?? ''} ${fault.forMs} ms`)
    await strike(fault, { world, processes, restart: start })
  }),
)
await sleep(Math.max(0, runMs - (Date.now() - began)))
world.simulator.setFaults({})
const redis = connectRedis(world.redisUrl, 'state')
const stores = openRedisStores(redis, createKeys('tocsin'))
const contracts = world.simulator.scenario.contracts.map(({ number }) => number)
const receivers = ['slack', 'mail', 'hook', 'archive']
const { alerts: wanted, events } = await wantedAlerts(world)
const held = contracts.flatMap((one) =>
  world.simulator.entriesHeld(one, { from: 0, to: world.endsAt }),
)
await untilDone()
await judge()
for (const [text, count] of problems) said(`logged ${count} times: ${text}`)
await stop()
if (values.evidence !== undefined) keepEvidence(values.evidence)
verdict.end()
console.log(
  `seed ${seed}: ${process.exitCode === 0 ? 'all held' : 'FAILED'} (${faults.length} faults, ` +
    `${held.length} entries, ${wanted.length} alerts, ${Math.round((Date.now() - began) / 1_000)} s)`,
)

function start(name) {
  const process = world.start(name)
  processes.set(name, process)
  lives.push(process)
  void process.ended.then(({ code, signal }) => {
    for (const line of process.lines) {
      const { level, msg } = parse(line)
      if (level === 'warn' || level === 'error') problems.set(msg, (problems.get(msg) ?? 0) + 1)
    }
    const isOurs = process.isStopping || processes.get(name) !== process
    if (!isOurs) verdict.check(false, `${name} ended by itself: ${code ?? signal}`)
  })
}

/**
 * Waits until the marks are far enough, nothing is under way and the alerts are right; gives up when
 * nothing of that has come nearer for so long.
 */
async function untilDone() {
  const markMin = world.endsAt + WITHIN_MS_MAX * speed + SETTLE_MS
  let least = Infinity
  for (let since = Date.now(); Date.now() - since < STILL_MS_MAX; ) {
    await sleep(2_000)
    const left = await leftToDo(markMin)
    said(left.text)
    if (left.count === 0) break
    if (left.count < least) since = Date.now()
    least = Math.min(least, left.count)
  }
  await sleep(STAY_MS)
}

/** How much is left, as a number that only falls, and in words. */
async function leftToDo(markMin) {
  const marks = await Promise.all(contracts.map((one) => stores.marks.evaluated(one)))
  const behindMs = Math.max(0, markMin - Math.min(...marks.map((mark = 0) => mark)))
  const waiting = await underWay(redis, contracts, receivers)
  if (behindMs > 0 || waiting > 0) {
    const text = `the marks are ${Math.round(behindMs / 1_000)} s behind, ${waiting} on their way`
    return { count: behindMs * 1_000 + waiting + 1_000, text }
  }
  const { missing, extra } = difference(wanted, await foundAlerts(world))
  const text = `${missing.length} alerts missing, ${extra.length} too many`
  return { count: missing.length + extra.length, text }
}

async function judge() {
  const check = (holds, sentence) => verdict.check(holds, sentence)
  check(events === held.length, `the fetched log has all ${held.length} entries`)
  const marks = await Promise.all(contracts.map((one) => stores.marks.evaluated(one)))
  const ages = marks.map((mark = 0) => world.clock.now() - mark)
  const seconds = ages.map((age) => Math.round(age / 1_000)).join(' and ')
  check(Math.max(...ages) <= MARK_AGE_MS_MAX, `the marks are ${seconds} s old (simulated)`)
  await judgeLedger()
  const found = await foundAlerts(world)
  const { missing, extra } = difference(wanted, found)
  for (const line of missing.slice(0, 10)) console.log(`      only in the backtest: ${line}`)
  for (const line of extra.slice(0, 10)) console.log(`      only in the service:  ${line}`)
  check(
    missing.length + extra.length === 0,
    `${wanted.length} alerts of a backtest: ${missing.length} missing, ${extra.length} too many`,
  )
  await judgeDeliveries()
  const { total, strays } = await strayKeys(redis)
  check(strays.length === 0, `${total} keys, no stray${strays.map((text) => `; ${text}`).join('')}`)
  for (const process of processes.values()) {
    const after = (await process.memoryMb()) ?? Infinity
    const before = memoryAtStart.get(PROCESSES[process.name])
    check(
      after - before <= GROWTH_MB_MAX,
      `${process.name}: ${Math.round(after)} MB in use, ${Math.round(before)} at the start`,
    )
  }
}

async function judgeLedger() {
  const iso = (ms) => new Date(ms).toISOString()
  const span = ['--from', iso(world.simulatedMs), '--to', iso(world.endsAt)]
  const told = await world.tocsin(['coverage', ...span, '--json']).catch((error) => error.stdout)
  const ledger = JSON.parse(told)
  const sum = (name) => ledger.contracts.reduce((total, one) => total + one[name], 0)
  const faultsFound = ledger.contracts.flatMap((one) => one.faults)
  verdict.check(
    sum('entries') === held.length && sum('evaluated') === held.length,
    `the ledger: ${sum('evaluated')} of ${sum('entries')} entries evaluated, of ${held.length}`,
  )
  verdict.check(faultsFound.length === 0, `the ledger: ${faultsFound.join(', ') || 'no fault'}`)
}

async function judgeDeliveries() {
  const records = await deliveryRecords(redis)
  const open = records.filter(({ state }) => state !== 'delivered' && state !== 'gathered')
  verdict.check(open.length === 0, `${records.length} notifications: ${open.length} not delivered`)
  const left = await underWay(redis, contracts, receivers)
  verdict.check(left === 0, `${left} on their way`)
  const messages = {
    slack: world.slack.bodies(),
    mail: world.mail.mails.map(({ text }) => text),
    hook: world.hook.bodies(),
    archive: world.archive.lines(),
  }
  Object.assign(evidence, { records, messages, hook: world.hook.requests })
  for (const [name, texts] of Object.entries(messages)) {
    const told = records.filter(({ receiver, state }) => receiver === name && state === 'delivered')
    const repeats = texts.length - told.length
    const causes = causesFor(name)
    verdict.check(
      repeats >= 0 && repeats <= causes,
      `${name}: ${told.length} told, ${repeats} repeats, at most ${causes}`,
    )
    if (name === 'hook' || name === 'archive') judgeEach(name, told)
    if (name !== 'slack' && name !== 'mail') continue
    const marked = texts.filter((text) => REPEAT_MARK.test(text)).length
    verdict.check(repeats <= marked, `${name}: no repeat that does not say so (${marked} do)`)
  }
}

/** Programs are told the id of each notification: none of those that were told may be missing. */
function judgeEach(name, told) {
  const hash = (id) => createHash('sha256').update(id).digest('hex').slice(0, 40)
  const isHook = name === 'hook'
  const came = isHook
    ? world.hook.ids()
    : world.archive.lines().map((line) => JSON.parse(line).metadata.uid)
  const known = new Set(came)
  const lost = told.filter(({ id }) => !known.has(isHook ? `msg_${hash(id)}` : id))
  for (const record of lost) console.log(`      never came: ${JSON.stringify(record)}`)
  verdict.check(lost.length === 0, `${name}: ${lost.length} told that never came`)
}

/** How many repeats the faults that struck may have caused. */
function causesFor(receiver) {
  const strikes = faults.filter(({ kind, target }) => {
    if (kind === 'link') return target === receiver || target === 'redis-notify'
    if (kind === 'kill' || kind === 'freeze') return target === 'notify'
    return kind === 'kill-redis' || kind === 'freeze-redis'
  })
  return strikes.length * IN_FLIGHT[receiver]
}

function keepEvidence(folder) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'deliveries.json'), JSON.stringify(evidence, null, 1))
  for (const [at, { name, lines }] of lives.entries()) {
    writeFileSync(join(folder, `${String(at).padStart(2, '0')}-${name}.log`), lines.join('\n'))
  }
}

async function stop() {
  for (const process of processes.values()) {
    process.isStopping = true
    process.kill('SIGTERM')
  }
  await Promise.all([...processes.values()].map(({ ended }) => ended))
  redis.disconnect()
  await world.close()
}

function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

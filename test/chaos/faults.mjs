// Owns the proof that no fault of the API loses an entry: all of the simulator's faults at once,
// then a comparison of what was evaluated with what the simulator holds before the read mark.
import { systemClock } from '../../dist/clock.js'
import { entryId } from '../../dist/core/entry-id.js'
import { silentLog } from '../../dist/observe/log.js'
import { parseFaults } from '../../dist/simulator/faults.js'
import { parseScenario } from '../../dist/simulator/scenario-file.js'
import { createSimulator } from '../../dist/simulator/simulator.js'
import { connectRedis } from '../../dist/state/connection.js'
import { createKeys } from '../../dist/state/keys.js'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createVerdict, openDataFolder, openSlack, ROOT, sleep, startService } from './harness.mjs'
import { readOptions } from './options.mjs'

/** Every fault, the rare ones often enough that two minutes of polling meet them all. */
const FAULTS =
  'all,late=0.2:60s,duplicates=0.1,damaged=0.02,moving-total=0.1,401=0.05,403=0.03,429=0.05:2s,' +
  '500=0.05,502=0.05,slow=0.1:3s,cut=0.05,reset=0.05'

const values = readOptions({
  command: 'chaos:faults',
  about:
    'Proves that no fault of the API loses an entry: all of them at once, then every entry is looked for.',
  options: {
    seed: { default: 1, about: 'draws the same faults again' },
    seconds: { default: 120, about: 'how long the company is at work' },
    faults: { default: FAULTS, about: 'which, as the simulator takes them' },
    'entries-per-minute': { default: 30, about: 'how much happens' },
  },
})
const MARK_AGE_MS_MAX = 60_000
/** Longer than any entry is late, and long enough for the reads that find it. */
const SETTLE_MS = 100_000
const HORIZON_MS = 3_600_000

const file = join(ROOT, 'scenarios/company.json')
const { scenario } = parseScenario(readFileSync(file, 'utf8'), file)
const { faults, problems } = parseFaults(values.faults)
if (faults === undefined) throw new Error(problems.join('; '))
const simulator = await createSimulator({
  scenario,
  seed: String(values.seed),
  clock: systemClock,
  log: silentLog,
  faults,
  entriesPerMinute: Number(values['entries-per-minute']),
})
const apiUrl = await simulator.start()
const slack = await openSlack()
const data = openDataFolder()
const verdict = createVerdict()
const evaluated = new Map()

/** The company's month of history says nothing here, and reading it takes most of the time. */
const config = join(data.folder, 'tocsin.config.json')
writeFileSync(config, JSON.stringify({ ionos: { backfill: 'off' } }))

const startedAt = Date.now()
const service = startService({
  env: {
    IONOS_API_URL: apiUrl,
    IONOS_TOKEN: simulator.token,
    SLACK_WEBHOOK_URL: slack.url,
    SLACK_PACE: '0',
    TOCSIN_CONFIG: config,
    TOCSIN_DATA_DIR: data.folder,
    LOG_LEVEL: 'debug',
  },
  onLine(line) {
    const record = parse(line)
    if (record.msg === 'evaluated') {
      const ids = evaluated.get(record.contract) ?? new Set()
      for (const id of record.ids) ids.add(id)
      evaluated.set(record.contract, ids)
    } else if (record.level === 'warn' || record.level === 'error') {
      console.log(`  ${record.level} ${record.msg}`.slice(0, 160))
    }
  },
})
await sleep(values.seconds * 1_000)

const redis = connectRedis(`unix://${socketIn(data.folder)}`, 'state')
const keys = createKeys('tocsin')
const marks = new Map()
for (const { number } of scenario.contracts) {
  const mark = Number(await redis.get(keys.mark(number)))
  marks.set(number, mark)
  const age = Math.round((Date.now() - mark) / 1_000)
  verdict.check(
    Date.now() - mark <= MARK_AGE_MS_MAX,
    `contract ${number}: the mark is ${age} s old`,
  )
}
console.log(`  faults met: ${JSON.stringify(simulator.counts())}`)
simulator.setFaults({})
console.log('  faults are off; late entries may still show up')
await sleep(SETTLE_MS)

for (const { number } of scenario.contracts) {
  const from = startedAt - HORIZON_MS
  const held = simulator.entriesHeld(number, { from: from + 60_000, to: marks.get(number) })
  const ids = held.map((entry) => entryId(entry, number))
  const known = evaluated.get(number) ?? new Set()
  const lost = ids.filter((id) => !known.has(id))
  const told = `${ids.length - lost.length} of ${ids.length} entries before the mark were evaluated`
  verdict.check(lost.length === 0 && ids.length > 0, `contract ${number}: ${told}`)
  const all = new Set(
    simulator
      .entriesHeld(number, { from: 0, to: Date.now() })
      .map((entry) => entryId(entry, number)),
  )
  const invented = [...known].filter((id) => !all.has(id))
  console.log(`  contract ${number}: ${invented.length} evaluated ids are of damaged hits`)
}
service.kill('SIGTERM')
await service.ended
redis.disconnect()
verdict.end()
await simulator.stop()
slack.close()
data.remove()

function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

function socketIn(folder) {
  const found = readdirSync(folder, { recursive: true }).find((name) => name.endsWith('.sock'))
  if (found === undefined) throw new Error(`no socket in ${folder}`)
  return join(folder, found)
}

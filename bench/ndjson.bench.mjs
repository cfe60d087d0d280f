// Owns the speed of `match` on NDJSON with 1,000 rules, parsing included, beside JSON.parse alone in
// the same run: one thread by stages, then the command with all of them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCalendar } from '../dist/core/calendar.js'
import { normalizeEntry } from '../dist/core/normalize.js'
import { BLOCK_BYTES } from '../dist/input/blocks.js'
import { createMatchJudge } from '../dist/replay/judge.js'
import { loadRuleSet } from '../dist/ruleset.js'
import { generateLines, writeEntries } from './entries-generator.mjs'
import { measureCommand } from './measured-command.mjs'
import { generateRules, LISTS } from './rules-generator.mjs'

const RULES = Number(process.env.BENCH_RULES ?? 1_000)
const LINES = 20_000
const FILE_LINES = Number(process.env.BENCH_LINES ?? 300_000)
const RUNS = 5
/** What JSON.parse alone does on the machine that the goals were written on. */
const PARSE_REFERENCE = 365_000
const GOAL = 150_000

const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const rulesFolder = join(folder, 'rules')
writeRules(rulesFolder)
const { ruleSet } = await loadRuleSet({ folders: [rulesFolder], schedules: new Map() })
const lines = [...generateLines(LINES)]
const bytes = lines.reduce((sum, line) => sum + line.length, 0)
const blocks = cutBlocks()
const reading = { timezone: 'Europe/Berlin', contract: undefined, readTimeMs: 0 }
const context = { ...reading, calendar: createCalendar(reading.timezone) }
const judge = createMatchJudge(ruleSet, reading)

const stages = {
  'JSON.parse alone': () => {
    for (const line of lines) JSON.parse(line)
  },
  '+ normalise (with ids)': () => {
    for (const line of lines) normalizeEntry(JSON.parse(line), context)
  },
  'match, one thread': () => {
    for (const block of blocks) judge.judge({ bytes: block, firstLine: 1, isTooLong: false })
  },
}
// Taken in turns, so that a busy moment of the machine falls on all of them.
const rates = Object.fromEntries(Object.keys(stages).map((name) => [name, []]))
for (let run = 0; run <= RUNS; run += 1) {
  for (const [name, work] of Object.entries(stages)) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    if (run > 0) rates[name].push((LINES / (user + system)) * 1_000_000)
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const parse = median(rates['JSON.parse alone'])
console.log(
  `${RULES} rules, ${Math.round(bytes / LINES)} bytes a line, load ${loadavg()[0].toFixed(1)}`,
)
console.table(
  Object.entries(rates).map(([stage, values]) => ({
    stage,
    'lines/s of processor time': Math.round(median(values)),
    'share of JSON.parse': Number((median(values) / parse).toFixed(2)),
    'at 365,000 parses/s': Math.round((median(values) / parse) * PARSE_REFERENCE),
  })),
)
console.log(
  `goal: ${GOAL.toLocaleString('en')} lines/s a core, where JSON.parse alone does 365,000\n`,
)

const file = join(folder, 'entries.ndjson')
await writeEntries(file, FILE_LINES)
const { seconds, cpuSeconds, megabytes } = await measureCommand([
  'match',
  '--rules',
  rulesFolder,
  file,
])
const rate = Math.round(FILE_LINES / seconds).toLocaleString('en')
console.log(
  `tocsin match, ${FILE_LINES.toLocaleString('en')} lines on ${cpus().length} cores: ${seconds.toFixed(1)} s ` +
    `(${rate} lines/s), ${cpuSeconds.toFixed(1)} s of processor time, start-up included; ${Math.round(megabytes)} MB ` +
    `(goal: < 300); load ${loadavg()[0].toFixed(1)}`,
)
rmSync(folder, { recursive: true })

/** As large as the command's. */
function cutBlocks() {
  const each = Math.floor((BLOCK_BYTES / bytes) * LINES)
  return Array.from({ length: Math.ceil(LINES / each) }, (_, at) => {
    return new Uint8Array(Buffer.from(lines.slice(at * each, (at + 1) * each).join('')))
  })
}

function writeRules(target) {
  mkdirSync(join(target, '_lists'), { recursive: true })
  const write = (path, value) => writeFileSync(join(target, path), JSON.stringify(value))
  for (const [name, list] of Object.entries(LISTS)) write(`_lists/${name}.json`, list)
  for (const { id, conditions } of generateRules(RULES)) {
    write(`${id}.json`, { id, title: id, severity: 'low', conditions })
  }
}

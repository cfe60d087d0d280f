// Owns the speed and memory of `backtest`: a million entries with the shipped rules, all cores. Of a company, as people
// have them, and drawn at random, which is the worst: nothing in them is usual, and nearly everything raises an alert.
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeCompanyLog } from './company-log.mjs'
import { writeEntries } from './entries-generator.mjs'
import { measureCommand } from './measured-command.mjs'

/** 0.5 and 1.3 GB in the temporary folder; BENCH_ENTRIES takes fewer. */
const ENTRIES = Number(process.env.BENCH_ENTRIES ?? 1_000_000)
const PARSE_LINES = 20_000
const PARSE_RUNS = 5
/** What JSON.parse alone does on the machine that the goals were written on, with lines of 1.2 KB. */
const PARSE_REFERENCE = 365_000
const PARSE_BYTES = 1_267

const rules = resolve(import.meta.dirname, '../rules')
const count = (value) => Math.round(value).toLocaleString('en')
const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const file = join(folder, 'entries.ndjson')
try {
  const days = await writeCompanyLog(file, ENTRIES)
  await measure(`a company of 20 people, ${days} days`)
  await writeEntries(file, ENTRIES)
  await measure('drawn at random, in no order of time')
} finally {
  rmSync(folder, { recursive: true })
}

async function measure(log) {
  const before = measureParse()
  const out = join(folder, 'result.json')
  const args = ['backtest', '--rules', rules, '--input', file, '--json']
  const stdout = openSync(out, 'w')
  const { seconds, cpuSeconds, megabytes } = await measureCommand(args, { stdout })
  const parse = (before + measureParse()) / 2
  const { events, alerts } = JSON.parse(readFileSync(out, 'utf8'))
  const share = parse / PARSE_REFERENCE
  console.log(
    `${log}: ${count(ENTRIES)} entries, ${count(events)} events, ${count(alerts.length)} alerts on ` +
      `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}`,
  )
  console.log(
    `  ${seconds.toFixed(1)} s (goal: < 10 for 1,000,000), ${Math.round(megabytes)} MB (goal: < 300)`,
  )
  console.log(
    `  ${cpuSeconds.toFixed(1)} s of processor time, while JSON.parse alone did ${count(parse)} lines/s of ` +
      `${count(PARSE_BYTES)} bytes: at ${count(PARSE_REFERENCE)} that is ${(cpuSeconds * share).toFixed(1)} s, on two cores half of it`,
  )
}

/** Lines of PARSE_BYTES per second of processor time. */
function measureParse() {
  const buffer = Buffer.alloc(PARSE_LINES * PARSE_BYTES)
  const source = openSync(file)
  const text = buffer.toString('utf8', 0, readSync(source, buffer))
  closeSync(source)
  const lines = text.split('\n').slice(0, -1)
  const rates = Array.from({ length: PARSE_RUNS }, () => {
    const start = process.cpuUsage()
    for (const line of lines) JSON.parse(line)
    const { user, system } = process.cpuUsage(start)
    return (text.length / PARSE_BYTES / (user + system)) * 1_000_000
  })
  return rates.toSorted((a, b) => a - b)[Math.floor(PARSE_RUNS / 2)]
}

// Owns the speed and memory of `backtest`: a million entries with the shipped rules, all cores.
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { generateLines, writeEntries } from './entries-generator.mjs'
import { measureCommand } from './measured-command.mjs'

/** 1.3 GB in the temporary folder; BENCH_ENTRIES takes fewer. */
const ENTRIES = Number(process.env.BENCH_ENTRIES ?? 1_000_000)
const PARSE_LINES = 20_000
const PARSE_RUNS = 5
/** What JSON.parse alone does on the machine that the goals were written on. */
const PARSE_REFERENCE = 365_000

const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const file = join(folder, 'entries.ndjson')
await writeEntries(file, ENTRIES)
const before = measureParse()
const out = join(folder, 'result.json')
const rules = resolve(import.meta.dirname, '../rules')
const args = ['backtest', '--rules', rules, '--input', file, '--json']
const { seconds, cpuSeconds, megabytes } = await measureCommand(args, {
  stdout: openSync(out, 'w'),
})
const parse = (before + measureParse()) / 2
const { events, alerts } = JSON.parse(readFileSync(out, 'utf8'))
const count = (value) => Math.round(value).toLocaleString('en')
console.log(
  `${count(ENTRIES)} entries, ${count(events)} events, ${count(alerts.length)} alerts on ` +
    `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}`,
)
console.log(
  `${seconds.toFixed(1)} s (goal: < 10 for 1,000,000), ${Math.round(megabytes)} MB (goal: < 300)`,
)
console.log(
  `${cpuSeconds.toFixed(1)} s of processor time, while JSON.parse alone did ${count(parse)} lines/s of it: ` +
    `at ${count(PARSE_REFERENCE)} that is ${((cpuSeconds * parse) / PARSE_REFERENCE).toFixed(1)} s, on two cores half of it`,
)
rmSync(folder, { recursive: true })

/** Lines per second of processor time. */
function measureParse() {
  const lines = [...generateLines(PARSE_LINES)]
  const rates = Array.from({ length: PARSE_RUNS }, () => {
    const start = process.cpuUsage()
    for (const line of lines) JSON.parse(line)
    const { user, system } = process.cpuUsage(start)
    return (PARSE_LINES / (user + system)) * 1_000_000
  })
  return rates.toSorted((a, b) => a - b)[Math.floor(PARSE_RUNS / 2)]
}

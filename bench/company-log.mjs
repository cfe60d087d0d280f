// Owns a log for benchmarks as a company writes it: the people, offices and jobs of the scenario that the rule pack is
// judged by, day after day until there are enough entries. Nothing is measured here.
import { createWriteStream, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { BUCKET_MS, createGenerator } from '../dist/simulator/generator.js'
import { parseScenario } from '../dist/simulator/scenario-file.js'

const SCENARIO = new URL('../scenarios/ordinary-month.json', import.meta.url)
const START_MS = Date.parse('2026-01-05T00:00:00+01:00')
/** A company that never writes enough is an error of the scenario. */
const DAYS_MAX = 2_000
const TEXT_LENGTH = 1_048_576

/** Writes `count` entries as NDJSON in the order of time; returns how many days they are of. */
export async function writeCompanyLog(path, count) {
  const out = createWriteStream(path)
  let text = ''
  let days = 0
  for (const { line, day } of linesOf(count)) {
    text += line
    days = day
    if (text.length < TEXT_LENGTH) continue
    if (!out.write(text)) await once(out, 'drain')
    text = ''
  }
  out.end(text)
  await once(out, 'close')
  return days
}

function* linesOf(count) {
  const { scenario } = parseScenario(readFileSync(SCENARIO, 'utf8'))
  const generator = createGenerator({ scenario, seed: 1, startTimeMs: START_MS, speed: 1 })
  const [contract] = scenario.contracts
  const first = Math.floor(START_MS / BUCKET_MS)
  const end = first + (DAYS_MAX * 86_400_000) / BUCKET_MS
  let left = count
  for (let bucket = first; bucket < end; bucket += 1) {
    const day = Math.ceil(((bucket - first) * BUCKET_MS) / 86_400_000)
    for (const { source } of generator.entriesOf(contract, bucket)) {
      if (left === 0) return
      left -= 1
      yield { line: `${JSON.stringify(source)}\n`, day }
    }
  }
  throw new Error(`fewer than ${count} entries in ${DAYS_MAX} days`)
}

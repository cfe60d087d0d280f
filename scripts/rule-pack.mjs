// Owns the measurement of the rule pack: simulated months of an ordinary company, with and without
// stories of attack, and the page docs/rule-pack.md. How a month is judged: rule-pack-judge.mjs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { isBuilt } from './build.mjs'
import { openJudge } from './rule-pack-judge.mjs'
import { describeMonth, listRules, writePage } from './rule-pack-page.mjs'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(PROJECT, 'docs', 'rule-pack.md')
const RESULTS = join(PROJECT, 'docs', 'rule-pack.json')

const HELP = `Measures the rule pack with simulated months of scenarios/ordinary-month.json.

  --seeds 1,2,3      seeds of the months (default 1,2,3,4,5)
  --rules DIR        another folder of rules (default rules)
  --as tuned|fresh   keep the results in docs/rule-pack.json under that name
  --page             write docs/rule-pack.md from the results that are kept and from the rules
  --check            exit 1 when docs/rule-pack.md is not what --page would write

Examples:
  npm run rule-pack -- --seeds 1
  npm run rule-pack -- --as tuned --page`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3,4,5' },
    rules: { type: 'string', default: join(PROJECT, 'rules') },
    as: { type: 'string' },
    page: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(HELP)
} else if (!isBuilt()) {
  console.error('dist/ is not up to date: run npm run build')
  process.exitCode = 1
} else if (values.check) {
  const wanted = await pageOf()
  if (readFileSync(PAGE, 'utf8') !== wanted) {
    console.error('docs/rule-pack.md is not up to date: run npm run rule-pack -- --page')
    process.exitCode = 1
  }
} else {
  const measures = values.as !== undefined || !values.page
  if (measures) await measure()
  if (values.page) writeFileSync(PAGE, await pageOf())
}

async function measure() {
  const judge = await openJudge({ rules: values.rules })
  for (const seed of values.seeds.split(',')) {
    const startMicros = process.cpuUsage().user
    const month = judge.month(seed)
    console.log(describeMonth(month, (process.cpuUsage().user - startMicros) / 1e6))
    if (values.as !== undefined) keep(values.as, month)
  }
}

/** At once, in the place of what the same seed gave before: a month takes minutes. */
function keep(name, month) {
  const kept = readResults()
  const others = (kept[name] ?? []).filter(({ seed }) => seed !== month.seed)
  kept[name] = [...others, month].sort((a, b) => Number(a.seed) - Number(b.seed))
  writeFileSync(RESULTS, `${JSON.stringify(kept, null, 1)}\n`)
}

function readResults() {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}

async function pageOf() {
  return writePage({ rules: await listRules(values.rules), results: readResults() })
}

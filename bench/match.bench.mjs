// Owns the measurement of matching: the compiled matcher beside json-rules-engine, in one run, on
// the same generated rules and events. Parsing is not measured. Rates are per second of processor
// time, all threads together, so that a busy machine changes them little.
import { loadavg } from 'node:os'
import { Engine } from 'json-rules-engine'
import { parseCondition } from '../dist/core/condition.js'
import { OWN_OPERATORS } from '../dist/core/operators/registry.js'
import { parseList } from '../dist/core/list.js'
import { createMatcher } from '../dist/core/match.js'
import { compilePath, parsePath } from '../dist/core/path.js'
import { generateLines } from './entries-generator.mjs'
import { generateEvents, generateRules, LISTS } from './rules-generator.mjs'

const SIZES = (process.env.BENCH_RULES ?? '100,1000,5000').split(',').map(Number)
const EVENTS = 10_000
const LINES = 5_000
/** What JSON.parse alone does on the machine that the goals were written on, lines/s. */
const PARSE_REFERENCE = 365_000
const RUNS = 7
/** Shortest time measured: below, the timer and a single garbage collection show. */
const RUN_MS_MIN = 400
/** The other side is so much slower that it gets few events. */
const ENGINE_RUNS = 3
const ENGINE_EVALUATIONS = 30_000

const events = generateEvents(EVENTS)
const lines = [...generateLines(LINES)]
const fail = (problem) => {
  if (problem.level === 'error') throw new Error(`${problem.pointer}: ${problem.message}`)
}
const lists = new Map(
  Object.entries(LISTS).map(([name, value]) => [name, parseList(name, value, fail)]),
)
const context = { lists, schedules: new Map(), shared: new Map(), sharedNames: new Set() }

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** Milliseconds of processor time that this process has used. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/**
 * Events per second: the median of some runs, each of them long enough, after a warm-up. Beside it,
 * in turns, JSON.parse of log lines: what it loses to a busy machine, matching loses, too.
 */
function measureMatcher(matcher) {
  const rates = []
  const parseRates = []
  for (let run = 0; run <= RUNS; run += 1) {
    const rate = rateOf(events, RUN_MS_MIN, (event) => matcher.match(event))
    const parseRate = rateOf(lines, RUN_MS_MIN / 2, (line) => JSON.parse(line))
    if (run === 0) continue
    rates.push(rate)
    parseRates.push(parseRate)
  }
  return { rate: median(rates), parseRate: median(parseRates) }
}

function rateOf(inputs, msMin, work) {
  const start = cpuMs()
  let done = 0
  let elapsed = 0
  while (elapsed < msMin) {
    for (const input of inputs) work(input)
    done += inputs.length
    elapsed = cpuMs() - start
  }
  return (done / elapsed) * 1_000
}

function createEngine(rules) {
  const pathResolver = (value, text) => compilePath(parsePath(text))(value)
  const engine = new Engine([], { allowUndefinedFacts: true, pathResolver })
  for (const operator of OWN_OPERATORS) {
    engine.addOperator(operator.name, (fact, value) => operator.evaluate(fact, value, context))
  }
  engine.addOperatorDecorator('lower', (fact, value, next) => next(fact?.toLowerCase?.(), value))
  for (const { id, conditions } of rules) {
    engine.addRule({ conditions: structuredClone(conditions), event: { type: id } })
  }
  return engine
}

async function measureEngine(engine, rules) {
  const count = Math.max(3, Math.round(ENGINE_EVALUATIONS / rules.length))
  const rates = []
  for (let run = 0; run < ENGINE_RUNS; run += 1) {
    const start = cpuMs()
    for (const event of events.slice(0, count)) await engine.run(event)
    rates.push((count / (cpuMs() - start)) * 1_000)
  }
  return median(rates)
}

/** The two must agree, or a number says nothing. Returns the matches per event. */
async function compare(matcher, engine, rules) {
  const sample = events.slice(0, Math.max(3, Math.round(ENGINE_EVALUATIONS / rules.length / 3)))
  for (const event of sample) {
    const { results } = await engine.run(event)
    const theirs = results.map((result) => result.event.type).sort()
    const ours = matcher
      .match(event)
      .map((rule) => rule.id)
      .sort()
    if (theirs.join() !== ours.join()) throw new Error(`${theirs} but ours ${ours}`)
  }
  const matches = events.reduce((sum, event) => sum + matcher.match(event).length, 0)
  return matches / events.length
}

const rows = []
for (const size of SIZES) {
  const raw = generateRules(size)
  const rules = raw.map(({ id, conditions }) => {
    return { id, conditions: parseCondition(conditions, '', context, fail), exceptions: [] }
  })
  const start = cpuMs()
  const matcher = createMatcher(rules, context)
  const compileMs = cpuMs() - start
  const { rate: ours, parseRate } = measureMatcher(matcher)
  const engine = process.env.BENCH_ENGINE === '0' ? undefined : createEngine(raw)
  const perEvent = engine ? await compare(matcher, engine, rules) : Number.NaN
  const theirs = engine ? await measureEngine(engine, rules) : Number.NaN
  rows.push({
    rules: size,
    'compile ms': Math.round(compileMs),
    'without witness': matcher.unindexed,
    'matches/event': Number(perEvent.toFixed(3)),
    'events/s': Math.round(ours),
    'at 365,000 parses/s': Math.round((ours / parseRate) * PARSE_REFERENCE),
    'json-rules-engine events/s': Number(theirs.toFixed(1)),
    ratio: Math.round(ours / theirs),
  })
}
console.log(`load ${loadavg()[0].toFixed(1)}`)
console.table(rows)

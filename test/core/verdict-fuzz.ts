// Owns the differential fuzz of verdicts: random rules and events, judged by json-rules-engine and by
// every way we have of asking. How many cases, and who is told: verdicts.test.ts and test/fuzz/.
import fc from 'fast-check'
import { compileCondition } from '../../src/core/compile.ts'
import { type Condition, parseCondition } from '../../src/core/condition.ts'
import type { Event } from '../../src/core/event.ts'
import { type List, parseList } from '../../src/core/list.ts'
import { createMatcher, type MatchableRule } from '../../src/core/match.ts'
import { parseSchedule, type Schedule } from '../../src/core/schedule.ts'
import {
  LISTS,
  rawEvent,
  rawLeaf,
  rawTree,
  SCHEDULE,
  SHARED_NAMES,
} from './arbitrary-conditions.ts'
import { createJudge, type RawCondition, type RawEvent } from './judge.ts'

/** Every drawn rule meets every drawn event of its run. */
const RULES_PER_RUN = 6
const EVENTS_PER_RUN = 50
export const CASES_PER_RUN = RULES_PER_RUN * EVENTS_PER_RUN

/** What was met on the way; a case is one rule and one event, judged by both sides. */
export type FuzzCounts = {
  cases: number
  /** Cases in which the rule holds. */
  held: number
  /** Rules that were drawn, without the shared conditions they refer to. */
  rules: number
  /** Rules that held for some of their events and not for others. */
  undecided: number
  readonly operators: Set<string>
  readonly decorators: Set<string>
  /** Operators with their decorators. */
  readonly comparisons: Set<string>
}

export type FuzzOptions = {
  /** Rounded up to whole runs of CASES_PER_RUN. */
  readonly cases: number
  /** The same seed draws the same cases; without one, each call draws others. */
  readonly seed?: number
}

const lists = new Map<string, List>()
for (const [name, value] of Object.entries(LISTS)) {
  const list = parseList(name, value, () => {})
  if (list) lists.set(name, list)
}
const schedule = parseSchedule('work', SCHEDULE, '', () => {})
const schedules = new Map<string, Schedule>(schedule ? [['work', schedule]] : [])
const context = { lists, schedules, sharedNames: new Set<string>(SHARED_NAMES) }

function parse(raw: RawCondition): Condition | undefined {
  return parseCondition(raw, '', context, () => {})
}

export function loads(raw: RawCondition): boolean {
  return parse({ all: [raw] }) !== undefined
}

/** Leaves that load: the judge has no say about others. */
export const leaf = rawLeaf.filter(loads)

export type Drawn = {
  readonly first: RawCondition
  readonly second: RawCondition
  readonly rules: readonly RawCondition[]
  readonly events: readonly RawEvent[]
}

const run: fc.Arbitrary<Drawn> = fc.record({
  first: rawTree(leaf, []),
  second: rawTree(leaf, ['first']),
  rules: exactly(rawTree(leaf, SHARED_NAMES), RULES_PER_RUN),
  events: exactly(rawEvent, EVENTS_PER_RUN),
})

export function exactly<T>(arbitrary: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> {
  return fc.array(arbitrary, { minLength: count, maxLength: count })
}

export type Prepared = {
  readonly rules: readonly MatchableRule[]
  readonly compile: Parameters<typeof compileCondition>[1]
}

/** Parses what was drawn; a rule's id is its place. */
export function prepare({ first, second, rules }: Omit<Drawn, 'events'>): Prepared {
  const shared = new Map([
    ['first', parsed(first)],
    ['second', parsed(second)],
  ])
  return {
    compile: { lists, schedules, shared },
    rules: rules.map((raw, id) => ({ id: String(id), conditions: parsed(raw), exceptions: [] })),
  }
}

function parsed(raw: RawCondition): Condition {
  const condition = parse(raw)
  if (condition === undefined) throw new Error('a tree of good leaves must load')
  return condition
}

export function createCounts(): FuzzCounts {
  return {
    cases: 0,
    held: 0,
    rules: 0,
    undecided: 0,
    operators: new Set(),
    decorators: new Set(),
    comparisons: new Set(),
  }
}

/** Adds to `counts`; throws with the smallest rules and event on which two verdicts differ. */
export async function fuzzVerdicts(options: FuzzOptions, counts: FuzzCounts): Promise<void> {
  const { cases, seed } = options
  await fc.assert(
    fc.asyncProperty(run, (drawn) => judgeAll(drawn, counts)),
    { numRuns: Math.ceil(cases / CASES_PER_RUN), ...(seed !== undefined && { seed }) },
  )
}

async function judgeAll(drawn: Drawn, counts: FuzzCounts): Promise<void> {
  // Arbitraries repeat objects, and `equal` looks at identity: a rule shares none with an event.
  const { first, second, rules: raws } = structuredClone({ ...drawn, events: [] })
  const { rules, compile } = prepare({ first, second, rules: raws })
  const judges = raws.map((raw) => createJudge(raw, { shared: { first, second }, lists: LISTS }))
  const ask = createAskers(rules, compile)
  const heldBefore = raws.map(() => 0)
  for (const event of drawn.events) {
    const verdicts = await Promise.all(judges.map((judge) => judge(event)))
    for (const [way, answer] of Object.entries(ask)) {
      const ours = answer(event as unknown as Event)
      const wrong = verdicts.findIndex((verdict, place) => ours[place] !== verdict)
      if (wrong >= 0) throw new Error(describe(way, verdicts[wrong], raws[wrong], event))
    }
    verdicts.forEach((verdict, place) => {
      if (verdict) heldBefore[place] = (heldBefore[place] ?? 0) + 1
    })
    counts.cases += raws.length
  }
  count(counts, [first, second, ...raws], heldBefore, drawn.events.length)
}

/** All the ways of asking; each answers for all rules in their order. */
function createAskers(
  rules: readonly MatchableRule[],
  compile: Prepared['compile'],
): Readonly<Record<string, (event: Event) => readonly boolean[]>> {
  const indexed = createMatcher(rules, compile)
  const scanned = createMatcher(rules, compile, { index: false })
  const alone = rules.map(({ conditions }) => compileCondition(conditions, compile))
  const among = (found: readonly MatchableRule[]) => rules.map((rule) => found.includes(rule))
  return {
    'asked alone': (event) => alone.map((holds) => holds(event)),
    'in a set without an index': (event) => among(scanned.match(event)),
    'in a set with an index': (event) => among(indexed.match(event)),
    'one rule of a set': (event) => rules.map((rule) => indexed.matchOne(rule, event)),
  }
}

function describe(
  way: string,
  verdict: boolean | undefined,
  rule: RawCondition | undefined,
  event: RawEvent,
): string {
  const theirs = `json-rules-engine says ${verdict}, ours, ${way}, says ${!verdict}`
  return `${theirs}\nrule: ${JSON.stringify(rule)}\nevent: ${fc.stringify(event)}`
}

function count(
  counts: FuzzCounts,
  raws: readonly RawCondition[],
  held: readonly number[],
  events: number,
): void {
  counts.rules += held.length
  counts.held += held.reduce((sum, times) => sum + times, 0)
  counts.undecided += held.filter((times) => times > 0 && times < events).length
  raws.forEach((raw) => countOperators(counts, raw))
}

function countOperators(counts: FuzzCounts, raw: RawCondition): void {
  const { operator, not } = raw
  if (typeof operator === 'string') {
    const parts = operator.split(':')
    counts.comparisons.add(operator)
    counts.operators.add(parts.pop() ?? '')
    for (const decorator of parts) counts.decorators.add(decorator)
  }
  const inside = [raw.all, raw.any, not].flat() as readonly (RawCondition | undefined)[]
  for (const child of inside) if (child !== undefined) countOperators(counts, child)
}

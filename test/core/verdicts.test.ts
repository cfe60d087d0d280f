// Owns the promise that verdicts are json-rules-engine's: random rules and events, judged by both.
// FUZZ_CASES=20000000 npx vitest run test/core/verdicts.test.ts asks for a long night.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/core/compile.ts'
import { type Condition, parseCondition } from '../../src/core/condition.ts'
import type { Event } from '../../src/core/event.ts'
import { type List, parseList } from '../../src/core/list.ts'
import { createMatcher } from '../../src/core/match.ts'
import { parseSchedule, type Schedule } from '../../src/core/schedule.ts'
import {
  LISTS,
  lookedUpLeaf,
  rawEvent,
  rawLeaf,
  rawTree,
  SCHEDULE,
  SHARED_NAMES,
} from './arbitrary-conditions.ts'
import { createJudge, type RawCondition } from './judge.ts'

const RULES_PER_RUN = 6
const EVENTS_PER_RUN = 24
/** How often each rule of a large set is there. */
const COPIES = 8
const CASES = Number(process.env.FUZZ_CASES ?? 25_000)
const RUNS = Math.ceil(CASES / (RULES_PER_RUN * EVENTS_PER_RUN))

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

const leaf = rawLeaf.filter((raw) => parse({ all: [raw] }) !== undefined)

const common = fc.oneof(
  { weight: 5, arbitrary: lookedUpLeaf.filter((raw) => parse({ all: [raw] }) !== undefined) },
  { weight: 1, arbitrary: leaf },
)

const run = fc.record({
  first: rawTree(leaf, []),
  second: rawTree(leaf, ['first']),
  rules: fc.array(rawTree(leaf, SHARED_NAMES), {
    minLength: RULES_PER_RUN,
    maxLength: RULES_PER_RUN,
  }),
  events: fc.array(rawEvent, { minLength: EVENTS_PER_RUN, maxLength: EVENTS_PER_RUN }),
})

function parsed(raw: RawCondition): Condition {
  const condition = parse(raw)
  if (condition === undefined) throw new Error('a tree of good leaves must load')
  return condition
}

describe('verdicts', () => {
  it('are those of json-rules-engine, alone and in a set, with and without the index', {
    timeout: 86_400_000,
  }, async () => {
    let held = 0
    await fc.assert(
      fc.asyncProperty(run, async (drawn) => {
        // Apart from each other: arbitraries repeat objects, and `equal` looks at identity.
        const { first, second, rules: raws } = structuredClone(drawn)
        const events = structuredClone(drawn.events)
        const shared = new Map([
          ['first', parsed(first)],
          ['second', parsed(second)],
        ])
        const compile = { lists, schedules, shared }
        const rules = raws.map((raw, id) => ({
          id: String(id),
          conditions: parsed(raw),
          exceptions: [],
        }))
        const judges = raws.map((raw) =>
          createJudge(raw, { shared: { first, second }, lists: LISTS }),
        )
        const indexed = createMatcher(rules, compile)
        const scanned = createMatcher(rules, compile, { index: false })
        const alone = rules.map(({ conditions }) => compileCondition(conditions, compile))
        for (const raw of events) {
          const event = raw as unknown as Event
          const verdicts = await Promise.all(judges.map((judge) => judge(raw)))
          const expected = rules.filter((_, index) => verdicts[index]).map(({ id }) => id)
          const idsOf = (found: readonly { id: string }[]) => found.map(({ id }) => id)
          expect(rules.filter((_, index) => alone[index]?.(event)).map(({ id }) => id)).toEqual(
            expected,
          )
          expect(idsOf(scanned.match(event))).toEqual(expected)
          expect(idsOf(indexed.match(event))).toEqual(expected)
          expect(rules.filter((rule) => indexed.matchOne(rule, event)).map(({ id }) => id)).toEqual(
            expected,
          )
          held += expected.length
        }
      }),
      { numRuns: RUNS },
    )
    const share = held / (RUNS * RULES_PER_RUN * EVENTS_PER_RUN)
    expect(share, 'share of verdicts that hold').toBeGreaterThan(0.1)
    expect(share, 'share of verdicts that hold').toBeLessThan(0.9)
  })

  it('of large sets are the same with the index as without', { timeout: 86_400_000 }, () => {
    const large = fc.record({
      first: rawTree(leaf, []),
      second: rawTree(leaf, ['first']),
      rules: fc.array(rawTree(common, SHARED_NAMES), {
        minLength: 60,
        maxLength: 120,
        size: 'max',
      }),
      events: fc.array(rawEvent, { minLength: 25, maxLength: 25 }),
    })
    let indexed = 0
    fc.assert(
      fc.property(large, (drawn) => {
        const { first, second, rules: raws, events } = structuredClone(drawn)
        const shared = new Map([
          ['first', parsed(first)],
          ['second', parsed(second)],
        ])
        const compile = { lists, schedules, shared }
        // A look-up is made where it spares enough: for many rules that are alike.
        const rules = Array.from({ length: COPIES }, () => raws).flatMap((copies, copy) =>
          copies.map((raw, id) => {
            return { id: `${id}.${copy}`, conditions: parsed(raw), exceptions: [] }
          }),
        )
        const matcher = createMatcher(rules, compile)
        const scanned = createMatcher(rules, compile, { index: false })
        indexed += rules.length - matcher.unindexed
        for (const raw of events as unknown as readonly Event[]) {
          expect(matcher.match(raw).map(({ id }) => id)).toEqual(
            scanned.match(raw).map(({ id }) => id),
          )
        }
      }),
      { numRuns: Math.ceil(CASES / 600) },
    )
    expect(indexed, 'rules with something to look up').toBeGreaterThan(0)
  })
})

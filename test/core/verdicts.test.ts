// Owns the promise that verdicts are json-rules-engine's: some thousand random cases in every run;
// `npm run fuzz:verdicts` asks for millions.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DECORATOR_NAMES } from '../../src/core/decorators.ts'
import type { Event } from '../../src/core/event.ts'
import { createMatcher } from '../../src/core/match.ts'
import { OPERATORS } from '../../src/core/operators/registry.ts'
import { lookedUpLeaf, rawEvent, rawTree, SHARED_NAMES } from './arbitrary-conditions.ts'
import { createCounts, exactly, fuzzVerdicts, leaf, loads, prepare } from './verdict-fuzz.ts'

const CASES = 25_000
/** How often each rule of a large set is there: a look-up is made where it spares enough. */
const COPIES = 8
const LARGE_SETS = 42

const common = fc.oneof(
  { weight: 5, arbitrary: lookedUpLeaf.filter(loads) },
  { weight: 1, arbitrary: leaf },
)

describe('verdicts', () => {
  it('are those of json-rules-engine, alone and in a set, with and without the index', {
    timeout: 120_000,
  }, async () => {
    const counts = createCounts()
    await fuzzVerdicts({ cases: CASES }, counts)
    expect(counts.cases).toBeGreaterThanOrEqual(CASES)
    const share = counts.held / counts.cases
    expect(share, 'share of verdicts that hold').toBeGreaterThan(0.1)
    expect(share, 'share of verdicts that hold').toBeLessThan(0.9)
    expect([...counts.operators].sort()).toEqual([...OPERATORS.keys()].sort())
    expect([...counts.decorators].sort()).toEqual([...DECORATOR_NAMES].sort())
  })

  it('of large sets are the same with the index as without', { timeout: 120_000 }, () => {
    const large = fc.record({
      first: rawTree(leaf, []),
      second: rawTree(leaf, ['first']),
      rules: fc.array(rawTree(common, SHARED_NAMES), {
        minLength: 60,
        maxLength: 120,
        size: 'max',
      }),
      events: exactly(rawEvent, 25),
    })
    let indexed = 0
    fc.assert(
      fc.property(large, (drawn) => {
        const { events, ...trees } = structuredClone(drawn)
        const { rules: once, compile } = prepare(trees)
        const rules = Array.from({ length: COPIES }, (_, copy) =>
          once.map((rule) => ({ ...rule, id: `${rule.id}.${copy}` })),
        ).flat()
        const matcher = createMatcher(rules, compile)
        const scanned = createMatcher(rules, compile, { index: false })
        indexed += rules.length - matcher.unindexed
        for (const event of events as unknown as readonly Event[]) {
          expect(matcher.match(event).map(({ id }) => id)).toEqual(
            scanned.match(event).map(({ id }) => id),
          )
        }
      }),
      { numRuns: LARGE_SETS },
    )
    expect(indexed, 'rules with something to look up').toBeGreaterThan(0)
  })
})

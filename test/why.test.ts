import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, parseCondition } from '../src/core/condition.ts'
import type { Event } from '../src/core/event.ts'
import { type List, parseList } from '../src/core/list.ts'
import { createMatcher, type MatchableRule } from '../src/core/match.ts'
import { parseSchedule, type Schedule } from '../src/core/schedule.ts'
import { createExplain } from '../src/why.ts'
import { LISTS, rawEvent, rawLeaf, rawTree, SCHEDULE } from './core/arbitrary-conditions.ts'

const lists = new Map<string, List>()
for (const [name, value] of Object.entries(LISTS)) {
  const list = parseList(name, value, () => {})
  if (list) lists.set(name, list)
}
const work = parseSchedule('work', SCHEDULE, '', () => {})
const schedules = new Map<string, Schedule>(work ? [['work', work]] : [])

function parseOrSkip(raw: unknown): Condition | undefined {
  const context = { lists, schedules, sharedNames: new Set(['named']) }
  return parseCondition(raw, '', context, () => {})
}

function parse(raw: unknown): Condition {
  const condition = parseOrSkip(raw)
  if (condition === undefined) throw new Error(`it must load: ${JSON.stringify(raw)}`)
  return condition
}

const conditions = new Map([
  ['named', parse({ any: [{ fact: 'user', operator: 'equal', value: 'bob' }] })],
])
const explain = createExplain({ lists, schedules, conditions })

function rule(raw: unknown, exceptions: MatchableRule['exceptions'] = []): MatchableRule {
  return { id: 'r', conditions: parse(raw), exceptions }
}

function event(facts: object): Event {
  return facts as Event
}

describe('why a rule matches', () => {
  it('is its tree with what was asked and what was found', async () => {
    const tree = rule({
      all: [
        { fact: 'user', operator: 'in', value: ['alice', 'bob'], name: 'who', priority: 9 },
        { any: [{ fact: 'hour', operator: 'lessThan', value: 6 }, { condition: 'named' }] },
        { not: { fact: 'entry', path: '$.a', operator: 'equal', value: { fact: 'message' } } },
      ],
    })
    const facts = { user: 'alice', hour: 5, entry: { a: 1 }, message: 'x' }
    const { why, verdict } = await explain(tree, event(facts))
    expect(verdict).toBe(true)
    expect(why).toEqual({
      kind: 'all',
      verdict: true,
      children: [
        {
          kind: 'leaf',
          verdict: true,
          name: 'who',
          fact: 'user',
          operator: 'in',
          expected: '["alice","bob"]',
          found: '"alice"',
        },
        {
          kind: 'any',
          verdict: true,
          children: [
            {
              kind: 'leaf',
              verdict: true,
              fact: 'hour',
              operator: 'lessThan',
              expected: '6',
              found: '5',
            },
            {
              kind: 'any',
              verdict: false,
              name: 'named',
              children: [
                {
                  kind: 'leaf',
                  verdict: false,
                  fact: 'user',
                  operator: 'equal',
                  expected: '"bob"',
                  found: '"alice"',
                },
              ],
            },
          ],
        },
        {
          kind: 'not',
          verdict: true,
          children: [
            {
              kind: 'leaf',
              verdict: false,
              fact: 'entry',
              path: '$.a',
              operator: 'equal',
              expected: '"x"',
              found: '1',
            },
          ],
        },
      ],
    })
  })

  it('shows every comparison, also those that could not change the verdict', async () => {
    const no = { fact: 'hour', operator: 'equal', value: 1, priority: 100 }
    const { why, verdict } = await explain(
      rule({ all: [no, { fact: 'user', operator: 'equal', value: 'bob', priority: 1 }] }),
      event({ user: 'bob', hour: 5 }),
    )
    expect(verdict).toBe(false)
    expect(why.children?.map((child) => [child.verdict, child.found])).toEqual([
      [false, '5'],
      [true, '"bob"'],
    ])
  })

  it('cuts long values and leaves out what is not there', async () => {
    const { why } = await explain(
      rule({
        all: [
          { fact: 'message', operator: 'startsWith', value: 'x' },
          { fact: 'ip', operator: 'exists', value: false },
        ],
      }),
      event({ message: 'x'.repeat(1_000) }),
    )
    const [message, ip] = why.children ?? []
    expect(message?.found).toHaveLength(300)
    expect(message?.found?.endsWith('…')).toBe(true)
    expect(ip).not.toHaveProperty('found')
  })

  it('says that a comparison json-rules-engine throws for is false', async () => {
    const { why, verdict } = await explain(
      rule({ all: [{ fact: 'user', operator: 'not:in', value: { fact: 'ip' } }] }),
      event({ user: 'bob' }),
    )
    expect(verdict).toBe(false)
    expect(why.children?.[0]?.verdict).toBe(false)
  })

  it('judges exceptions that are in force', async () => {
    const bob = parse({ all: [{ fact: 'user', operator: 'equal', value: 'bob' }] })
    const excepted = rule({ all: [{ fact: 'hour', operator: 'lessThan', value: 6 }] }, [
      { name: 'bob works early', conditions: bob, expires: '2026-11-30' },
    ])
    const before = await explain(excepted, event({ user: 'bob', hour: 5, date: '2026-11-30' }))
    expect(before.why.verdict).toBe(true)
    expect(before.exceptions).toMatchObject([{ name: 'bob works early', verdict: true }])
    expect(before.verdict).toBe(false)
    const after = await explain(excepted, event({ user: 'bob', hour: 5, date: '2026-12-01' }))
    expect(after.exceptions).toEqual([])
    expect(after.verdict).toBe(true)
  })

  it('is right for many events of one rule at the same time', async () => {
    const bob = rule({ all: [{ fact: 'user', operator: 'equal', value: 'bob' }] })
    const users = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? 'bob' : `user-${i}`))
    const found = await Promise.all(users.map((user) => explain(bob, event({ user }))))
    expect(found.map(({ verdict }) => verdict)).toEqual(users.map((user) => user === 'bob'))
  })

  it('has the verdict of the compiled matcher, whatever rule and event', async () => {
    const leaf = rawLeaf.filter((raw) => parseOrSkip({ all: [raw] }) !== undefined)
    const run = fc.record({
      raw: rawTree(leaf, ['named']),
      exception: rawTree(leaf, []),
      events: fc.array(rawEvent, { minLength: 5, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(run, async (drawn) => {
        const { raw, exception } = structuredClone(drawn)
        const one = rule(raw, [{ name: 'but', conditions: parse(exception) }])
        const matcher = createMatcher([one], { lists, schedules, shared: conditions })
        for (const facts of structuredClone(drawn.events)) {
          const { verdict } = await explain(one, event(facts))
          expect(verdict).toBe(matcher.match(event(facts)).length === 1)
        }
      }),
      { numRuns: 300 },
    )
  })
})

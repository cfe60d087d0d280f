// Owns the proof that each rule is timed, in turn, and that a slow one stands out.
import { describe, expect, it } from 'vitest'
import { parseCondition } from '../../src/core/condition.ts'
import type { Event } from '../../src/core/event.ts'
import { createMatcher, type MatchableRule } from '../../src/core/match.ts'
import { createRuleTimer } from '../../src/core/rule-timer.ts'

const context = { lists: new Map(), schedules: new Map(), sharedNames: new Set<string>() }

function ruleOf(id: string, value: string): MatchableRule {
  const raw = { all: [{ fact: 'user', operator: 'equal', value }] }
  const conditions = parseCondition(raw, '', context, () => {})
  if (conditions === undefined) throw new Error('a rule that must load')
  return { id, conditions, exceptions: [] }
}

/** A matcher in which a rule takes as long as it is told; no time passes otherwise. */
function setUp(costs: Readonly<Record<string, number>>) {
  const rules = Object.keys(costs).map((id) => ruleOf(id, id))
  const asked: string[] = []
  const timer = createRuleTimer(
    rules,
    {
      time(_event, { from, count, spent }) {
        for (let step = 0; step < count; step += 1) {
          const place = (from + step) % rules.length
          const id = rules[place]?.id ?? ''
          asked.push(id)
          spent[place] = (spent[place] ?? 0) + (costs[id] ?? 0)
        }
      },
    },
    () => 0,
  )
  return { timer, asked, see: (events: number) => repeat(events, () => timer.onEvent({} as Event)) }
}

function repeat(times: number, act: () => void): void {
  for (let time = 0; time < times; time += 1) act()
}

describe('the timer of rules', () => {
  it('times the first event, then one in 128, and weighs each as all of them', () => {
    const { timer, asked, see } = setUp({ cheap: 1, dear: 50 })
    see(1)
    expect(asked).toEqual(['cheap', 'dear'])
    see(127)
    expect(asked.length).toBe(2)
    see(128)
    expect(asked.length).toBe(4)
    expect(timer.drain()).toEqual(
      new Map([
        ['cheap', 2 * 128],
        ['dear', 100 * 128],
      ]),
    )
  })

  it('begins anew once it was asked', () => {
    const { timer, see } = setUp({ only: 3 })
    see(1)
    expect(timer.drain().size).toBe(1)
    expect(timer.drain().size).toBe(0)
  })

  it('takes all rules of a large set in turn, and counts each as often', () => {
    const ids = Array.from({ length: 40 }, (_, n) => `r${n}`)
    const { timer, asked, see } = setUp(Object.fromEntries(ids.map((id) => [id, 1])))
    see(1 + 128 * 4)
    expect(asked.length).toBe(5 * 16)
    expect(new Set(asked)).toEqual(new Set(ids))
    expect(new Set(timer.drain().values())).toEqual(new Set([(2 * 128 * 40) / 16]))
  })

  it('has nothing to do without rules', () => {
    const { timer, see } = setUp({})
    see(300)
    expect(timer.drain()).toEqual(new Map())
  })

  it('asks the matcher of a real set, each rule for itself', () => {
    const rules = [ruleOf('a', 'ann'), ruleOf('b', 'bob')]
    const matcher = createMatcher(rules, { ...context, shared: new Map() })
    const spent = new Float64Array(2)
    let time = 0
    const now = () => {
      time += 10
      return time
    }
    matcher.time({ user: 'bob' } as Event, { from: 1, count: 2, now, spent })
    matcher.time({ user: 'bob' } as Event, { from: 1, count: 1, now, spent })
    expect([...spent]).toEqual([10, 20])
    expect(matcher.match({ user: 'ann' } as Event).map(({ id }) => id)).toEqual(['a'])
  })
})

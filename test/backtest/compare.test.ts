// What differs between two rule sets: each alert gained, lost or changed, and never two of these.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareSides } from '../../src/backtest/compare.ts'
import { createResult } from '../../src/backtest/result.ts'
import { code, comparisonText } from '../../src/cli/backtest-difference.ts'
import { backtest, ruleSetOf } from './replay.ts'

const START = Date.parse('2026-11-20T09:00:00Z')

type Seen = readonly [minute: number, user: string, method: 'DELETE' | 'POST' | 'GET']

const entriesOf = (list: readonly Seen[]) =>
  list.map(([minute, user, action], at) => ({
    '@uuid': `e-${at}`,
    meta: { time: new Date(START + minute * 60_000).toISOString() },
    principal: { identity: { username: user } },
    event: { type: 'RequestAccepted', param: { action, uri: '/cloudapi/v6/snapshots/1' } },
  }))

const ruleOf = (id: string, methods: readonly string[], more: object = {}) => ({
  id,
  conditions: { all: [{ fact: 'method', operator: 'in', value: methods }] },
  alert: { quiet: '10m', severity: [{ when: { count: 3 }, severity: 'high' }] },
  ...more,
})

async function difference(list: readonly Seen[], now: object[], before: object[]) {
  const sets = [now, before].map((rules) => ruleSetOf(rules as { id: string }[]))
  return await backtest([entriesOf(list)], sets, ({ gathered, alerts }) => {
    const result = createResult(gathered)
    const { gained, lost, changed } = compareSides(gathered)
    const told = (index: number) => {
      const { rule, group, first, last, count, severity } = result.alertAt(index)
      const extent = `${first.slice(11, 16)}-${last.slice(11, 16)}`
      return `${rule} ${Object.values(group).join()} ${extent} ${count} ${severity}`
    }
    return {
      gained: [...gained].map(told).sort(),
      lost: [...lost].map(told).sort(),
      changed: changed.map(({ before: from, after }) => `${told(from)} → ${told(after)}`).sort(),
      text: comparisonText({ gathered, base: 'main' }),
      alerts,
    }
  })
}

describe('the difference', () => {
  test('of the same rules is none', async () => {
    const rules = [ruleOf('a', ['DELETE'])]
    const { gained, lost, changed, text } = await difference([[0, 'ann', 'DELETE']], rules, rules)
    expect({ gained, lost, changed }).toEqual({ gained: [], lost: [], changed: [] })
    expect(text).toContain('1 → 1 alerts; **0 gained, 0 lost, 0 changed**')
    expect(text).not.toContain('| rule |')
  })

  test.each([
    [
      'a wider condition gains alerts, and makes others longer',
      [
        [0, 'ann', 'DELETE'],
        [5, 'ann', 'POST'],
        [9, 'bob', 'POST'],
      ],
      [['DELETE', 'POST'], ['DELETE']],
      {
        gained: ['a bob 09:09-09:09 1 low'],
        lost: [],
        changed: ['a ann 09:00-09:00 1 low → a ann 09:00-09:05 2 low'],
      },
    ],
    [
      'a narrower one loses them',
      [
        [0, 'ann', 'DELETE'],
        [9, 'bob', 'POST'],
      ],
      [['DELETE'], ['DELETE', 'POST']],
      { gained: [], lost: ['a bob 09:09-09:09 1 low'], changed: [] },
    ],
    [
      'more events may be graver',
      [
        [0, 'ann', 'DELETE'],
        [1, 'ann', 'DELETE'],
        [1, 'ann', 'POST'],
      ],
      [['DELETE', 'POST'], ['DELETE']],
      { gained: [], lost: [], changed: ['a ann 09:00-09:01 2 low → a ann 09:00-09:01 3 high'] },
    ],
    [
      'an alert that falls apart is changed, and its second half gained',
      [
        [0, 'ann', 'DELETE'],
        [8, 'ann', 'POST'],
        [16, 'ann', 'DELETE'],
      ],
      [['DELETE'], ['DELETE', 'POST']],
      {
        gained: ['a ann 09:16-09:16 1 low'],
        lost: [],
        changed: ['a ann 09:00-09:16 3 high → a ann 09:00-09:00 1 low'],
      },
    ],
    [
      'alerts of the same group at other times are not the same',
      [
        [0, 'ann', 'DELETE'],
        [30, 'ann', 'POST'],
      ],
      [['POST'], ['DELETE']],
      { gained: ['a ann 09:30-09:30 1 low'], lost: ['a ann 09:00-09:00 1 low'], changed: [] },
    ],
  ] as [string, Seen[], [string[], string[]], object][])(
    '%s',
    async (_name, list, [now, before], expected) => {
      const { gained, lost, changed } = await difference(
        list,
        [ruleOf('a', now)],
        [ruleOf('a', before)],
      )
      expect({ gained, lost, changed }).toEqual(expected)
    },
  )

  test('another severity, quiet or grouping of the same events is told', async () => {
    const list: Seen[] = [
      [0, 'ann', 'DELETE'],
      [8, 'ann', 'DELETE'],
    ]
    const before = [ruleOf('a', ['DELETE'])]
    const graver = await difference(
      list,
      [ruleOf('a', ['DELETE'], { severity: 'critical' })],
      before,
    )
    expect(graver.changed).toEqual(['a ann 09:00-09:08 2 low → a ann 09:00-09:08 2 critical'])
    const shorter = [ruleOf('a', ['DELETE'], { alert: { quiet: '5m' } })]
    expect(await difference(list, shorter, before)).toMatchObject({
      gained: ['a ann 09:08-09:08 1 low'],
      changed: ['a ann 09:00-09:08 2 low → a ann 09:00-09:00 1 low'],
    })
    const regrouped = [ruleOf('a', ['DELETE'], { alert: { groupBy: ['method'], quiet: '10m' } })]
    expect(await difference(list, regrouped, before)).toMatchObject({
      gained: ['a DELETE 09:00-09:08 2 low'],
      lost: ['a ann 09:00-09:08 2 low'],
    })
  })

  test('every alert of either side is the same, changed, gained or lost', async () => {
    const seen = fc.tuple(
      fc.nat(90),
      fc.constantFrom('ann', 'bob'),
      fc.constantFrom('DELETE' as const, 'POST' as const, 'GET' as const),
    )
    const methods = fc.subarray(['DELETE', 'POST', 'GET'], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(seen, { maxLength: 25 }),
        methods,
        methods,
        async (list, now, before) => {
          const told = await difference(list, [ruleOf('a', now)], [ruleOf('a', before)])
          const [after = [], earlier = []] = told.alerts.map((side) =>
            side.map((one) => JSON.stringify(one)),
          )
          const same = after.filter((one) => earlier.includes(one)).length
          expect(same + told.gained.length + told.changed.length).toBe(after.length)
          expect(same + told.lost.length + told.changed.length).toBe(earlier.length)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('the text for a reviewer', () => {
  test('says what is gained, lost and changed, rule by rule', async () => {
    const list: Seen[] = [
      [0, 'ann', 'DELETE'],
      [5, 'ann', 'POST'],
      [9, 'bob', 'POST'],
      [40, 'eve', 'GET'],
    ]
    const now = [
      ruleOf('wider', ['DELETE', 'POST']),
      ruleOf('fresh', ['GET']),
      ruleOf('same', ['PUT']),
    ]
    const before = [ruleOf('wider', ['DELETE']), ruleOf('gone', ['GET']), ruleOf('same', ['PUT'])]
    const { text } = await difference(list, now, before)
    expect(text).toMatchInlineSnapshot(`
      "## Backtest: the rules against \`main\`

      4 events of 2026-11-20: 2 → 3 alerts; **2 gained, 1 lost, 1 changed**.

      | rule | alerts before | now | gained | lost | changed |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | \`fresh\` (new) | – | 1 | 1 | 0 | 0 |
      | \`gone\` (gone) | 1 | – | 0 | 1 | 0 |
      | \`wider\` | 1 | 2 | 1 | 0 | 1 |

      No difference: 1 rule.

      ### \`fresh\`

      - **gained** low: \`user eve\`, 1 event, 2026-11-20 09:40:00

      ### \`gone\`

      - **lost** low: \`user eve\`, 1 event, 2026-11-20 09:40:00

      ### \`wider\`

      - **gained** low: \`user bob\`, 1 event, 2026-11-20 09:09:00
      - **changed** low: \`user ann\`, 1 → 2 events, 2026-11-20 09:00:00 → 2026-11-20 09:00:00 – 09:05:00
      "
    `)
  })

  test('lists a handful of many, and fits a comment', async () => {
    const many = Array.from({ length: 400 }, (_, at): Seen => [at * 20, 'x'.repeat(300), 'GET'])
    const now = Array.from({ length: 60 }, (_, at) => ruleOf(`rule-${at}`, ['GET']))
    const { text } = await difference(many, now, [ruleOf('rule-0', ['GET'])])
    expect(text).toContain('- … and 390 more gained')
    expect(text).toContain('No difference: 1 rule.')
    expect(text.length).toBeLessThan(65_536)
    expect(text).toMatch(/The rest is too long for a comment: `--json` tells everything\.\n$/)
  })

  test.each([
    ['plain', '`plain`'],
    ['a`b', '``a`b``'],
    ['`a``', '``` `a`` ```'],
    ['@everyone <img> [a](b)', '`@everyone <img> [a](b)`'],
  ])('%s is shown as it is', (text, expected) => {
    expect(code(text)).toBe(expected)
  })

  test('a user who names himself in Markdown stays on one line, in a code span', async () => {
    const evil = 'x`\n\n# PWNED @everyone | `'
    const { text } = await difference([[0, evil, 'GET']], [ruleOf('a', ['GET'])], [])
    expect(text).toContain(
      '``user x`\\u{a}\\u{a}# PWNED @everyone | ` ``'.replace('``user', '`` user'),
    )
  })
})

// Owns the proof of what is said of how rules do: when a staged one may become active, and what the
// weekly report names.
import { describe, expect, it } from 'vitest'
import { decidePromotion, NO_JUDGEMENT, reportHealth } from '../../src/core/rule-health.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-11-20T12:00:00Z')

describe('a staged rule', () => {
  it.each([
    ['without an alert, staged for 14 days', NOW - 14 * DAY, [0, 0, 0], 'quiet'],
    ['without an alert, staged for less', NOW - 14 * DAY + 1, [0, 0, 0], 'too-young'],
    ['of which nobody knows since when', undefined, [0, 0, 0], 'too-young'],
    ['whose alerts were all resolved, none as false', NOW - DAY, [3, 3, 0], 'right'],
    ['with an alert nobody resolved', NOW - 30 * DAY, [3, 2, 0], 'not-judged'],
    ['with a false positive', NOW - 30 * DAY, [3, 3, 1], 'wrong'],
  ] as const)('%s', (_name, since, [alerts, resolved, falsePositives], expected) => {
    expect(decidePromotion(since, { alerts, resolved, falsePositives }, NOW)).toBe(expected)
  })
})

describe('the report of a week', () => {
  const conditions = { kind: 'all', children: [] } as never
  const week = (id: string, changes: object = {}) => ({
    rule: { id, status: 'active', exceptions: [] } as const,
    matches: 1,
    micros: undefined,
    judgement: NO_JUDGEMENT,
    promotion: undefined,
    ...changes,
  })
  const exception = (name: string, expires?: string) => ({
    name,
    conditions,
    ...(expires !== undefined && { expires }),
  })

  it('names what is noisy, slow, silent, ends or is ready, and nothing that is fine', () => {
    const report = reportHealth(
      [
        week('fine'),
        week('loud', { judgement: { alerts: 11, resolved: 0, falsePositives: 0 } }),
        week('doubted', { judgement: { alerts: 2, resolved: 2, falsePositives: 1 } }),
        week('slow', { micros: 45.2 }),
        week('quick', { micros: 3 }),
        week('silent', { matches: 0 }),
        week('off', { matches: 0, rule: { id: 'off', status: 'disabled', exceptions: [] } }),
        week('let-through', {
          rule: {
            id: 'let-through',
            status: 'active',
            exceptions: [
              exception('nightly', '2026-12-01'),
              exception('old', '2026-11-01'),
              exception('far', '2027-06-01'),
              exception('for ever'),
            ],
          },
        }),
        week('ready', {
          rule: { id: 'ready', status: 'staged', exceptions: [] },
          promotion: 'right',
          judgement: { alerts: 40, resolved: 40, falsePositives: 0 },
        }),
      ],
      NOW,
    )
    expect(report).toEqual([
      {
        name: 'noisy',
        value: 'loud (11 alerts), doubted (2 alerts, 1 of 2 resolved were false)',
      },
      { name: 'slow', value: 'slow (45 µs an event)' },
      {
        name: 'exceptions ending',
        value: 'let-through: "nightly" ends 2026-12-01, let-through: "old" ended 2026-11-01',
      },
      { name: 'may become active', value: 'ready (right)' },
      { name: 'silent in 7 days', value: 'silent' },
    ])
  })

  it('names eight, and how many more', () => {
    const weeks = Array.from({ length: 30 }, (_, at) => week(`r${at}`, { matches: 0 }))
    expect(reportHealth(weeks, NOW)).toEqual([
      { name: 'silent in 7 days', value: 'r0, r1, r2, r3, r4, r5, r6, r7 and 22 more' },
    ])
  })
})

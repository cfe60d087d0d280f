// Owns the table of when a log is blind, lagging or has gaps, and when a token ends soon.
import { describe, expect, it } from 'vitest'
import { judgeLog, judgeToken, type LogState } from '../../src/core/log-health.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const FINE: LogState = {
  contract: '1',
  since: NOW - 5 * HOUR,
  lastSuccess: NOW - 20_000,
  trouble: undefined,
  evaluatedMark: NOW - 40_000,
  liveFrom: 0,
  gaps: [],
}

const refused = { refused: true, text: 'read contract 1: 401' }
const broken = { refused: false, text: 'read contract 1: 503' }
const gap = (reason: 'unproven' | 'poisoned' | 'given-up' | 'lost', foundAt: number) => ({
  ...{ from: NOW - 3 * HOUR, to: NOW - 3 * HOUR + 1_000 },
  reason,
  foundAt,
})

describe('a log', () => {
  const table: [name: string, changes: Partial<LogState>, expected: readonly string[]][] = [
    ['that is read and evaluated is fine', {}, []],
    ['whose credentials are refused is blind at once', { trouble: refused }, ['blind']],
    ['that fails is not blind for ten minutes', { trouble: broken }, []],
    [
      'that fails for ten minutes is blind, and not lagging as well',
      { trouble: broken, lastSuccess: NOW - 11 * MINUTE, evaluatedMark: NOW - 12 * MINUTE },
      ['blind'],
    ],
    [
      'that was never read is blind ten minutes after the start',
      { lastSuccess: undefined, since: NOW - 11 * MINUTE },
      ['blind'],
    ],
    [
      'that was never read is not blind before',
      { lastSuccess: undefined, since: NOW - MINUTE },
      [],
    ],
    ['five minutes behind is on time', { evaluatedMark: NOW - 5 * MINUTE }, []],
    ['six minutes behind lags', { evaluatedMark: NOW - 6 * MINUTE }, ['lagging']],
    [
      'that is caught up with after a start does not lag yet',
      { evaluatedMark: NOW - 3 * HOUR, since: NOW - 4 * MINUTE },
      [],
    ],
    [
      'whose history is read for the first time does not lag',
      { evaluatedMark: NOW - 50 * HOUR, liveFrom: NOW - HOUR },
      [],
    ],
    ['with a young gap is fine', { gaps: [gap('unproven', NOW - HOUR)] }, []],
    ['with an old gap says so', { gaps: [gap('unproven', NOW - HOUR - 1)] }, ['gap']],
    ['with an old poisoned batch says so', { gaps: [gap('poisoned', NOW - 2 * HOUR)] }, ['gap']],
    ['whose gap was given up does not say it again', { gaps: [gap('given-up', 0)] }, ['gapStays']],
    ['that lost a batch leaves an alert as it is', { gaps: [gap('lost', 0)] }, ['gapStays']],
  ]
  it.each(table)('%s', (_name, changes, expected) => {
    const verdict = judgeLog({ ...FINE, ...changes }, NOW)
    const found = Object.entries(verdict).filter(([, value]) => value !== undefined && value)
    expect(found.map(([name]) => name)).toEqual(expected)
  })

  it('names the spans of its gaps, the first of many', () => {
    const gaps = Array.from({ length: 5 }, (_, at) => ({
      ...gap('unproven', NOW - 2 * HOUR),
      from: NOW - (9 - at) * HOUR,
    }))
    const text = judgeLog({ ...FINE, gaps }, NOW).gap
    expect(text).toContain('2026-11-20 03:00:00 UTC to 2026-11-20 09:00:01 UTC')
    expect(text).toMatch(/ and 2 more$/)
  })
})

describe('a token', () => {
  const DAY = 24 * HOUR
  const table: [name: string, expiresAt: number | undefined, expected: string | undefined][] = [
    ['that does not say when it ends', undefined, undefined],
    ['that ends in 15 days', NOW + 15 * DAY, undefined],
    ['that ends in 14 days', NOW + 14 * DAY, 'soon: the API token ends in 14 days'],
    ['that ends in 3 days', NOW + 3 * DAY, 'very-soon: the API token ends in 3 days'],
    ['that ends in 30 hours', NOW + 30 * HOUR, 'very-soon: the API token ends in 30 hours'],
    ['that ends in a day', NOW + DAY, 'now: the API token ends in 24 hours'],
    ['that ended', NOW - 1, 'now: the API token ended 2026-11-20 11:59:59 UTC'],
  ]
  it.each(table)('%s', (_name, expiresAt, expected) => {
    const verdict = judgeToken(expiresAt, NOW)
    const text = verdict === undefined ? undefined : `${verdict.level}: ${verdict.text}`
    if (expected === undefined) expect(text).toBeUndefined()
    else expect(text?.startsWith(expected)).toBe(true)
  })
})

// Owns the tests of how moments and durations are written.
import { describe, expect, it } from 'vitest'
import { createTimeText, durationText } from '../../src/notify/time-text.ts'

const at = Date.parse

describe('moments', () => {
  it.each([
    [
      'in winter',
      'Europe/Berlin',
      '2026-11-20T09:14:07Z',
      '2026-11-20 10:14:07 Europe/Berlin (09:14:07 UTC)',
    ],
    [
      'in summer',
      'Europe/Berlin',
      '2026-07-01T22:30:00Z',
      '2026-07-02 00:30:00 Europe/Berlin (2026-07-01 22:30:00 UTC)',
    ],
    ['in UTC once', 'UTC', '2026-11-20T00:00:00Z', '2026-11-20 00:00:00 UTC'],
    [
      'at midnight, not at 24',
      'Asia/Kolkata',
      '2026-11-19T18:30:00Z',
      '2026-11-20 00:00:00 Asia/Kolkata (2026-11-19 18:30:00 UTC)',
    ],
  ])('%s', (_name, zone, time, expected) => {
    expect(createTimeText(zone).moment(at(time))).toBe(expected)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15, -9e15])('never throw: %s', (ms) => {
    const time = createTimeText('Europe/Berlin')
    expect(time.moment(ms)).toBe('unknown time')
    expect(time.short(ms)).toBe('unknown time')
    expect(time.span(ms, ms)).toBe('unknown time')
    expect(time.span(0, ms)).toBe(time.moment(0))
    expect(time.span(ms, 0)).toBe(time.moment(0))
  })
})

describe('spans', () => {
  const berlin = createTimeText('Europe/Berlin')
  it.each([
    [
      'one moment',
      '2026-11-20T09:14:07.100Z',
      '2026-11-20T09:14:07.900Z',
      '2026-11-20 10:14:07 Europe/Berlin (09:14:07 UTC)',
    ],
    [
      'one day',
      '2026-11-20T09:14:07Z',
      '2026-11-20T09:17:00Z',
      '2026-11-20 10:14:07 – 10:17:00 Europe/Berlin (09:14:07 – 09:17:00 UTC)',
    ],
    [
      'over midnight here',
      '2026-11-20T22:59:00Z',
      '2026-11-20T23:01:00Z',
      '2026-11-20 23:59:00 – 2026-11-21 00:01:00 Europe/Berlin (22:59:00 – 23:01:00 UTC)',
    ],
    [
      'over midnight there',
      '2026-11-20T23:59:00Z',
      '2026-11-21T00:01:00Z',
      '2026-11-21 00:59:00 – 01:01:00 Europe/Berlin (2026-11-20 23:59:00 – 2026-11-21 00:01:00 UTC)',
    ],
  ])('%s', (_name, first, last, expected) => {
    expect(berlin.span(at(first), at(last))).toBe(expected)
  })

  it('in UTC say it once', () => {
    const span = createTimeText('UTC').span(at('2026-11-20T09:14:07Z'), at('2026-11-21T09:14:07Z'))
    expect(span).toBe('2026-11-20 09:14:07 – 2026-11-21 09:14:07 UTC')
  })
})

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [11 * 60_000 + 59_000, '11 min'],
    [3 * 3_600_000, '3 h'],
    [47 * 3_600_000, '47 h'],
    [49 * 3_600_000, '2 d'],
  ])('%d ms', (ms, expected) => {
    expect(durationText(ms)).toBe(expected)
  })
})

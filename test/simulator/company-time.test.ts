// Owns how company time runs, who is at work when, and what chance is like.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCalendar } from '../../src/core/calendar.ts'
import {
  createCompanyTime,
  isAtWork,
  parseDays,
  parseHours,
} from '../../src/simulator/company-time.ts'
import { nameSomebody, NAMES_COUNT } from '../../src/simulator/names.ts'
import { createRandom } from '../../src/simulator/random.ts'

const START_MS = Date.parse('2026-11-20T10:00:00Z')

describe('company time', () => {
  test('is wall time up to the start, then runs as fast as asked', () => {
    const time = createCompanyTime(START_MS, 60)
    expect(time.toCompany(START_MS - 5000)).toBe(START_MS - 5000)
    expect(time.toCompany(START_MS)).toBe(START_MS)
    expect(time.toCompany(START_MS + 1000)).toBe(START_MS + 60_000)
  })

  test('can be turned back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        (ms, speed) => {
          const time = createCompanyTime(START_MS, speed)
          expect(time.toWall(time.toCompany(START_MS + ms))).toBeCloseTo(START_MS + ms, 0)
        },
      ),
    )
  })
})

describe('being at work', () => {
  const berlin = createCalendar('Europe/Berlin')
  const cases: readonly [string, string, string, string, boolean][] = [
    ['in the middle of a Friday', '08:00-18:00', 'mon-fri', '2026-11-20T11:00:00Z', true],
    ['at the first minute', '08:00-18:00', 'mon-fri', '2026-11-20T07:00:00Z', true],
    ['not a minute before', '08:00-18:00', 'mon-fri', '2026-11-20T06:59:59Z', false],
    ['not at the last minute', '08:00-18:00', 'mon-fri', '2026-11-20T17:00:00Z', false],
    ['not on a Saturday', '08:00-18:00', 'mon-fri', '2026-11-21T11:00:00Z', false],
    ['in summer an hour earlier in UTC', '08:00-18:00', 'mon-fri', '2026-07-10T06:00:00Z', true],
    ['round the clock', '00:00-24:00', 'mon-sun', '2026-11-22T22:59:00Z', true],
    ['at night before midnight', '22:00-06:00', 'fri', '2026-11-20T22:30:00Z', true],
    [
      'at night after midnight, on the day it began',
      '22:00-06:00',
      'fri',
      '2026-11-21T03:00:00Z',
      true,
    ],
    ['not in the morning of that day itself', '22:00-06:00', 'fri', '2026-11-20T03:00:00Z', false],
  ]
  test.each(cases)('%s', (_, hours, days, time, expected) => {
    const span = parseHours(hours)
    const week = parseDays(days)
    if (span === undefined || week === undefined) throw new Error('the case is wrong')
    expect(isAtWork({ ...span, days: week }, berlin, Date.parse(time))).toBe(expected)
  })

  test('spans of days may run over the weekend', () => {
    expect(parseDays('sat-mon')).toEqual(['sat', 'sun', 'mon'])
  })

  test.each(['8:00-18:00', '08:00', '08:00-25:00', '24:00-08:00', ''])(
    '%j are no hours',
    (text) => {
      expect(parseHours(text)).toBeUndefined()
    },
  )

  test.each(['', 'mon-', 'fre', 'mon-tue-wed'])('%j are no days', (text) => {
    expect(parseDays(text)).toBeUndefined()
  })
})

/** The first few numbers for these keys. */
function draw(...keys: readonly (string | number)[]): readonly number[] {
  const random = createRandom(...keys)
  return Array.from({ length: 5 }, () => random.next())
}

describe('chance', () => {
  test('is the same for the same keys, another for others', () => {
    expect(draw('a', 1)).toEqual(draw('a', 1))
    expect(draw('a', 1)).not.toEqual(draw('a', 2))
    expect(draw('a', 1)).not.toEqual(draw('a1'))
  })

  test.each([0, 0.3, 5, 29, 31, 400])('a mean of %d comes out as that', (mean) => {
    const random = createRandom('poisson', mean)
    const runs = 4000
    const sum = Array.from({ length: runs }, () => random.poisson(mean)).reduce((a, b) => a + b, 0)
    expect(Math.abs(sum / runs - mean)).toBeLessThan(
      5 * Math.sqrt(mean / runs) + 1e-9 + mean * 0.01,
    )
  })

  test('ids have the form of version 4 UUIDs and do not repeat', () => {
    const random = createRandom('ids')
    const ids = Array.from({ length: 5000 }, () => random.uuid())
    expect(new Set(ids).size).toBe(ids.length)
    const wrong = ids.filter(
      (id) => !/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id),
    )
    expect(wrong).toEqual([])
  })

  test('nothing can be picked from nothing', () => {
    expect(() => createRandom('x').pick([])).toThrow('the list is empty')
  })
})

test('names are all different until every one was used', () => {
  const names = Array.from({ length: NAMES_COUNT }, (_, turn) =>
    nameSomebody('{first}.{last}', 'seed', { turn, name: turn - 100 }),
  )
  expect(new Set(names).size).toBe(NAMES_COUNT)
})

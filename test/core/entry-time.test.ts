// Owns the tests of core/entry-time.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTime } from '../../src/core/entry-time.ts'

describe('the time an entry states', () => {
  test.each([
    ['milliseconds', '2016-09-23T12:02:52.394Z', '2016-09-23T12:02:52.394Z'],
    ['seconds', '2026-11-20T09:16:00Z', '2026-11-20T09:16:00.000Z'],
    ['tenths', '2026-11-20T09:16:00.5Z', '2026-11-20T09:16:00.500Z'],
    ['hundredths', '2026-11-20T09:16:00.05Z', '2026-11-20T09:16:00.050Z'],
    ['nanoseconds are cut', '2026-11-20T09:16:00.123999999Z', '2026-11-20T09:16:00.123Z'],
    ['an offset east', '2026-11-20T09:16:00+01:00', '2026-11-20T08:16:00.000Z'],
    ['an offset west over midnight', '2026-12-31T23:30:00.250-0530', '2027-01-01T05:00:00.250Z'],
    ['small letters', '2026-11-20t09:16:00z', '2026-11-20T09:16:00.000Z'],
    ['a space', '2026-11-20 09:16:00', '2026-11-20T09:16:00.000Z'],
    ['no zone is UTC', '2026-11-20T09:16:00', '2026-11-20T09:16:00.000Z'],
    ['a date', '2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['a leap day', '2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['a leap second', '2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['seconds since the epoch', 1_795_166_160, '2026-11-20T09:16:00.000Z'],
    ['fractions of them', 1_795_166_160.5, '2026-11-20T09:16:00.500Z'],
    ['milliseconds since the epoch', 1_795_166_160_000, '2026-11-20T09:16:00.000Z'],
  ])('%s', (_name, value, expected) => {
    expect(new Date(parseTime(value) ?? Number.NaN).toISOString()).toBe(expected)
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a word', 'yesterday'],
    ['a year', '2026'],
    ['a month', '2026-11'],
    ['an American date', '11/20/2026 09:16'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['day 0', '2026-11-00T00:00:00Z'],
    ['a day that does not exist', '2026-02-29T00:00:00Z'],
    ['hour 24', '2026-11-20T24:00:00Z'],
    ['minute 60', '2026-11-20T09:60:00Z'],
    ['second 61', '2026-11-20T09:16:61Z'],
    ['no seconds', '2026-11-20T09:16Z'],
    ['a point without digits', '2026-11-20T09:16:00.Z'],
    ['an unknown zone', '2026-11-20T09:16:00 CET'],
    ['something behind it', '2026-11-20T09:16:00Zulu'],
    ['half an offset', '2026-11-20T09:16:00+01'],
    ['an odd mark', '2026-11-20X09:16:00Z'],
    ['letters for digits', '2026-1l-20T09:16:00Z'],
    ['before 1970', '1969-12-31T23:59:59Z'],
    ['before 1970 by its zone', '1970-01-01T00:00:00+01:00'],
    ['a year of five digits', '12026-11-20T09:16:00Z'],
    ['the year 9999', '9999-01-01T00:00:00Z'],
    ['a very long fraction', `2026-11-20T09:16:00.${'1'.repeat(100_000)}Z`],
    ['zero', 0],
    ['a negative number', -1],
    ['no number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a number too large', 1e300],
    ['a truth', true],
    ['an object', { time: '2026-11-20' }],
    ['a list', ['2026-11-20']],
  ])('no time: %s', (_name, value) => {
    expect(parseTime(value)).toBeUndefined()
  })

  test('every time that is written by Date is read back', () => {
    const max = Date.UTC(9998, 0)
    fc.assert(
      fc.property(fc.integer({ min: 0, max }), (timeMs) => {
        expect(parseTime(new Date(timeMs).toISOString())).toBe(timeMs)
      }),
    )
  })

  test('any text gives a time of our era or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0129-:.TZ+ ')) }), (text) => {
        const timeMs = parseTime(text) ?? 0
        expect(Number.isInteger(timeMs) && timeMs >= 0).toBe(true)
      }),
    )
  })
})

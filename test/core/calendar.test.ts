// Owns the tests of core/calendar.ts; Intl, asked directly, is the judge.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCalendar, isTimezone } from '../../src/core/calendar.ts'

const show = (timezone: string, time: string): string => {
  const { weekday, date, hour, minute } = createCalendar(timezone).at(Date.parse(time))
  return `${weekday} ${date} ${hour}:${String(minute).padStart(2, '0')}`
}

describe('the wall clock of a zone', () => {
  test.each([
    ['UTC', 'UTC', '2026-11-20T09:14:07.394Z', 'fri 2026-11-20 9:14'],
    ['winter', 'Europe/Berlin', '2026-11-20T23:30:00Z', 'sat 2026-11-21 0:30'],
    ['summer', 'Europe/Berlin', '2026-07-01T22:30:00Z', 'thu 2026-07-02 0:30'],
    ['just before summer time', 'Europe/Berlin', '2026-03-29T00:59:59.999Z', 'sun 2026-03-29 1:59'],
    ['summer time begins', 'Europe/Berlin', '2026-03-29T01:00:00Z', 'sun 2026-03-29 3:00'],
    ['the hour before it ends', 'Europe/Berlin', '2026-10-25T00:30:00Z', 'sun 2026-10-25 2:30'],
    ['the same hour again', 'Europe/Berlin', '2026-10-25T01:30:00Z', 'sun 2026-10-25 2:30'],
    ['west of Greenwich', 'America/New_York', '2026-01-01T04:59:00Z', 'wed 2025-12-31 23:59'],
    ['midnight is hour 0', 'America/New_York', '2026-01-01T05:00:00Z', 'thu 2026-01-01 0:00'],
    ['quarters of an hour', 'Asia/Kathmandu', '2026-01-01T18:15:00Z', 'fri 2026-01-02 0:00'],
    [
      'half an hour of summer',
      'Australia/Lord_Howe',
      '2026-04-04T15:15:00Z',
      'sun 2026-04-05 1:45',
    ],
    [
      'a shift at one past midnight',
      'America/St_Johns',
      '2010-03-14T03:30:59Z',
      'sun 2010-03-14 0:00',
    ],
    ['one second later', 'America/St_Johns', '2010-03-14T03:31:00Z', 'sun 2010-03-14 1:01'],
    ['a day that was left out', 'Pacific/Apia', '2011-12-30T10:00:00Z', 'sat 2011-12-31 0:00'],
    ['a leap day', 'UTC', '2028-02-29T12:00:00Z', 'tue 2028-02-29 12:00'],
    ['before the epoch', 'UTC', '1969-12-31T23:59:00Z', 'wed 1969-12-31 23:59'],
    ['the epoch', 'UTC', '1970-01-01T00:00:00Z', 'thu 1970-01-01 0:00'],
    ['far ahead', 'Europe/Berlin', '9998-06-15T12:00:00Z', 'mon 9998-06-15 14:00'],
  ])('%s', (_name, timezone, time, expected) => {
    expect(show(timezone, time)).toBe(expected)
  })

  test('any time in any zone is what Intl says, asked in any order', () => {
    const zones = ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Casablanca']
    const judges = zones.map((timeZone) => ({
      calendar: createCalendar(timeZone),
      format: new Intl.DateTimeFormat('en-CA', {
        timeZone,
        hourCycle: 'h23',
        weekday: 'short',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      }),
    }))
    const time = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2035, 0) })
    fc.assert(
      fc.property(fc.constantFrom(...judges), time, ({ calendar, format }, timeMs) => {
        const part = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, value]))
        expect(calendar.at(timeMs)).toEqual({
          weekday: part.get('weekday')?.toLowerCase().slice(0, 3),
          date: `${part.get('year')}-${part.get('month')}-${part.get('day')}`,
          hour: Number(part.get('hour')),
          minute: Number(part.get('minute')),
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('more quarters of an hour than are remembered change nothing', () => {
    const calendar = createCalendar('Europe/Berlin')
    const start = Date.UTC(2026, 0, 1)
    const hours = new Set<number>()
    for (let index = 0; index < 5_000; index += 1)
      hours.add(calendar.at(start + index * 900_000).hour)
    expect(hours.size).toBe(24)
    expect(calendar.at(start)).toEqual({ weekday: 'thu', date: '2026-01-01', hour: 1, minute: 0 })
  })
})

describe('names of zones', () => {
  test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
    '%s is one',
    (name) => {
      expect(isTimezone(name)).toBe(true)
    },
  )

  test.each(['', 'Europe/Berln', '+02:00', 'Mars/Olympus', ' UTC', 'UTC\n', 'x'.repeat(1_000)])(
    '%j is none',
    (name) => {
      expect(isTimezone(name)).toBe(false)
      expect(() => createCalendar(name)).toThrow(RangeError)
    },
  )
})

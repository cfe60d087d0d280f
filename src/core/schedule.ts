// Owns weekly schedules (office hours, maintenance hours): their text and what lies inside them.
import { createCalendar, isTimezone } from './calendar.ts'
import type { Weekday } from './event.ts'
import { isObject, pointerTo, type Report, reportError, reportUnknownKeys } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export type Schedule = {
  readonly name: string
  readonly timezone: string
  /** What it was made of: with it another thread makes the same. */
  readonly week: Week
  /** Whether a time (ms since the epoch) lies inside. Times no calendar has are outside. */
  includes(timeMs: number): boolean
}

/** Minutes of a day; a span whose end is not after its start ends on the next day. */
type Span = { readonly start: number; readonly end: number }

const WEEK: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const DAY_MINUTES = 1_440
const DAY_MS = 86_400_000

/** The years a calendar covers: 0 to 9999. */
const TIME_MIN_MS = Date.UTC(1, 0, 1)
const TIME_MAX_MS = Date.UTC(9999, 11, 30)

/** Members of `days`, `hours` and `holidays`: decades of holidays fit, and a checker must end. */
const MEMBERS_MAX = 1_000

/**
 * Reads `{ timezone, days, hours, holidays }`. Without `days` every day counts, without `hours` the
 * whole day, without `timezone` it is UTC. A span over midnight belongs to the day it starts on, so
 * `fri` with `22:00-06:00` reaches into Saturday, and a holiday takes away the spans that start on
 * it. Undefined when a fault was reported.
 */
export function parseSchedule(
  name: string,
  value: unknown,
  pointer: string,
  report: Report,
): Schedule | undefined {
  if (!isObject(value)) {
    const expected = 'expected an object such as { "days": ["mon-fri"], "hours": ["08:00-18:00"] }'
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  let faulty = false
  const counted: Report = (problem) => {
    faulty = true
    report(problem)
  }
  const keys = ['timezone', 'days', 'hours', 'holidays']
  reportUnknownKeys(value, keys, { pointer, report: counted })
  const timezone = parseTimezone(value.timezone, pointerTo(pointer, 'timezone'), counted)
  const read = <T>(key: string, parse: (text: string) => T | string): readonly T[] | undefined =>
    parseMembers(value[key], { pointer: pointerTo(pointer, key), report: counted, parse })
  const days = read('days', parseDays)
  const hours = read('hours', parseSpan)
  const holidays = read('holidays', parseHoliday)
  if (faulty || timezone === undefined) return undefined
  return createSchedule(name, timezone, {
    days: new Set(days?.flat() ?? WEEK),
    hours: hours ?? [{ start: 0, end: DAY_MINUTES }],
    holidays: new Set(holidays?.map((holiday) => holiday.date)),
  })
}

/** Days, hours and holidays of a schedule. */
export type Week = {
  readonly days: ReadonlySet<Weekday>
  readonly hours: readonly Span[]
  readonly holidays: ReadonlySet<string>
}

/** A schedule from its parts; the time zone must be one that Intl knows. */
export function createSchedule(name: string, timezone: string, week: Week): Schedule {
  const calendar = createCalendar(timezone)
  const works = (weekday: Weekday, date: string) =>
    week.days.has(weekday) && !week.holidays.has(date)
  const overnight = week.hours.filter((span) => span.end <= span.start)
  return {
    name,
    timezone,
    week,
    includes(timeMs) {
      if (!(timeMs >= TIME_MIN_MS && timeMs <= TIME_MAX_MS)) return false
      const now = calendar.at(timeMs)
      const minute = now.hour * 60 + now.minute
      const started = (span: Span) =>
        minute >= span.start && (minute < span.end || span.end <= span.start)
      if (week.hours.some(started) && works(now.weekday, now.date)) return true
      if (!overnight.some((span) => minute < span.end)) return false
      return works(dayBefore(now.weekday), dateBefore(now.date))
    },
  }
}

function dayBefore(weekday: Weekday): Weekday {
  return WEEK[(WEEK.indexOf(weekday) + 6) % 7] ?? weekday
}

function dateBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10)
}

function parseTimezone(value: unknown, pointer: string, report: Report): string | undefined {
  if (value === undefined) return 'UTC'
  if (typeof value === 'string' && isTimezone(value)) return value
  const expected = 'expected the name of a time zone such as "Europe/Berlin"'
  return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
}

type Members<T> = {
  readonly pointer: string
  readonly report: Report
  /** What a member means, or what is wrong with it. */
  readonly parse: (text: string) => T | string
}

function parseMembers<T>(
  value: unknown,
  { pointer, report, parse }: Members<T>,
): readonly T[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length > MEMBERS_MAX) {
    const expected = `expected a list of at most ${MEMBERS_MAX} texts`
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  const members: T[] = []
  for (const [index, member] of value.entries()) {
    const result = typeof member === 'string' ? parse(member) : 'expected a text'
    if (typeof result !== 'string') members.push(result)
    else reportError(report, pointerTo(pointer, index), `found ${describeFound(member)}, ${result}`)
  }
  return members
}

/** `mon`, or `mon-fri`, or `sat-mon` over the end of the week. */
function parseDays(text: string): readonly Weekday[] | string {
  const [first = '', last = first, ...more] = text.split('-')
  const from = WEEK.findIndex((day) => day === first)
  const to = WEEK.findIndex((day) => day === last)
  const unknown = [first, last].find((day) => !WEEK.some((known) => known === day))
  if (unknown !== undefined || more.length > 0) {
    return `expected a day or a range of days such as "mon-fri"${suggestName(unknown ?? text, WEEK)}`
  }
  const count = ((to - from + 7) % 7) + 1
  return Array.from({ length: count }, (_, index) => WEEK[(from + index) % 7] ?? 'mon')
}

/** `08:00-18:00`; the end is not inside. */
function parseSpan(text: string): Span | string {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text)
  if (!match) return 'expected hours such as "08:00-18:00", "22:00-06:00" or "00:00-24:00"'
  const start = Number(match[1]) * 60 + Number(match[2])
  const end = match[3] === undefined ? DAY_MINUTES : Number(match[3]) * 60 + Number(match[4])
  return start === end
    ? 'expected an end that is not the start: a whole day is "00:00-24:00"'
    : { start, end }
}

function parseHoliday(text: string): { readonly date: string } | string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
  return exists ? { date: text } : 'expected a date such as "2026-12-25"'
}

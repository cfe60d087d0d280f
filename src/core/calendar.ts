// Owns the wall clock of one time zone: from a point in time to weekday, hour and date. Not
// schedules: schedule.ts.
import type { Weekday } from './event.ts'

export type CalendarTime = {
  readonly weekday: Weekday
  /** 0–23. */
  readonly hour: number
  /** 0–59. */
  readonly minute: number
  /** `2026-11-20`. */
  readonly date: string
}

export type Calendar = {
  readonly timezone: string
  /** The wall clock at `timeMs`, which must be a finite time of the years 0 to 9999. */
  at(timeMs: number): CalendarTime
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * Zones shift on whole quarters of an hour nowadays; a quarter that holds a shift is never cached.
 */
const BUCKET_MS = 900_000

/** Quarters of an hour remembered: those of days with a shift, and of years before 1970. */
const OFFSETS_MAX = 2_048

/** Days whose offset is remembered, about 22 years: a year's log in no order needs 365. */
const DAY_OFFSETS_MAX = 8_192

/** Days whose text is remembered. */
const DATES_MAX = 512

/** 1970-01-01 was a Thursday. */
const WEEKDAYS: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed']

/** Whether Intl knows the zone by this IANA name; offsets such as `+02:00` are no names. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}

/** The calendar of an IANA zone. Throws RangeError when there is no such zone. */
export function createCalendar(timezone: string): Calendar {
  if (!isTimezone(timezone)) throw new RangeError(`unknown time zone: ${timezone}`)
  const offsetAt = createOffsets(timezone)
  const dates = new Map<number, string>()

  function dateOf(day: number): string {
    const known = dates.get(day)
    if (known !== undefined) return known
    if (dates.size >= DATES_MAX) dates.clear()
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    dates.set(day, date)
    return date
  }

  return {
    timezone,
    at(timeMs) {
      const localMs = timeMs + offsetAt(timeMs)
      const day = Math.floor(localMs / DAY_MS)
      const ofDayMs = localMs - day * DAY_MS
      const hour = Math.floor(ofDayMs / HOUR_MS)
      return {
        weekday: WEEKDAYS[((day % 7) + 7) % 7] ?? 'thu',
        hour,
        minute: Math.floor((ofDayMs - hour * HOUR_MS) / MINUTE_MS),
        date: dateOf(day),
      }
    },
  }
}

/**
 * A function from a time to the zone's offset from UTC in ms, remembering it per quarter of an
 * hour.
 */
function createOffsets(timezone: string): (timeMs: number) => number {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone: timezone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const offsets = new Map<number, number>()
  const dayOffsets = new Map<number, number | undefined>()

  function compute(timeMs: number): number {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
    for (const { type, value } of format.formatToParts(timeMs)) part[type] = value
    const year = part.era === 'AD' ? Number(part.year) : 1 - Number(part.year)
    const date = new Date(0)
    date.setUTCFullYear(year, Number(part.month) - 1, Number(part.day))
    date.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second))
    return date.getTime() - Math.floor(timeMs / 1_000) * 1_000
  }

  function ofQuarter(timeMs: number): number {
    const bucket = Math.floor(timeMs / BUCKET_MS)
    const known = offsets.get(bucket)
    if (known !== undefined) return known
    const offsetMs = compute(bucket * BUCKET_MS)
    if (offsetMs !== compute((bucket + 1) * BUCKET_MS - 1)) return compute(timeMs)
    if (offsets.size >= OFFSETS_MAX) offsets.clear()
    offsets.set(bucket, offsetMs)
    return offsetMs
  }

  /** The offset of a whole day; undefined for a day that holds a shift. */
  function ofDay(day: number): number | undefined {
    const known = dayOffsets.get(day)
    if (known !== undefined || dayOffsets.has(day)) return known
    if (dayOffsets.size >= DAY_OFFSETS_MAX) dayOffsets.clear()
    const offsetMs = compute(day * DAY_MS)
    // Since 1970 a week has passed between any two shifts of a zone (tzdata 2025), so a day that
    // begins and ends alike holds none.
    const isWhole = day >= 0 && offsetMs === compute((day + 1) * DAY_MS - 1)
    dayOffsets.set(day, isWhole ? offsetMs : undefined)
    return isWhole ? offsetMs : undefined
  }

  return (timeMs) => ofDay(Math.floor(timeMs / DAY_MS)) ?? ofQuarter(timeMs)
}

// Owns the company's time: how wall time maps to it, and who is at work when. Who does what: company.ts.
import type { Calendar } from '../core/calendar.ts'
import type { Weekday } from '../core/event.ts'

/**
 * Wall time is what the reader sees and what entries carry. Company time is when people there
 * think it is: equal to wall time up to the simulator's start, `speed` times as fast after it.
 */
export type CompanyTime = {
  readonly startTimeMs: number
  readonly speed: number
  toCompany(wallMs: number): number
  toWall(companyMs: number): number
}

/** A weekly span: minutes of the day, from inclusive, to exclusive. */
export type WorkingHours = {
  readonly days: readonly Weekday[]
  readonly fromMinute: number
  readonly toMinute: number
}

const WEEK: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

export function createCompanyTime(startTimeMs: number, speed: number): CompanyTime {
  return {
    startTimeMs,
    speed,
    toCompany: (wallMs) =>
      wallMs <= startTimeMs ? wallMs : startTimeMs + (wallMs - startTimeMs) * speed,
    toWall: (companyMs) =>
      companyMs <= startTimeMs ? companyMs : startTimeMs + (companyMs - startTimeMs) / speed,
  }
}

/** Whether somebody with these hours is at work. A span over midnight belongs to its first day. */
export function isAtWork(hours: WorkingHours, calendar: Calendar, companyMs: number): boolean {
  const { weekday, hour, minute } = calendar.at(companyMs)
  const ofDay = hour * 60 + minute
  const { days, fromMinute, toMinute } = hours
  if (fromMinute < toMinute)
    return days.includes(weekday) && ofDay >= fromMinute && ofDay < toMinute
  if (ofDay >= fromMinute) return days.includes(weekday)
  const dayBefore = WEEK[(WEEK.indexOf(weekday) + 6) % 7] ?? weekday
  return ofDay < toMinute && days.includes(dayBefore)
}

/** `08:00-18:00`; `00:00-24:00` is round the clock. Undefined for anything else. */
export function parseHours(text: string): Omit<WorkingHours, 'days'> | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text)
  if (found === null) return undefined
  const fromMinute = Number(found[1]) * 60 + Number(found[2])
  const toMinute = found[3] === undefined ? 1440 : Number(found[3]) * 60 + Number(found[4])
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute }
}

/** `01:30` as minutes of the day. Undefined for anything else. */
export function parseTimeOfDay(text: string): number | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  return found === null ? undefined : Number(found[1]) * 60 + Number(found[2])
}

/** `mon` or `mon-fri` (a span may run over the weekend). Undefined for anything else. */
export function parseDays(text: string): readonly Weekday[] | undefined {
  const [first = '', last = first, ...more] = text.split('-')
  const from = WEEK.findIndex((day) => day === first)
  const to = WEEK.findIndex((day) => day === last)
  if (from < 0 || to < 0 || more.length > 0) return undefined
  const length = ((to - from + 7) % 7) + 1
  return Array.from({ length }, (_, index) => WEEK[(from + index) % 7] ?? 'mon')
}

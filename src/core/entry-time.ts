// Owns reading the time an entry states. Not the wall clock of a zone: calendar.ts.

const TEXT_LENGTH_MAX = 40

/** Later years than this don't have four digits in every zone; no log entry is of then. */
const YEAR_MAX = 9998

const TIME_MS_MAX = Date.UTC(YEAR_MAX + 1, 0)

/** A bare number below this counts seconds (until 5138), above it milliseconds (since 1973). */
const SECONDS_MAX = 100_000_000_000

const MINUTE_MS = 60_000

const SPACE = 32
const COMMA = 44
const DASH = 45
const DOT = 46
const COLON = 58
const LOWER_T = 116

/**
 * Milliseconds since the epoch of an RFC 3339 text (fractions of any length, cut to milliseconds;
 * `T` or a space; no zone means UTC, a bare date midnight) or of a number of seconds or ms.
 * Undefined for anything else, for dates that don't exist, before 1970 and after 9998.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'string') return parseTimeText(value)
  if (typeof value !== 'number' || !(value > 0)) return undefined
  const timeMs = Math.floor(value < SECONDS_MAX ? value * 1_000 : value)
  return timeMs < TIME_MS_MAX ? timeMs : undefined
}

function parseTimeText(text: string): number | undefined {
  if (text.length < 10 || text.length > TEXT_LENGTH_MAX) return undefined
  const dateMs = parseDate(text)
  if (dateMs < 0 || text.length === 10) return dateMs < 0 ? undefined : dateMs
  const ofDayMs = parseClock(text)
  const end = fractionEnd(text)
  if (ofDayMs < 0 || end < 0) return undefined
  const offsetMs = end === text.length ? 0 : zoneOffset(text, end)
  if (offsetMs === undefined) return undefined
  const timeMs = dateMs + ofDayMs + milliseconds(text, end) - offsetMs
  return timeMs >= 0 ? timeMs : undefined
}

/** Midnight UTC of the date a text begins with, or -1 when there is no such day. */
function parseDate(text: string): number {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return -1
  if (year < 1970 || year > YEAR_MAX || month < 1 || month > 12) return -1
  if (day < 1 || day > daysOf(year, month)) return -1
  return Date.UTC(year, month - 1, day)
}

/** Milliseconds of the day that `Thh:mm:ss` behind the date says, or -1. */
function parseClock(text: string): number {
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  const mark = text.charCodeAt(10) | 32
  if (mark !== LOWER_T && mark !== SPACE) return -1
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return -1
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return -1
  // 60 is a leap second (RFC 3339 §5.6); it becomes the second after.
  if (second < 0 || second > 60) return -1
  return (hour * 60 + minute) * MINUTE_MS + second * 1_000
}

/** The number of `length` decimal digits at `start`, or -1. */
function digits(text: string, start: number, length: number): number {
  let number = 0
  for (let index = start; index < start + length; index += 1) {
    const digit = text.charCodeAt(index) - 48
    if (!(digit >= 0 && digit <= 9)) return -1
    number = number * 10 + digit
  }
  return number
}

/** Where the fraction after the seconds ends; 19 when there is none, -1 when it has no digits. */
function fractionEnd(text: string): number {
  const mark = text.charCodeAt(19)
  if (mark !== DOT && mark !== COMMA) return 19
  let end = 20
  while (digits(text, end, 1) >= 0) end += 1
  return end > 20 ? end : -1
}

function milliseconds(text: string, end: number): number {
  if (end <= 20) return 0
  const count = Math.min(3, end - 20)
  return digits(text, 20, count) * (count === 3 ? 1 : count === 2 ? 10 : 100)
}

/** What the zone from `start` to the end of the text adds to UTC, in ms. */
function zoneOffset(text: string, start: number): number | undefined {
  const zone = text.charAt(start)
  if (zone === 'Z' || zone === 'z') return text.length === start + 1 ? 0 : undefined
  if (zone !== '+' && zone !== '-') return undefined
  const colon = text[start + 3] === ':' ? 1 : 0
  const hours = digits(text, start + 1, 2)
  const minutes = digits(text, start + 3 + colon, 2)
  if (text.length !== start + 5 + colon || hours < 0 || hours > 23) return undefined
  if (minutes < 0 || minutes > 59) return undefined
  return (zone === '-' ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

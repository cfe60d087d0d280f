// Owns how moments and durations are written for people: in the configured zone, and in UTC.

/** Writes times in one zone; made once for each receiver: formatters are expensive to make. */
export type TimeText = {
  /** `2026-11-20 10:14:07 Europe/Berlin (09:14:07 UTC)`. */
  moment(ms: number): string
  /** From first to last in one piece; the same as `moment` when they are the same second. */
  span(first: number, last: number): string
  /** `2026-11-20 10:14:07`, in the zone, for tables. */
  short(ms: number): string
}

type Stamp = { readonly date: string; readonly time: string }

/** The largest moment a Date can hold, in ms either side of 1970 (ECMA-262, 21.4.1.1). */
const MOMENT_MS_MAX = 8.64e15

/** Throws a RangeError when the zone is no IANA name: the configuration has checked it before. */
export function createTimeText(timezone: string): TimeText {
  const local = createStamper(timezone)
  const utc = createStamper('UTC')
  const sameZone = timezone === 'UTC'

  const moment = (ms: number): string => {
    if (!isMoment(ms)) return 'unknown time'
    const here = local(ms)
    if (sameZone) return `${here.date} ${here.time} UTC`
    return `${here.date} ${here.time} ${timezone} (${after(here.date, utc(ms))} UTC)`
  }
  return {
    moment,
    span(first, last) {
      if (!isMoment(first) || !isMoment(last)) return moment(isMoment(first) ? first : last)
      const [from, to] = [local(first), local(last)]
      if (from.date === to.date && from.time === to.time) return moment(first)
      const here = `${from.date} ${from.time} – ${after(from.date, to)}`
      if (sameZone) return `${here} UTC`
      const [utcFrom, utcTo] = [utc(first), utc(last)]
      const there = `${after(from.date, utcFrom)} – ${after(utcFrom.date, utcTo)}`
      return `${here} ${timezone} (${there} UTC)`
    },
    short(ms) {
      if (!isMoment(ms)) return 'unknown time'
      const { date, time } = local(ms)
      return `${date} ${time}`
    },
  }
}

function isMoment(ms: number): boolean {
  return Math.abs(ms) <= MOMENT_MS_MAX
}

/** Leaves out the date when the reader has just read the same. */
function after(dateRead: string, stamp: Stamp): string {
  return stamp.date === dateRead ? stamp.time : `${stamp.date} ${stamp.time}`
}

function createStamper(timeZone: string): (ms: number) => Stamp {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return (ms) => {
    const parts = format.formatToParts(ms)
    const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? ''
    const date = `${part('year')}-${part('month')}-${part('day')}`
    return { date, time: `${part('hour')}:${part('minute')}:${part('second')}` }
  }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `45 s`, `11 min`, `3 h`, `2 d`: one number, rounded down, as people say it. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} d`
}

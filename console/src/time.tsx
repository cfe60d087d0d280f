// Owns how times are shown: in the reader's zone, with UTC and how long ago to hover.
import { useEffect, useState } from 'preact/hooks'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayOfYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
})

/** `5 s`, `12 min`, `3 h`, `2 d`. */
export function spanText(ms: number): string {
  const span = Math.abs(ms)
  if (span < MINUTE_MS) return `${Math.round(span / 1_000)} s`
  if (span < HOUR_MS) return `${Math.round(span / MINUTE_MS)} min`
  if (span < 2 * DAY_MS) return `${Math.round(span / HOUR_MS)} h`
  return `${Math.round(span / DAY_MS)} d`
}

export function timeText(iso: string, now = Date.now()): string {
  const time = new Date(iso)
  const isToday = new Date(now).toDateString() === time.toDateString()
  if (isToday) return clock.format(time)
  const isThisYear = new Date(now).getFullYear() === time.getFullYear()
  return `${(isThisYear ? day : dayOfYear).format(time)}, ${clock.format(time)}`
}

export function utcText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/** A clock that moves now and then, so that ages don't stand still. */
export function useNow(everyMs = 10_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs)
    return () => window.clearInterval(timer)
  }, [everyMs])
  return now
}

export function Time({ iso }: { readonly iso: string }) {
  return (
    <time dateTime={iso} title={utcText(iso)}>
      {timeText(iso)}
    </time>
  )
}

export function Age({ iso, now }: { readonly iso: string; readonly now: number }) {
  const age = now - new Date(iso).getTime()
  return (
    <time dateTime={iso} title={`${timeText(iso)} (${utcText(iso)})`}>
      {age < 1_000 ? 'now' : `${spanText(age)} ago`}
    </time>
  )
}

/** `09:12:01 to 09:14:30 (2 min)`, or one time. */
export function Span({ from, to }: { readonly from: string; readonly to: string }) {
  if (from === to) return <Time iso={from} />
  const ms = new Date(to).getTime() - new Date(from).getTime()
  return (
    <span>
      <Time iso={from} /> to <Time iso={to} /> <span class="quiet">({spanText(ms)})</span>
    </span>
  )
}

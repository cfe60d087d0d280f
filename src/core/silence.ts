// Owns silences: which alerts one is over, and when. Matchers are alert-matcher.ts; keeping
// silences is the stores' matter, what a mute means notify-decision.ts's.
import { type Matcher, matchesAlert, parseMatchers } from './alert-matcher.ts'
import type { Origin } from './alert.ts'
import type { Routable } from './route.ts'
import { isObject, type Report, reportError, reportUnknownKeys } from './shape.ts'
import { describeFound } from './suggest.ts'

export type Silence = {
  readonly id: string
  readonly matchers: readonly Matcher[]
  /** Wall clock, ms; over from `startsAt` on, up to but without `endsAt`. */
  readonly startsAt: number
  readonly endsAt: number
  readonly author: string
  readonly comment: string
  readonly createdAt: number
  readonly from: Origin
  /** Who ended it early. */
  readonly expiredBy?: string
}

export type SilenceState = 'pending' | 'active' | 'expired'

/** A silence longer than this was meant to be an exception in a rule. */
export const SILENCE_MS_MAX = 366 * 86_400_000

export const COMMENT_LENGTH_MAX = 2_000
const AUTHOR_LENGTH_MAX = 100

export function silenceState({ startsAt, endsAt }: Silence, now: number): SilenceState {
  if (now >= endsAt) return 'expired'
  return now >= startsAt ? 'active' : 'pending'
}

/** Whether one of the silences is over the alert now. */
export function isSilenced(silences: readonly Silence[], alert: Routable, now: number): boolean {
  return silences.some(
    (silence) => silenceState(silence, now) === 'active' && matchesAlert(silence.matchers, alert),
  )
}

/** When the latest silence over the alert ended; undefined when none that is remembered did. */
export function silenceEndedAt(
  silences: readonly Silence[],
  alert: Routable,
  now: number,
): number | undefined {
  const ends = silences
    .filter((silence) => silence.startsAt < silence.endsAt)
    .filter((silence) => silenceState(silence, now) === 'expired')
    .filter((silence) => matchesAlert(silence.matchers, alert))
    .map((silence) => silence.endsAt)
  return ends.length === 0 ? undefined : Math.max(...ends)
}

/** What a person asks for, checked: times are ms. */
export type SilenceDraft = Pick<Silence, 'matchers' | 'startsAt' | 'endsAt' | 'author' | 'comment'>

/**
 * Reads `{ matchers, startsAt?, endsAt, author, comment }`; times as `readTime` reads them, a start
 * that is missing or past is now. Undefined when a fault was reported.
 */
export function parseSilence(
  value: unknown,
  context: {
    readonly now: number
    readonly readTime: (text: string) => number | undefined
    readonly report: Report
  },
): SilenceDraft | undefined {
  const { now, readTime } = context
  let faulty = false
  const report: Report = (problem) => {
    faulty = true
    context.report(problem)
  }
  if (!isObject(value)) return reportError(report, '', 'expected an object with "matchers"')
  const keys = ['matchers', 'startsAt', 'endsAt', 'author', 'comment']
  reportUnknownKeys(value, keys, { pointer: '', report })
  const timeOf = (key: string, otherwise: number | undefined): number | undefined => {
    const found = value[key]
    if (found === undefined && otherwise !== undefined) return otherwise
    const time =
      typeof found === 'number' ? found : typeof found === 'string' ? readTime(found) : undefined
    if (time !== undefined && Number.isFinite(time)) return time
    const expected = 'expected a time such as "2026-11-20T09:00:00Z"'
    return reportError(report, `/${key}`, `found ${describeFound(found)}, ${expected}`)
  }
  const matchers = parseMatchers(value['matchers'], '/matchers', report)
  const startsAt = Math.max(now, timeOf('startsAt', now) ?? now)
  const endsAt = timeOf('endsAt', undefined)
  if (endsAt !== undefined) reportSpan(startsAt, endsAt, now, report)
  const author = textOf(value['author'], '/author', AUTHOR_LENGTH_MAX, report)
  const comment = textOf(value['comment'], '/comment', COMMENT_LENGTH_MAX, report)
  if (faulty || matchers === undefined || endsAt === undefined) return undefined
  return { matchers, startsAt, endsAt, author: author ?? '', comment: comment ?? '' }
}

function reportSpan(startsAt: number, endsAt: number, now: number, report: Report): void {
  if (endsAt <= now) reportError(report, '/endsAt', 'it is over already: expected a later time')
  else if (endsAt <= startsAt) reportError(report, '/endsAt', 'it ends before it starts')
  else if (endsAt - startsAt > SILENCE_MS_MAX) {
    const instead = 'write an exception into the rule instead'
    reportError(report, '/endsAt', `it is longer than a year: ${instead}`)
  }
}

function textOf(value: unknown, pointer: string, max: number, report: Report): string | undefined {
  if (value === undefined) return ''
  if (typeof value === 'string' && value.length <= max) return value
  const expected = `expected a text of at most ${max} characters`
  return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
}

// Owns the verdict on how a contract's log is read and evaluated: blind, lagging, or with gaps. Pure;
// who looks, and what becomes of it: ../log-watch.ts.
import type { Gap } from './coverage.ts'

/** What is known of one contract that this process reads. */
export type LogState = {
  readonly contract: string
  /** When this process began to read it, ms. */
  readonly since: number
  /** The last request that was answered, ms. */
  readonly lastSuccess: number | undefined
  /** Why reading fails or waits right now, for people; undefined while it works. */
  readonly trouble: Trouble | undefined
  readonly evaluatedMark: number | undefined
  /** Before it (ms) is history that is read once: being behind there is no lag. */
  readonly liveFrom: number
  readonly gaps: readonly Gap[]
}

export type Trouble = {
  /** The API refused the credentials: waiting won't help. */
  readonly refused: boolean
  readonly text: string
}

/** What is wrong, each as a sentence; undefined when it is not. */
export type LogVerdict = {
  readonly blind: string | undefined
  readonly lagging: string | undefined
  readonly gap: string | undefined
  /** A gap was given up: nobody tries any more, so it is not over, and a person has to say so. */
  readonly gapStays: boolean
}

/** No successful read for so long is blindness, whatever the reason. */
export const BLIND_MS = 600_000
/** Evaluation may be so far behind. */
export const LAG_MS = 300_000
/** A gap may be open for so long. */
export const GAP_MS = 3_600_000
/** Gaps that are named; the rest is counted. */
const GAPS_NAMED_MAX = 3

const MINUTE_MS = 60_000

export function judgeLog(state: LogState, now: number): LogVerdict {
  const blind = judgeBlind(state, now)
  // Who is blind lags as well: one alert is enough.
  const lagging = blind === undefined ? judgeLag(state, now) : undefined
  const gapStays = state.gaps.some(({ reason }) => reason === 'given-up' || reason === 'lost')
  return { blind, lagging, gap: judgeGaps(state.gaps, now), gapStays }
}

function judgeBlind({ trouble, lastSuccess, since }: LogState, now: number): string | undefined {
  if (trouble?.refused === true) return `the API refuses the credentials: ${trouble.text}`
  const silentMs = now - Math.max(lastSuccess ?? 0, since)
  if (silentMs <= BLIND_MS) return undefined
  const why = trouble === undefined ? '' : `: ${trouble.text}`
  return `no read has succeeded for ${minutes(silentMs)}${why}`
}

function judgeLag({ evaluatedMark, liveFrom, since }: LogState, now: number): string | undefined {
  if (evaluatedMark === undefined || evaluatedMark < liveFrom) return undefined
  // After a start what was missed is caught up with first.
  const behindMs = now - evaluatedMark
  if (behindMs <= LAG_MS || now - since <= LAG_MS) return undefined
  return `evaluated only to ${time(evaluatedMark)}: ${minutes(behindMs)} behind`
}

/** Those that somebody still tries to close; one that was given up was told while it was tried. */
function judgeGaps(gaps: readonly Gap[], now: number): string | undefined {
  const old = gaps.filter(
    ({ reason, foundAt }) =>
      (reason === 'unproven' || reason === 'poisoned') && now - foundAt > GAP_MS,
  )
  if (old.length === 0) return undefined
  const named = old.slice(0, GAPS_NAMED_MAX).map(({ from, to, reason }) => {
    const what = reason === 'unproven' ? 'not read completely' : 'read, and can not be evaluated'
    return `${time(from)} to ${time(to)} (${what})`
  })
  const more = old.length - named.length
  const rest = more > 0 ? ` and ${more} more` : ''
  return `of these spans something may be missing: ${named.join(', ')}${rest}`
}

export type TokenVerdict = {
  readonly level: 'soon' | 'very-soon' | 'now'
  readonly text: string
}

const DAY_MS = 86_400_000

/** A token that ends within 14, 3 or 1 days. */
export function judgeToken(expiresAt: number | undefined, now: number): TokenVerdict | undefined {
  if (expiresAt === undefined) return undefined
  const days = (expiresAt - now) / DAY_MS
  if (days > 14) return undefined
  const left = days >= 2 ? `in ${Math.floor(days)} days` : `in ${hours(expiresAt - now)}`
  const text =
    days <= 0
      ? `the API token ended ${time(expiresAt)}`
      : `the API token ends ${left}, ${time(expiresAt)}`
  return { level: days <= 1 ? 'now' : days <= 3 ? 'very-soon' : 'soon', text }
}

function hours(ms: number): string {
  const count = Math.max(0, Math.floor(ms / (60 * MINUTE_MS)))
  return count === 1 ? '1 hour' : `${count} hours`
}

function minutes(ms: number): string {
  return `${Math.floor(ms / MINUTE_MS)} minutes`
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

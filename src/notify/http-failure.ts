// Owns how a failed HTTP delivery is classified: status or network error → DeliveryError.
import { DeliveryError, type DeliveryFailure } from './receiver.ts'
import { codeOf, redactError } from './redact.ts'

/** What is told about a failure: where it happened, and what must not be told. */
export type FailurePlace = {
  /** `post to receiver secops`. */
  readonly operation: string
  readonly secrets: readonly string[]
}

/** A longer wait than an hour is left to the queue's own back-off, which tries in between. */
const RETRY_AFTER_MS_MAX = 60 * 60_000
/** "Retry after 0" would be a busy loop. */
const RETRY_AFTER_MS_MIN = 1_000

type Verdict = { readonly reason: DeliveryFailure; readonly retryable: boolean }

/** What is not here: 5xx is the server's fault and retried, the rest is refused for good. */
const STATUS_VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [401, { reason: 'unauthorized', retryable: false }],
  [403, { reason: 'unauthorized', retryable: false }],
  [407, { reason: 'network', retryable: true }],
  [408, { reason: 'timeout', retryable: true }],
  [425, { reason: 'server-error', retryable: true }],
  [429, { reason: 'rate-limited', retryable: true }],
])

/** A gateway says these when it lost the server behind it, which may have done the work. */
const LOST_BEHIND_GATEWAY: ReadonlySet<number> = new Set([502, 504])

type StatusFailure = {
  readonly status: number
  readonly retryAfterMs?: number | undefined
  /** A word of the other side that is safe to repeat, such as `no_service`. */
  readonly word?: string | undefined
}

/** The error for an answer that is not a success. */
export function failureOfStatus(place: FailurePlace, failure: StatusFailure): DeliveryError {
  const { status, retryAfterMs, word } = failure
  const verdict = STATUS_VERDICTS.get(status) ?? {
    reason: status >= 500 ? 'server-error' : 'refused',
    retryable: status >= 500,
  }
  const wait = verdict.retryable ? retryAfterMs : undefined
  const parts = [
    `${place.operation}: ${status}${word === undefined ? '' : ` ${word}`}`,
    status >= 300 && status < 400 ? 'redirects are not followed' : undefined,
    wait === undefined ? undefined : `retry in ${Math.ceil(wait / 1000)} s`,
  ]
  return new DeliveryError(parts.filter((part) => part !== undefined).join(', '), {
    ...verdict,
    retryAfterMs: wait,
    maybeAccepted: LOST_BEHIND_GATEWAY.has(status),
  })
}

/** The connection did not come about, so nothing of the request can have arrived. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'LINK_LOCAL',
])

/** Whether an error code tells that nothing but a connection was tried, whatever the protocol. */
export function isBeforeConnected(code: string | undefined): boolean {
  return code !== undefined && NOT_CONNECTED.has(code)
}

const TIMED_OUT: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])

/** The error for a request that got no answer. `cancelled` is the caller's signal. */
export function failureOfNetwork(
  place: FailurePlace,
  error: unknown,
  cancelled: AbortSignal,
): DeliveryError {
  const cause = redactError(error, place.secrets)
  const code = deepestCode(error)
  const maybeAccepted = !isBeforeConnected(code)
  if (cancelled.aborted) {
    return new DeliveryError(`${place.operation}: cancelled`, {
      reason: 'aborted',
      retryable: true,
      maybeAccepted,
      cause,
    })
  }
  if (code === 'LINK_LOCAL') {
    const message = `${place.operation}: its address is link-local, where nothing is sent`
    return new DeliveryError(message, { reason: 'refused', retryable: false, cause })
  }
  const timedOut = isTimeout(error) || TIMED_OUT.has(code ?? '')
  const what = timedOut ? 'no answer in time' : `no connection (${code ?? 'unknown'})`
  return new DeliveryError(`${place.operation}: ${what}`, {
    reason: timedOut ? 'timeout' : 'network',
    retryable: true,
    maybeAccepted,
    cause,
  })
}

function isTimeout(error: unknown): boolean {
  let current = error
  while (current instanceof Error) {
    if (current.name === 'TimeoutError') return true
    current = current.cause
  }
  return false
}

/** Wrappers come outside, what happened inside. */
function deepestCode(error: unknown): string | undefined {
  let code: string | undefined
  let current = error
  while (current instanceof Error) {
    code = codeOf(current) ?? code
    current = current.cause
  }
  return code
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3) → ms from `now`, or undefined. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  if (Number.isNaN(ms)) return undefined
  return Math.min(RETRY_AFTER_MS_MAX, Math.max(RETRY_AFTER_MS_MIN, ms))
}

// Owns how reading from the API fails: one classified error, and the words for it. Not the waits.

/** The same words as in the metric `tocsin_errors_total{stage="read",reason}`. */
export type SourceFailure =
  | 'unauthorized'
  | 'forbidden'
  | 'rate-limited'
  | 'server-error'
  | 'bad-answer'
  | 'network'
  | 'timeout'
  | 'refused-window'
  | 'bad-request'

/** What may go away by itself; the others need somebody, or a different request. */
const RETRYABLE: ReadonlySet<SourceFailure> = new Set([
  'rate-limited',
  'server-error',
  'bad-answer',
  'network',
  'timeout',
])

export type SourceErrorOptions = {
  readonly reason: SourceFailure
  readonly status?: number | undefined
  /** What the API asked for in `Retry-After`. */
  readonly retryAfterMs?: number | undefined
  /** What to check or to do about it: one sentence for a person. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** A call of the API that failed. The message names the call and never holds a secret. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly reason: SourceFailure
  /** Stable, for programs: `SOURCE_RATE_LIMITED` for the reason `rate-limited`. */
  readonly code: string
  /** Whether the same request may succeed later though nobody does anything. */
  readonly retryable: boolean
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly hint: string | undefined

  constructor(message: string, options: SourceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = options.reason
    this.code = `SOURCE_${options.reason.toUpperCase().replaceAll('-', '_')}`
    this.retryable = RETRYABLE.has(options.reason)
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
    this.hint = options.hint
  }
}

/** Settings with which no request can be made: an address or credentials of the wrong form. */
export class SourceConfigError extends Error {
  override readonly name = 'SourceConfigError'
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.remedy = remedy
  }
}

/** Where in a collection a request pointed: a refusal there can be about the place. */
export type RequestPlace = { readonly offset: number; readonly limit: number }

/** Every API takes this many rows at once; a refusal of more may be about the number. */
export const LIMIT_SAFE = 100

/** From this offset on a plain 500 may mean "result window too large" (Elasticsearch before 7). */
const OFFSET_HIGH = 1_000

const WINDOW_TOO_LARGE = /result window is too large|max_result_window/i

/** Why an answer other than 200 failed, from its status, its text and what was asked for. */
export function classifyStatus(status: number, body: string, place?: RequestPlace): SourceFailure {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 429) return 'rate-limited'
  if (status === 408) return 'timeout'
  // Only a window can be asked for in smaller parts.
  if (place !== undefined && WINDOW_TOO_LARGE.test(body)) return 'refused-window'
  const unusual = place !== undefined && (place.offset > 0 || place.limit > LIMIT_SAFE)
  if (status >= 400 && status < 500) return unusual ? 'refused-window' : 'bad-request'
  const far = place !== undefined && (place.offset >= OFFSET_HIGH || place.limit > LIMIT_SAFE)
  if (status === 500 && far) return 'refused-window'
  return status >= 500 ? 'server-error' : 'bad-answer'
}

const SECOND_FACTOR = /\b(2fa|mfa|two.?factor|2.?factor|multi.?factor|second factor)\b/i

const TOKEN_ADVICE = 'create a token in the DCD (Management > Token Manager) and set IONOS_TOKEN'

/** What a person should check when the credentials were refused. */
export function hintForRefusal(
  reason: 'unauthorized' | 'forbidden',
  kind: 'token' | 'token-file' | 'basic',
  body: string,
): string {
  if (kind === 'basic') {
    return SECOND_FACTOR.test(body)
      ? `two-factor authentication is on for this user, so user name and password are refused: ${TOKEN_ADVICE}`
      : `check IONOS_USERNAME and IONOS_PASSWORD; users with two-factor authentication need a token: ${TOKEN_ADVICE}`
  }
  if (reason === 'forbidden') {
    return 'check the privilege: the user needs to be owner or administrator, or in a group with "Access Activity Log"'
  }
  const where = kind === 'token' ? 'IONOS_TOKEN' : 'the file IONOS_TOKEN_FILE names'
  return `check the token in ${where}: it may have expired or been deleted; ${TOKEN_ADVICE}`
}

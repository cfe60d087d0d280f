// Owns reading answers of Slack's Web API: HTTP status, or 200 with a word → DeliveryError.
import { type FailurePlace, failureOfStatus, parseRetryAfter } from './http-failure.ts'
import type { PostAnswer } from './http-post.ts'
import { DeliveryError, type DeliveryFailure } from './receiver.ts'

type Verdict = {
  readonly reason: DeliveryFailure
  readonly retryable: boolean
  readonly maybeAccepted?: boolean
}

const UNAUTHORIZED: Verdict = { reason: 'unauthorized', retryable: false }
const UNAVAILABLE: Verdict = { reason: 'server-error', retryable: true }
/** docs.slack.dev says that a part may have worked. */
const BROKEN: Verdict = { ...UNAVAILABLE, maybeAccepted: true }

/** docs.slack.dev/reference/methods/chat.postMessage; what is not here is refused for good. */
const WORD_VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ['ratelimited', { reason: 'rate-limited', retryable: true }],
  ['rate_limited', { reason: 'rate-limited', retryable: true }],
  ['message_limit_exceeded', { reason: 'rate-limited', retryable: true }],
  ['internal_error', BROKEN],
  ['fatal_error', BROKEN],
  ['request_timeout', UNAVAILABLE],
  ['service_unavailable', UNAVAILABLE],
  ['team_added_to_org', UNAVAILABLE],
  ['not_authed', UNAUTHORIZED],
  ['invalid_auth', UNAUTHORIZED],
  ['account_inactive', UNAUTHORIZED],
  ['token_revoked', UNAUTHORIZED],
  ['token_expired', UNAUTHORIZED],
  ['no_permission', UNAUTHORIZED],
  ['missing_scope', UNAUTHORIZED],
  ['access_denied', UNAUTHORIZED],
  ['not_allowed_token_type', UNAUTHORIZED],
  ['ekm_access_denied', UNAUTHORIZED],
  ['org_login_required', UNAUTHORIZED],
])

/** What Slack says no to in one word, which decides what is done about it. */
export class SlackRefusal extends Error {
  readonly word: string
  constructor(word: string) {
    super(`Slack: ${word}`)
    this.word = word
  }
}

/** Where the message is. Throws a DeliveryError for no real answer, a SlackRefusal for a word. */
export function readSlackAnswer(
  place: FailurePlace,
  answer: PostAnswer,
  now: number,
): { readonly channel: string; readonly ts: string } {
  const { status, text } = answer
  if (status < 200 || status >= 300) {
    const retryAfterMs = parseRetryAfter(answer.header('retry-after'), now)
    throw failureOfStatus(place, { status, retryAfterMs })
  }
  const { ok, error, channel, ts } = parseAnswer(text)
  if (ok === true && typeof channel === 'string' && typeof ts === 'string') return { channel, ts }
  if (ok === false && typeof error === 'string' && /^[a-z_]{3,60}$/.test(error)) {
    throw new SlackRefusal(error)
  }
  // A proxy's log-in page comes with 200 as well.
  throw new DeliveryError(`${place.operation}: ${status}, but no answer of Slack's`, {
    reason: 'server-error',
    retryable: true,
    maybeAccepted: true,
  })
}

export function failureOfSlackAnswer(place: FailurePlace, word: string): DeliveryError {
  const verdict = WORD_VERDICTS.get(word) ?? { reason: 'refused', retryable: false }
  return new DeliveryError(`${place.operation}: ${word}`, verdict)
}

function parseAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

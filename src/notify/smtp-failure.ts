// Owns how a failed mail is classified: SMTP reply or network error → DeliveryError.
import { DeliveryError, type DeliveryFailure } from './receiver.ts'
import { type FailurePlace, isBeforeConnected } from './http-failure.ts'
import { codeOf, redactError } from './redact.ts'

/** Replies that say who we are, not what we sent, is the trouble (RFC 4954, 6). */
const UNAUTHORIZED_REPLIES: ReadonlySet<number> = new Set([530, 534, 535, 538])

/** Steps before a message is named: a 5xx here is about the connection and can pass. */
const SETUP_COMMANDS: ReadonlySet<string> = new Set(['CONN', 'EHLO', 'HELO', 'STARTTLS'])

/** What nodemailer adds to its errors, all of it optional. */
type MailError = {
  readonly responseCode: number | undefined
  readonly command: string
  /** Nodemailer's word for the step that failed. */
  readonly code: string
  /** The system's word for what happened, where there is one. */
  readonly detail: string
  readonly timeoutType: string | undefined
}

/** The error for a mail that was not accepted. `cancelled` is the caller's signal. */
export function failureOfMail(
  place: FailurePlace,
  error: unknown,
  cancelled: AbortSignal,
): DeliveryError {
  const cause = redactError(error, place.secrets)
  const details = readDetails(error)
  if (cancelled.aborted) {
    return failure(place, 'cancelled', { reason: 'aborted', retryable: true, cause }, details)
  }
  const { responseCode, code, detail } = details
  if (responseCode !== undefined) {
    return failure(place, `reply ${responseCode}`, { ...replyVerdict(details), cause }, details)
  }
  if (code === 'EAUTH' || code === 'ENOAUTH') {
    const verdict = { reason: 'unauthorized', retryable: false, cause } as const
    return failure(place, 'no way to log in', verdict, details)
  }
  if (code === 'ETIMEDOUT' || code === 'EABORT') {
    const verdict = { reason: 'timeout', retryable: true, cause } as const
    return failure(place, 'no answer in time', verdict, details)
  }
  const verdict = { reason: 'network', retryable: true, cause } as const
  return failure(place, `no connection (${detail})`, verdict, details)
}

type Verdict = {
  readonly reason: DeliveryFailure
  readonly retryable: boolean
  readonly cause: Error
}

function failure(
  place: FailurePlace,
  what: string,
  verdict: Verdict,
  details: MailError,
): DeliveryError {
  return new DeliveryError(`${place.operation}: ${what}`, {
    ...verdict,
    maybeAccepted: maybeAccepted(details),
  })
}

function replyVerdict({ responseCode = 0, command }: MailError): Omit<Verdict, 'cause'> {
  if (UNAUTHORIZED_REPLIES.has(responseCode)) return { reason: 'unauthorized', retryable: false }
  const passing = responseCode < 500 || responseCode === 503 || SETUP_COMMANDS.has(command)
  return passing
    ? { reason: 'server-error', retryable: true }
    : { reason: 'refused', retryable: false }
}

const NEVER_SENT_CODES: ReadonlySet<string> = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH'])
const NEVER_SENT_TIMEOUTS: ReadonlySet<string> = new Set(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT'])

/** A connection that was cut without a reply may have been cut after the mail was taken. */
function maybeAccepted({ responseCode, code, detail, timeoutType }: MailError): boolean {
  if (responseCode !== undefined || NEVER_SENT_CODES.has(code)) return false
  return !isBeforeConnected(detail) && !NEVER_SENT_TIMEOUTS.has(timeoutType ?? '')
}

function readDetails(error: unknown): MailError {
  const given: Record<string, unknown> =
    error instanceof Error ? Object.fromEntries(Object.entries(error)) : {}
  const code = codeOf(error) ?? 'unknown'
  return {
    responseCode: typeof given.responseCode === 'number' ? given.responseCode : undefined,
    command: typeof given.command === 'string' ? given.command : '',
    code,
    detail: typeof given.originalCode === 'string' ? given.originalCode : code,
    timeoutType: typeof given.timeoutType === 'string' ? given.timeoutType : undefined,
  }
}

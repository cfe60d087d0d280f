// Owns turning answers and broken connections into SourceErrors with words that help, and without
// secrets. Which status means what: errors.ts.
import { errors } from 'undici'
import type { Credentials } from './credentials.ts'
import { classifyStatus, hintForRefusal, SourceError } from './errors.ts'
import type { RequestPlace, SourceFailure } from './errors.ts'

/** An answer that is not 200. */
export type Refusal = {
  readonly status: number
  readonly retryAfter: string | string[] | undefined
  readonly body: string
}

/** Of an error's text only this much is shown. */
const EXCERPT_LENGTH_MAX = 200

/** `call` names what was asked, `place` where in a collection, `nowMs` is for dates to wait for. */
export function refusalError(
  call: { readonly name: string; readonly place?: RequestPlace },
  answer: Refusal,
  context: { readonly credentials: Credentials; readonly nowMs: number },
): SourceError {
  const { status, body } = answer
  const { credentials, nowMs } = context
  const reason = classifyStatus(status, body, call.place)
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs)
  const refused = reason === 'unauthorized' || reason === 'forbidden'
  const said = excerpt(body, credentials)
  const wait = retryAfterMs === undefined ? '' : `, retry in ${Math.ceil(retryAfterMs / 1_000)} s`
  return new SourceError(`${call.name}: ${status}${wait}${said === '' ? '' : ` (${said})`}`, {
    reason,
    status,
    retryAfterMs,
    hint: refused ? hintForRefusal(reason, credentials.kind, body) : hintForStatus(status),
  })
}

function hintForStatus(status: number): string | undefined {
  if (status >= 300 && status < 400) return 'the address redirects: check IONOS_API_URL'
  if (status === 404) return 'check the contract number and IONOS_API_URL'
  return undefined
}

/** An answer that came with 200 and can't be used. */
export function badAnswerError(call: string, what: string): SourceError {
  return new SourceError(`${call}: ${what}`, {
    reason: 'bad-answer',
    hint: 'if this stays, check IONOS_API_URL and any proxy between here and the API',
  })
}

/** A connection that could not be made, or broke, or was too slow. */
export function transportError(
  { name: call, place }: { readonly name: string; readonly place?: RequestPlace },
  error: unknown,
  credentials: Credentials,
): SourceError {
  const found = classifyTransport(error)
  // Only a window can be asked for in smaller parts.
  const isNoWindow = found.reason === 'refused-window' && place === undefined
  const { reason, hint } = isNoWindow ? { reason: 'bad-answer' as const, hint: undefined } : found
  const code = codeOf(error)
  const text = error instanceof Error ? credentials.redact(error.message) : 'failed'
  const what = code !== undefined && !text.includes(code) ? `${code} (${text})` : text
  return new SourceError(`${call}: ${what}`, { reason, hint, cause: error })
}

function classifyTransport(error: unknown): {
  reason: SourceFailure
  hint?: string
} {
  if (error instanceof errors.ResponseExceededMaxSizeError) return { reason: 'refused-window' }
  const timedOut =
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    (error instanceof DOMException && error.name === 'TimeoutError')
  if (timedOut) return { reason: 'timeout' }
  const code = codeOf(error) ?? ''
  const hint = /CERT|SELF_SIGNED|VERIFY/.test(code)
    ? 'the certificate is not trusted: name the authority with NODE_EXTRA_CA_CERTS'
    : 'check the network, the name server and HTTPS_PROXY'
  return { reason: 'network', hint }
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return typeof code === 'string' && code !== '' ? code : undefined
}

/** `Retry-After` in ms: seconds, or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(
  header: string | string[] | undefined,
  nowMs: number,
): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

export function isHtml(body: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body)
}

/** The words of an error's body, for people: no markup, no secrets, nothing that moves a cursor. */
function excerpt(body: string, credentials: Credentials): string {
  const start = body.slice(0, EXCERPT_LENGTH_MAX * 20)
  const plain = isHtml(start)
    ? start.replace(/<(style|script)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ')
    : start
  const clean = credentials.redact(plain).replace(/[\p{C}\s]+/gu, ' ')
  const text = clean.trim()
  return text.length > EXCERPT_LENGTH_MAX ? `${text.slice(0, EXCERPT_LENGTH_MAX)}…` : text
}

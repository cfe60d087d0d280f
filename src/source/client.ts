// Owns the requests to the Activity Log API and what counts as an answer. One call is one
// request: repeating, paging and waiting are for others (patient-pages.ts, page-reader.ts).
import { Agent, type Dispatcher, EnvHttpProxyAgent, errors, request } from 'undici'
import type { Clock } from '../core/clock.ts'
import { parseContracts, parseInfo, parsePage } from './answer.ts'
import type { Page, ServiceInfo } from './answer.ts'
import { parseApiUrl } from './api-url.ts'
import type { Credentials } from './credentials.ts'
import { classifyStatus, hintForRefusal, SourceError } from './errors.ts'
import type { RequestPlace, SourceFailure } from './errors.ts'
import { parseJsonExact } from './exact-json.ts'
import { formatTime, formatWindow } from './window.ts'

/** One page of the entries of `[fromMs, toMs)`; both are whole seconds. */
export type PageRequest = RequestPlace & { readonly fromMs: number; readonly toMs: number }

/** The API's three calls. Each throws a SourceError, or the signal's reason when it aborts. */
export type ActivityLogClient = {
  /** Numbers of the contracts the credentials reach, as strings with all of their digits. */
  contracts(signal: AbortSignal): Promise<readonly string[]>
  page(contract: string, at: PageRequest, signal: AbortSignal): Promise<Page>
  info(signal: AbortSignal): Promise<ServiceInfo>
  close(): Promise<void>
}

export type ClientTimeouts = {
  readonly connectMs: number
  readonly headersMs: number
  /** Longest silence within a body. */
  readonly bodyMs: number
  /** Longest time of one request in all, so that an answer that drips can't hold a reader. */
  readonly totalMs: number
}

export type ClientOptions = {
  readonly baseUrl: string
  readonly credentials: Credentials
  readonly clock: Clock
  readonly timeouts?: Partial<ClientTimeouts>
  /** `X-Contract-Number`: always, or (`auto`) once several contracts turned out to be reachable. */
  readonly contractHeader?: 'always' | 'auto'
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
}

const TIMEOUTS: ClientTimeouts = {
  connectMs: 5_000,
  headersMs: 15_000,
  bodyMs: 30_000,
  totalMs: 120_000,
}

/** A page of 100 entries has some 100 kB; beyond this an answer is a fault, not data. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Of an error's text only this much is shown. */
const EXCERPT_LENGTH_MAX = 200

/** Throws a SourceConfigError when the address can't be used. */
export function createActivityLogClient(options: ClientOptions): ActivityLogClient {
  const base = parseApiUrl(options.baseUrl)
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const dispatcher = createDispatcher(base, timeouts, options)
  const { credentials } = options
  let sendContract = options.contractHeader === 'always'

  const exchange = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    const authorization = await credentials.authorization()
    const url = new URL(`${base.href}${call.path}`)
    const headers = { accept: 'application/json', 'user-agent': 'tocsin', authorization }
    const contract = sendContract && call.contract !== undefined ? call.contract : undefined
    return await withDeadline(timeouts.totalMs, signal, async (both) => {
      const answer = await request(url, {
        dispatcher,
        method: 'GET',
        headers: contract === undefined ? headers : { ...headers, 'x-contract-number': contract },
        signal: both,
      })
      const { statusCode: status } = answer
      return { status, retryAfter: answer.headers['retry-after'], body: await answer.body.text() }
    })
  }

  /** Sends once, and once more when a refusal made a token file show another token. */
  const send = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted()
    try {
      const answer = await exchange(call, signal)
      const refused = answer.status === 401 || answer.status === 403
      if (!refused || !(await credentials.refresh())) return answer
      return await exchange(call, signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw error instanceof SourceError ? error : transportError(call.name, error, credentials)
    }
  }

  const get = async (call: Call, signal: AbortSignal): Promise<unknown> => {
    const answer = await send(call, signal)
    if (answer.status !== 200) throw refusal(call, answer, options)
    try {
      return parseJsonExact(answer.body)
    } catch {
      const what = isHtml(answer.body) ? 'HTML' : 'something that is no JSON'
      throw badAnswer(call.name, `answered 200 with ${what}`)
    }
  }

  return {
    async contracts(signal) {
      const call = { name: 'list contracts', path: '/contracts' }
      const contracts = parseContracts(await get(call, signal))
      if (contracts === undefined) throw badAnswer(call.name, 'answered with no list of contracts')
      if (contracts.length > 1) sendContract = true
      return contracts
    },
    async page(contract, at, signal) {
      const call = pageCall(contract, at)
      const page = parsePage(await get(call, signal))
      if (page === undefined) throw badAnswer(call.name, 'answered without hits and their total')
      return page
    },
    async info(signal) {
      const call = { name: 'read service information', path: '' }
      const info = parseInfo(await get(call, signal))
      if (info === undefined) throw badAnswer(call.name, 'answered with no service information')
      return info
    },
    close: async () => await dispatcher.destroy(),
  }
}

type Call = {
  /** What messages call it, e.g. "read contract 1, …, offset 200". */
  readonly name: string
  readonly path: string
  readonly contract?: string
  readonly place?: RequestPlace
}

type Answer = {
  readonly status: number
  readonly retryAfter: string | string[] | undefined
  readonly body: string
}

function pageCall(contract: string, at: PageRequest): Call {
  const query = new URLSearchParams({
    dateStart: formatTime(at.fromMs),
    dateEnd: formatTime(at.toMs),
    offset: String(at.offset),
    limit: String(at.limit),
  })
  const window = formatWindow({ from: at.fromMs, to: at.toMs })
  return {
    name: `read contract ${contract}, ${window}, offset ${at.offset}`,
    path: `/contracts/${encodeURIComponent(contract)}?${query.toString()}`,
    contract,
    place: at,
  }
}

function createDispatcher(
  base: URL,
  timeouts: ClientTimeouts,
  proxy: Pick<ClientOptions, 'httpsProxy' | 'noProxy'>,
): Dispatcher {
  const connect = { timeout: timeouts.connectMs }
  const common = {
    connect,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.bodyMs,
    maxResponseSize: ANSWER_BYTES_MAX,
    // HTTP/2 would put all requests on one connection: one cut would then fail all of them.
    allowH2: false,
  }
  if (base.protocol === 'http:' || !proxy.httpsProxy) return new Agent(common)
  // Every value is given, so that undici doesn't look into process.env.
  return new EnvHttpProxyAgent({
    ...common,
    proxyTls: connect,
    requestTls: connect,
    httpProxy: '',
    httpsProxy: proxy.httpsProxy,
    noProxy: proxy.noProxy ?? '',
  })
}

/** Runs `work` with a signal that also aborts after `ms`; its reason is then a TimeoutError. */
async function withDeadline<T>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const controller = new AbortController()
  const abort = (): void => controller.abort(outer.reason)
  const timer = setTimeout(
    () => controller.abort(new DOMException(`no whole answer within ${ms} ms`, 'TimeoutError')),
    ms,
  )
  outer.addEventListener('abort', abort, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', abort)
  }
}

function refusal(call: Call, answer: Answer, options: ClientOptions): SourceError {
  const { status, body } = answer
  const { kind } = options.credentials
  const reason = classifyStatus(status, body, call.place)
  const retryAfterMs = parseRetryAfter(answer.retryAfter, options.clock.now())
  const refused = reason === 'unauthorized' || reason === 'forbidden'
  const said = excerpt(body, options.credentials)
  const wait = retryAfterMs === undefined ? '' : `, retry in ${Math.ceil(retryAfterMs / 1_000)} s`
  return new SourceError(`${call.name}: ${status}${wait}${said === '' ? '' : ` (${said})`}`, {
    reason,
    status,
    retryAfterMs,
    hint: refused ? hintForRefusal(reason, kind, body) : hintForStatus(status),
  })
}

function hintForStatus(status: number): string | undefined {
  if (status >= 300 && status < 400) return 'the address redirects: check IONOS_API_URL'
  if (status === 404) return 'check the contract number and IONOS_API_URL'
  return undefined
}

function badAnswer(call: string, what: string): SourceError {
  return new SourceError(`${call}: ${what}`, {
    reason: 'bad-answer',
    hint: 'if this stays, check IONOS_API_URL and any proxy between here and the API',
  })
}

function transportError(call: string, error: unknown, credentials: Credentials): SourceError {
  const { reason, hint } = classifyTransport(error)
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

function isHtml(body: string): boolean {
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

// Owns sending one request with credentials: connection, time limits, token file, contract header.
// What the answer means: client.ts; how a refusal is worded: failure.ts.
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import type { Credentials } from './credentials.ts'
import { SourceError } from './errors.ts'
import { type Refusal, transportError } from './failure.ts'

export type Timeouts = {
  readonly connectMs: number
  readonly headersMs: number
  /** Longest silence within a body. */
  readonly bodyMs: number
  /** Longest time of one request in all, so that an answer that drips can't hold a reader. */
  readonly totalMs: number
}

export type TransportOptions = {
  readonly base: URL
  readonly credentials: Credentials
  readonly timeouts: Partial<Timeouts> | undefined
  /** `X-Contract-Number` from the first request on; else once it turns out to be needed. */
  readonly sendContract: boolean
  readonly httpsProxy: string | undefined
  readonly noProxy: string | undefined
}

/** One thing asked of the API. */
export type Call = {
  /** What messages call it, e.g. "read contract 1, …, offset 200". */
  readonly name: string
  /** Below the address of the API, with its query. */
  readonly path: string
  readonly contract?: string
  readonly place?: { readonly offset: number; readonly limit: number }
}

export type Answer = Refusal

export type Transport = {
  /** The answer, whatever its status. Throws a SourceError, or the signal's reason. */
  send(call: Call, signal: AbortSignal): Promise<Answer>
  /** From now on every call names its contract. */
  nameContracts(): void
  close(): Promise<void>
}

const TIMEOUTS: Timeouts = {
  connectMs: 5_000,
  headersMs: 15_000,
  bodyMs: 30_000,
  totalMs: 120_000,
}

/** A page of 100 entries has some 100 kB; beyond this an answer is a fault, not data. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

export function createTransport(options: TransportOptions): Transport {
  const { base, credentials } = options
  const timeouts = { ...TIMEOUTS, ...options.timeouts }
  const dispatcher = createDispatcher(base, timeouts, options)
  let sendContract = options.sendContract

  const exchange = async (call: Call, withContract: boolean, outer: AbortSignal) => {
    const authorization = await credentials.authorization()
    const headers = { accept: 'application/json', 'user-agent': 'tocsin', authorization }
    const named = withContract && call.contract !== undefined
    return await withDeadline(timeouts.totalMs, outer, async (signal) => {
      const answer = await request(new URL(`${base.href}${call.path}`), {
        dispatcher,
        method: 'GET',
        headers: named ? { ...headers, 'x-contract-number': call.contract } : headers,
        signal,
      })
      const { statusCode: status } = answer
      return { status, retryAfter: answer.headers['retry-after'], body: await answer.body.text() }
    })
  }

  /** Asks once more where that may help: a token file that changed, a contract to be named. */
  const attempt = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    const first = await exchange(call, sendContract, signal)
    if (first.status !== 401 && first.status !== 403) return first
    if (await credentials.refresh()) return await exchange(call, sendContract, signal)
    if (first.status !== 403 || call.contract === undefined || sendContract) return first
    const named = await exchange(call, true, signal)
    if (named.status === 200) sendContract = true
    return named
  }

  return {
    async send(call, signal) {
      signal.throwIfAborted()
      try {
        return await attempt(call, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw error instanceof SourceError ? error : transportError(call, error, credentials)
      }
    },
    nameContracts: () => {
      sendContract = true
    },
    close: async () => await dispatcher.destroy(),
  }
}

function createDispatcher(
  base: URL,
  timeouts: Timeouts,
  proxy: Pick<TransportOptions, 'httpsProxy' | 'noProxy'>,
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

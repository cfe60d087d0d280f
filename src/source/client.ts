// Owns the calls of the Activity Log API and what counts as an answer to each. One call is one
// request: repeating, paging and waiting are for others (patient.ts, page-reader.ts).
import type { Clock } from '../core/clock.ts'
import { parseContracts, parseInfo, parsePage } from './answer.ts'
import type { Page, ServiceInfo } from './answer.ts'
import { parseApiUrl } from './api-url.ts'
import type { Credentials } from './credentials.ts'
import type { RequestPlace } from './errors.ts'
import { parseJsonExact } from './exact-json.ts'
import { badAnswerError, isHtml, refusalError } from './failure.ts'
import { type Call, createTransport, type Timeouts } from './transport.ts'
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

export type ClientOptions = {
  readonly baseUrl: string
  readonly credentials: Credentials
  readonly clock: Clock
  readonly timeouts?: Partial<Timeouts>
  /** `X-Contract-Number`: always, or (`auto`) once several contracts turned out to be reachable
   * or a contract was refused without it. */
  readonly contractHeader?: 'always' | 'auto'
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
}

/** Throws a SourceConfigError when the address can't be used. */
export function createActivityLogClient(options: ClientOptions): ActivityLogClient {
  const { credentials, clock } = options
  const transport = createTransport({
    base: parseApiUrl(options.baseUrl),
    credentials,
    timeouts: options.timeouts,
    sendContract: options.contractHeader === 'always',
    httpsProxy: options.httpsProxy,
    noProxy: options.noProxy,
  })

  const get = async (call: Call, signal: AbortSignal): Promise<unknown> => {
    const answer = await transport.send(call, signal)
    if (answer.status !== 200) {
      throw refusalError(call, answer, { credentials, nowMs: clock.now() })
    }
    try {
      return parseJsonExact(answer.body)
    } catch {
      const what = isHtml(answer.body) ? 'HTML' : 'something that is no JSON'
      throw badAnswerError(call.name, `answered 200 with ${what}`)
    }
  }

  return {
    async contracts(signal) {
      const call = { name: 'list contracts', path: '/contracts' }
      const contracts = parseContracts(await get(call, signal))
      if (contracts === undefined) throw badAnswerError(call.name, 'answered with no list')
      if (contracts.length > 1) transport.nameContracts()
      return contracts
    },
    async page(contract, at, signal) {
      const call = pageCall(contract, at)
      const page = parsePage(await get(call, signal))
      if (page === undefined)
        throw badAnswerError(call.name, 'answered without hits and their total')
      return page
    },
    async info(signal) {
      const call = { name: 'read service information', path: '' }
      const info = parseInfo(await get(call, signal))
      if (info === undefined) throw badAnswerError(call.name, 'answered with no information')
      return info
    },
    close: async () => await transport.close(),
  }
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

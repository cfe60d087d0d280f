// Owns the HTTP face: routes, and sending answers whole, late, cut or not at all. What they say: answer.ts.
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/clock.ts'
import { nameFaults } from './answer-fault.ts'
import type { AnswerPlan, Planner } from './answer-fault.ts'
import { describeApi, fail, listContracts, listHits, refuse, refuseOffset } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Faults } from './faults.ts'
import { isAuthorized, parseQuery } from './query.ts'
import type { Credentials } from './query.ts'
import type { RequestLog } from './request-log.ts'
import type { Contract } from './scenario.ts'
import type { Store } from './store.ts'

export type ApiOptions = {
  readonly contracts: readonly Contract[]
  readonly store: Store
  readonly credentials: Credentials
  readonly clock: Clock
  /** Aborts when the simulator stops: answers that are being slow end. */
  readonly signal: AbortSignal
  readonly limitMax: number
  readonly offsetCounts: 'rows' | 'pages'
  faults(): Faults
  readonly planner: Planner
  readonly requestLog: RequestLog
}

const BASE = '/activitylog/v1'

export function createApi(options: ApiOptions): FastifyInstance {
  const api = fastify({
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true },
  })
  const { clock } = options

  const note = (request: FastifyRequest, answer: Answer | undefined, plan?: AnswerPlan) =>
    options.requestLog.note({
      atMs: clock.now(),
      method: request.method,
      url: request.url,
      status: answer?.status,
      faults: plan === undefined ? [] : nameFaults(plan),
    })

  const plainly = (request: FastifyRequest, reply: FastifyReply, answer: Answer) => {
    note(request, answer)
    return send(reply, answer)
  }

  /** Answers a request that needs credentials, as the plan for it wants. */
  async function guarded(
    request: FastifyRequest,
    reply: FastifyReply,
    answer: (plan: AnswerPlan) => Answer,
  ): Promise<unknown> {
    if (!isAuthorized(request.headers.authorization, options.credentials)) {
      return plainly(request, reply, refuse(401))
    }
    const plan = options.planner.next()
    if (plan.slowMs > 0) await clock.sleep(plan.slowMs, options.signal)
    if (plan.reset) {
      note(request, undefined, plan)
      reply.hijack()
      request.raw.socket.resetAndDestroy()
      return reply
    }
    const given = plan.status === undefined ? answer(plan) : fail(plan.status, plan.retryAfterMs)
    note(request, given, plan)
    return plan.cut ? sendHalf(reply, given) : send(reply, given)
  }

  api.get(BASE, (request, reply) => plainly(request, reply, describeApi(hrefOf(request))))
  api.get(`${BASE}/contracts`, (request, reply) =>
    guarded(request, reply, () => listContracts(options.contracts, hrefOf(request))),
  )
  api.get<{ Params: { number: string } }>(`${BASE}/contracts/:number`, (request, reply) =>
    guarded(request, reply, (plan) => answerWindow(options, request, plan)),
  )
  api.setNotFoundHandler((request, reply) =>
    plainly(request, reply, refuse(request.method === 'GET' ? 404 : 405)),
  )
  api.setErrorHandler((_, request, reply) => plainly(request, reply, refuse(400)))
  return api
}

function answerWindow(
  options: ApiOptions,
  request: FastifyRequest<{ Params: { number: string } }>,
  plan: AnswerPlan,
): Answer {
  const { number } = request.params
  const named = request.headers['x-contract-number']
  const contract = options.contracts.find((one) => one.number === number)
  if (contract === undefined) return refuse(403, `no access to contract ${number}`)
  if (contract.headerNeeded && named !== number) {
    return refuse(403, `contract ${number} needs X-Contract-Number`)
  }
  if (named !== undefined && !options.contracts.some((one) => one.number === named)) {
    return refuse(403, 'X-Contract-Number names a contract without access')
  }
  const { query: written, problem } = parseQuery(request.query, options.limitMax)
  if (written === undefined) return refuse(400, problem)
  const rowsOffset = written.offset * (options.offsetCounts === 'pages' ? written.limit : 1)
  const query = { ...written, offset: rowsOffset }
  const { ceiling } = options.faults()
  if (ceiling !== undefined && query.offset + query.limit > ceiling.rows) {
    return refuseOffset(query, ceiling)
  }
  return listHits(options.store.view(contract, query.span), query, plan)
}

function hrefOf(request: FastifyRequest): string {
  return `http://${request.host}${BASE}`
}

function send(reply: FastifyReply, { status, type, body, headers = {} }: Answer): FastifyReply {
  return reply.code(status).headers(headers).type(`${type}; charset=utf-8`).send(body)
}

/** Promises the whole body, sends half of it, and hangs up. */
function sendHalf(reply: FastifyReply, { status, type, body }: Answer): FastifyReply {
  const bytes = Buffer.from(body)
  const { raw } = reply.hijack()
  raw.writeHead(status, { 'content-type': type, 'content-length': bytes.length })
  raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => raw.socket?.destroy())
  return reply
}

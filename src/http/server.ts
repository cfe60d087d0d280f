// Owns the HTTP server: the order in which a request passes door, limits and route, and how every
// failure is answered. What the routes do is theirs; where they are listed, routes.ts.
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import {
  findToken,
  isSafe,
  type Knock,
  LOCAL_PRINCIPAL,
  type Principal,
  refusePlace,
  refuseSession,
  roleAllows,
} from './door.ts'
import type { HttpConfig } from './http-config.ts'
import { HttpProblem, problemBody, problemStatus, toProblem } from './problem.ts'
import type { Route } from './route.ts'
import { parsePart } from './request-part.ts'
import { openSession, SESSION_COOKIE } from './session.ts'
import { registerShell } from './shell.ts'

export type ServerParts = {
  readonly config: HttpConfig
  readonly clock: Clock
  readonly log: Log
  readonly routes: readonly Route[]
  /** Where the built console lies; undefined: it was not built. */
  readonly consoleFolder: string | undefined
  /** What else is served, behind the same door. */
  readonly plugins?: readonly ((server: FastifyInstance) => void)[]
}

/** Bodies are rules and entries written by people. */
const BODY_BYTES_MAX = 512 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const RATE_WINDOW_MS = 60_000
/** For one person: a page asks a few times, a playground several times a second. */
const REQUESTS_PER_WINDOW_MAX = 1_200
/** For one address without a token: pages and attempts to log in. */
const STRANGERS_REQUESTS_PER_WINDOW_MAX = 240
/** Addresses and names whose requests are counted at a time. */
const RATE_KEYS_MAX = 5_000

const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    // For the frame that shows a mail: mail programs drop style sheets, so mails have attributes.
    styleSrcAttr: ["'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
    trustedTypes: ['mail-frame'],
  },
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | undefined
  }
}

/** The server, not yet listening. */
export async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { config, log, routes } = parts
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    return503OnClosing: true,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
  })
  server.decorateRequest('principal', undefined)
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, log))
  server.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new HttpProblem('not-found', 'look at /api/openapi.json')),
  )
  // JSON alone is read: what a form of another page can send, is not.
  server.removeContentTypeParser('text/plain')
  await server.register(cookie)
  server.addHook('onRequest', async (request, reply) => {
    letIn(request, parts)
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  await server.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    // A browser that once saw TLS here must keep to it; without TLS browsers ignore it.
    strictTransportSecurity: config.publicUrl?.startsWith('https:')
      ? { maxAge: 31_536_000 }
      : false,
    referrerPolicy: { policy: 'no-referrer' },
  })
  await server.register(rateLimit, {
    timeWindow: RATE_WINDOW_MS,
    cache: RATE_KEYS_MAX,
    max: ({ principal }) =>
      principal === undefined ? STRANGERS_REQUESTS_PER_WINDOW_MAX : REQUESTS_PER_WINDOW_MAX,
    keyGenerator: ({ principal, ip }) => (principal === undefined ? ip : `name ${principal.name}`),
  })
  for (const route of routes) registerRoute(server, route, parts)
  for (const plugin of parts.plugins ?? []) plugin(server)
  await registerShell(server, parts.consoleFolder)
  return server
}

/** Refuses by place, and finds out who it is; whether that is enough, the route knows. */
function letIn(request: FastifyRequest, { config, clock }: ServerParts): void {
  const knock = knockOf(request)
  const refusal = refusePlace(knock, config)
  if (refusal !== undefined) throw new HttpProblem(refusal.code, refusal.detail)
  request.principal = principalOf(request, config, clock)
  if (request.principal === undefined) return
  const late = refuseSession(knock, request.principal)
  if (late !== undefined) throw new HttpProblem(late.code, late.detail)
}

function principalOf(
  request: FastifyRequest,
  { tokens }: HttpConfig,
  clock: Clock,
): Principal | undefined {
  if (tokens.length === 0) return LOCAL_PRINCIPAL
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const token = findToken(authorization, tokens)
    return token === undefined ? undefined : { name: token.name, role: token.role, via: 'token' }
  }
  const token = openSession(request.cookies[SESSION_COOKIE], tokens, clock.now())
  return token === undefined ? undefined : { name: token.name, role: token.role, via: 'session' }
}

function knockOf(request: FastifyRequest): Knock {
  const { headers, method, url } = request
  return {
    method,
    path: url.split('?', 1)[0] as string,
    host: headers.host,
    origin: headers.origin,
    fetchSite: textOf(headers['sec-fetch-site']),
    fetchMode: textOf(headers['sec-fetch-mode']),
  }
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}

/** Throws where the role does not allow it. For routes that don't go through registerRoute, too. */
export function demandRole(request: FastifyRequest, role: Route['role']): Principal {
  const { principal } = request
  if (role === 'anyone') return principal ?? { name: 'anyone', role: 'viewer', via: 'token' }
  if (principal === undefined) {
    const detail = 'send "Authorization: Bearer TOKEN", or open the console and sign in'
    throw new HttpProblem('unauthorized', detail)
  }
  if (!roleAllows(principal.role, role)) {
    const detail = `it needs the role ${role}, and ${principal.name} is ${principal.role}`
    throw new HttpProblem('forbidden', detail)
  }
  return principal
}

function registerRoute(server: FastifyInstance, route: Route, { config, log }: ServerParts): void {
  server.route({
    method: route.method,
    url: route.path,
    ...(route.bodyBytesMax !== undefined && { bodyLimit: route.bodyBytesMax }),
    ...(route.path === '/healthz' || route.path === '/readyz'
      ? { config: { rateLimit: false } }
      : {}),
    // Before the body is read: a stranger's is not.
    preParsing: async (request) => {
      demandRole(request, route.role)
    },
    handler: async (request, reply) => {
      const principal = demandRole(request, route.role)
      const answer = await route.handle({
        principal,
        params: parsePart(route.params, request.params, '/params'),
        query: parsePart(route.query, request.query, '/query'),
        body: parsePart(route.body, request.body, '/body'),
        ifMatch: request.headers['if-match'],
        isBrowser: request.headers['sec-fetch-mode'] !== undefined,
      })
      const status = answer.status ?? route.status ?? 200
      if (!isSafe(route.method)) {
        const { name, via } = principal
        log.info({ who: name, via, what: `${route.method} ${route.path}`, status }, 'asked to act')
      }
      if (answer.session !== undefined) setSession(answer.session, request, reply, config)
      reply.code(status).headers(answer.headers ?? {})
      return answer.body
    },
  })
}

/** No script reads it, no other site sends it, and behind TLS it never goes without. */
function setSession(
  session: { readonly value: string; readonly seconds: number },
  request: FastifyRequest,
  reply: FastifyReply,
  { publicUrl }: HttpConfig,
): void {
  const isTls = request.headers['x-forwarded-proto'] === 'https'
  reply.setCookie(SESSION_COOKIE, session.value, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isTls || (publicUrl?.startsWith('https:') ?? false),
    maxAge: session.seconds,
  })
}

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  const problem = toProblem(error)
  const { method } = request
  const path = request.routeOptions.url ?? 'unknown'
  if (problem.code === 'internal') log.error({ error, method, path }, 'request failed')
  else log.debug({ reason: problem.code, method, path }, 'request refused')
  return sendProblem(reply, problem)
}

function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  if (problem.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="tocsin"')
  return reply
    .code(problemStatus(problem.code))
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problemBody(problem)))
}

// Owns the server as its tests ask it: real sockets on this machine, and routes that only answer.
import { request as httpRequest } from 'node:http'
import { PassThrough } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import type { Clock } from '../../src/core/clock.ts'
import { parseConfig } from '../../src/config.ts'
import { healthRoutes } from '../../src/http/api/health.ts'
import { metricsPlugin } from '../../src/http/api/metrics.ts'
import { sessionRoutes } from '../../src/http/api/session.ts'
import type { HttpConfig } from '../../src/http/http-config.ts'
import { listen } from '../../src/http/listen.ts'
import { route } from '../../src/http/route.ts'
import { createServer } from '../../src/http/server.ts'
import { createLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'

export const TOKENS = {
  viewer: 'viewer-token-0123456789',
  responder: 'responder-token-0123456789',
  admin: 'admin-token-0123456789',
} as const

export const WITH_TOKENS = {
  tokens: Object.entries(TOKENS).map(([role, token]) => ({ name: `${role}-anna`, role, token })),
}

export function httpConfig(http: unknown): HttpConfig {
  const { config, problems } = parseConfig({ http }, {})
  if (config === undefined) throw new Error(JSON.stringify(problems))
  return { ...config.http, port: 0 }
}

export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON. */
  readonly json: Record<string, unknown>
}

export type Ask = (
  path: string,
  options?: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: unknown
  },
) => Promise<Reply>

export type TestServer = {
  readonly server: FastifyInstance
  readonly address: string
  readonly ask: Ask
  /** Everything that was logged. */
  readonly logged: () => string
  /** How often something was changed. */
  readonly changes: () => number
  close(): Promise<void>
}

export async function openTestServer(
  http: unknown = {},
  options: { readonly clock?: Clock; readonly consoleFolder?: string } = {},
): Promise<TestServer> {
  const config = httpConfig(http)
  const clock = options.clock ?? systemClock
  const output = new PassThrough()
  let logged = ''
  output.on('data', (chunk) => {
    logged += String(chunk)
  })
  const log = createLog({ level: 'debug', output })
  let changes = 0
  const change = (role: 'viewer' | 'responder' | 'admin', path: string) =>
    route({
      method: 'POST',
      path,
      role,
      summary: 'Changes something',
      body: z.strictObject({ comment: z.string().max(10).optional() }),
      answer: z.object({ changes: z.number() }),
      handle: async () => {
        changes += 1
        return { body: { changes } }
      },
    })
  const server = await createServer({
    config,
    clock,
    log,
    consoleFolder: options.consoleFolder,
    plugins: [metricsPlugin(createMetrics())],
    routes: [
      ...sessionRoutes(config, clock),
      ...healthRoutes({
        redis: async () => ({ ok: true, detail: 'answers' }),
        rules: () => ({ ok: true, detail: '1 rules' }),
        readers: () => [
          {
            contract: '31720001',
            state: 'blind',
            since: 0,
            mark: undefined,
            lastError: '401 from GET /activitylog',
          },
        ],
      }),
      change('responder', '/api/act'),
      change('admin', '/api/reload'),
      route({
        method: 'GET',
        path: '/api/fail',
        role: 'viewer',
        summary: 'Fails inside',
        answer: z.object({}),
        handle: async () => {
          throw new Error('the secret is swordfish')
        },
      }),
    ],
  })
  const address = await listen(server, config)
  return {
    server,
    address,
    ask: (path, ask) => askServer(address, path, ask),
    logged: () => logged,
    changes: () => changes,
    close: () => server.close(),
  }
}

/** fetch() would not let a test say what its Host is. */
export function askServer(
  address: string,
  path: string,
  options: Parameters<Ask>[1] = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = options
  const { hostname, port } = new URL(address)
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const type: Record<string, string> =
    typeof body === 'object' ? { 'content-type': 'application/json' } : {}
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers: { ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: answer,
            json: answer.startsWith('{') ? (JSON.parse(answer) as Record<string, unknown>) : {},
          })
        })
      },
    )
    request.on('error', reject)
    request.end(text)
  })
}

export function bearer(role: keyof typeof TOKENS): Record<string, string> {
  return { authorization: `Bearer ${TOKENS[role]}` }
}

// Owns the description of the API: an OpenAPI document made from the routes that are served.
import { z } from 'zod'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem details',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable, for programs.' },
    detail: { type: 'string', description: 'What to do, for people.' },
    faults: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
  required: ['type', 'title', 'status', 'code'],
}

const PLAIN_PATHS = {
  '/metrics': {
    get: {
      summary: 'What is counted, in the format of Prometheus',
      'x-role': 'viewer',
      security: [{ token: [] }],
      responses: { 200: { description: 'Metrics', content: { 'text/plain': {} } } },
    },
  },
  '/api/stream': {
    get: {
      summary: 'Server-sent events: that alerts changed',
      description:
        'An event `alerts` holds `{"ids": […]}`; ask for them then. It ends after 15 minutes: connect anew.',
      'x-role': 'viewer',
      security: [{ token: [] }, { session: [] }],
      responses: { 200: { description: 'Events', content: { 'text/event-stream': {} } } },
    },
  },
}

/** The whole document; `version` is that of the program. */
export function createOpenApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = structuredClone(PLAIN_PATHS)
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tocsin', version, description: 'Alerts from the IONOS Cloud Activity Log.' },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'tocsin_session' },
      },
    },
  }
}

function operationOf(route: Route): Json {
  const { summary, about, role, body, answer, status = 200 } = route
  return {
    summary,
    ...(about !== undefined && { description: about }),
    'x-role': role,
    ...(role !== 'anyone' && { security: [{ token: [] }, { session: [] }] }),
    parameters: parametersOf(route),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: {
      [status]: {
        description: 'OK',
        content: { 'application/json': { schema: schemaOf(answer) } },
      },
      default: {
        description: 'What is wrong, and what to do',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  }
}

function parametersOf(route: Route): Json[] {
  const header = {
    name: 'If-Match',
    in: 'header',
    description: 'The ETag the alert had when you decided; 412 when somebody was faster.',
    schema: { type: 'string' },
  }
  return [
    ...membersOf(route.params, 'path'),
    ...membersOf(route.query, 'query'),
    ...(route.takesIfMatch === true ? [header] : []),
  ]
}

function membersOf(shape: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (shape === undefined) return []
  const { properties = {}, required = [] } = schemaOf(shape) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))
}

function schemaOf(shape: z.ZodType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as Json
  return schema
}

// Owns docs/api.md: the description of the API as people read it, made from the routes.
import { z } from 'zod'
import type { Route } from './route.ts'

const HEAD = `# The API

Written by \`scripts/api-reference.mjs\` from the routes themselves; a test fails when it is old. Programs read the same as
an OpenAPI document at \`/api/openapi.json\`. Who gets in, and how: [the door](operations.md#the-door).

Answers are JSON. Errors are problem details (RFC 9457, \`application/problem+json\`): \`code\` is stable and for programs,
\`detail\` says what to do. Times are ISO 8601 in UTC. A GET never changes anything. An action on an alert names what you had
seen in \`If-Match\`, its ETag: who comes second gets 412 and overwrites nothing. A browser gets \`/metrics\`, in Prometheus'
format, and \`/api/stream\`, server-sent events that tell when alerts change, from the same door.

\`\`\`text
curl -H "Authorization: Bearer $TOCSIN_API_TOKEN" "http://localhost:8080/api/alerts?state=open&severity=high,critical"
\`\`\`
`

export function createReference(routes: readonly Route[]): string {
  const rows = routes.map(
    ({ method, path, role, summary }) => `| \`${method} ${path}\` | ${role} | ${cell(summary)} |`,
  )
  const table = ['| route | role | |', '| --- | --- | --- |', ...rows].join('\n')
  return `${HEAD}\n${table}\n\n${routes.map(sectionOf).join('\n\n')}\n`
}

function sectionOf(route: Route): string {
  const { method, path, summary, about, role, body, query, answer, status } = route
  const parts = [`## ${method} ${path}`, `${summary}.${about === undefined ? '' : ` ${about}`}`]
  if (role !== 'anyone') parts.push(`Role: \`${role}\`.`)
  if (query !== undefined) parts.push(`Query:\n\n${membersOf(query)}`)
  if (body !== undefined) parts.push(`Body:\n\n${membersOf(body)}`)
  parts.push(`Answer${status === undefined ? '' : ` (${status})`}:\n\n${membersOf(answer)}`)
  return parts.join('\n\n')
}

type Schema = {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
}

function membersOf(shape: z.ZodType): string {
  const options = { io: 'input', unrepresentable: 'any' } as const
  const { properties = {}, required = [] } = z.toJSONSchema(shape, options) as Schema
  const rows = Object.entries(properties).map(([name, schema]) => {
    const must = required.includes(name) ? '' : ', may be missing'
    const otherwise =
      schema.default === undefined ? '' : ` Default ${JSON.stringify(schema.default)}.`
    return `- \`${name}\`: ${typeOf(schema)}${must}. ${schema.description ?? ''}${otherwise}`.trim()
  })
  return rows.length === 0 ? 'an object' : rows.join('\n')
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.$ref !== undefined) return 'a verdict tree'
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.type === 'array') {
    const { items = {} } = schema
    return items.properties === undefined ? 'a list' : `a list of { ${keysOf(items)} }`
  }
  if (schema.properties !== undefined) return `{ ${keysOf(schema)} }`
  return (
    { string: 'text', integer: 'a number', number: 'a number', boolean: 'true or false' }[
      schema.type ?? ''
    ] ?? 'anything'
  )
}

function keysOf({ properties = {} }: Schema): string {
  return Object.keys(properties)
    .map((key) => `\`${key}\``)
    .join(', ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

// Owns the route that serves the API's own description.
import { z } from 'zod'
import { createOpenApi } from '../openapi.ts'
import { route, type Route } from '../route.ts'

/** All routes, with the one that describes them. */
export function withDescription(routes: readonly Route[], version: string): readonly Route[] {
  let document: Record<string, unknown> | undefined
  const description = route({
    method: 'GET',
    path: '/api/openapi.json',
    role: 'viewer',
    summary: 'This description, as an OpenAPI document',
    answer: z.looseObject({ openapi: z.string() }),
    handle: async () => {
      document ??= createOpenApi([...routes, description], version)
      return { body: document as { openapi: string } }
    },
  })
  return [...routes, description]
}

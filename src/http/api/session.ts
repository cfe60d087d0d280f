// Owns signing in and out of the console: a token is changed into the cookie of session.ts.
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { findToken } from '../door.ts'
import { API_ROLES, type HttpConfig } from '../http-config.ts'
import { HttpProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { sealSession, SESSION_SECONDS } from '../session.ts'

const principalShape = z.object({
  name: z.string().describe('As the audit trail names you.'),
  role: z.enum(API_ROLES),
  via: z.enum(['token', 'session', 'local']),
})

export function sessionRoutes(config: HttpConfig, clock: Clock): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/session',
      role: 'viewer',
      summary: 'Who you are',
      answer: principalShape,
      handle: async ({ principal }) => ({ body: principal }),
    }),
    route({
      method: 'POST',
      path: '/api/session',
      role: 'anyone',
      summary: 'Open a session: changes a token into a cookie for browsers',
      body: z.strictObject({ token: z.string().max(1_000) }),
      answer: principalShape,
      handle: async ({ body }) => {
        const token = findToken(`Bearer ${body.token.trim()}`, config.tokens)
        if (token === undefined) {
          throw new HttpProblem(
            'unauthorized',
            'no such token: check it, it is in the configuration',
          )
        }
        const { name, role } = token
        const session = { value: sealSession(token, clock.now()), seconds: SESSION_SECONDS }
        return { body: { name, role, via: 'session' as const }, session }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/session',
      role: 'anyone',
      summary: 'End the session of this browser',
      answer: z.object({ ended: z.literal(true) }),
      handle: async () => ({
        body: { ended: true as const },
        session: { value: '', seconds: 0 },
      }),
    }),
  ]
}

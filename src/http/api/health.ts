// Owns the answers to "does the process live" and "can it work", for whoever watches processes.
import { z } from 'zod'
import { route, type Route } from '../route.ts'

/** One part the service needs, as it is now. */
export type PartState = { readonly ok: boolean; readonly detail: string }

export type ReaderState = {
  readonly contract: string
  readonly state: string
  /** Since when, ms. */
  readonly since: number
  readonly mark: number | undefined
  readonly lastError: string | undefined
}

export type HealthParts = {
  /** Asks Redis; must not wait longer than a probe does. Never throws. */
  readonly redis: () => Promise<PartState>
  readonly rules: () => PartState
  /** The readers of this process; empty where it reads nothing. */
  readonly readers: () => readonly ReaderState[]
}

const partShape = z.object({ ok: z.boolean(), detail: z.string() })

const readyShape = z.object({
  ready: z.boolean(),
  redis: partShape,
  rules: partShape,
  readers: z.object({
    detail: z.string().describe('How many readers of this process are in which state.'),
    each: z
      .array(
        z.object({
          contract: z.string(),
          state: z.string(),
          since: z.string(),
          mark: z.string().optional(),
          lastError: z.string().optional(),
        }),
      )
      .optional()
      .describe('Each of them; with a token only.'),
  }),
})

export function healthRoutes(parts: HealthParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      role: 'anyone',
      summary: 'Whether the process lives',
      answer: z.object({ alive: z.literal(true) }),
      handle: async () => ({ body: { alive: true as const } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      role: 'anyone',
      summary: 'Whether it can work: Redis, rules, readers, each with its state',
      about:
        'Answers 503 while Redis does not answer or there are no rules. A reader that the API ' +
        'refuses does not make it unready: restarting mends no token, and alerts stay in reach.',
      answer: readyShape,
      handle: async ({ principal }) => {
        const [redis, rules, readers] = [await parts.redis(), parts.rules(), parts.readers()]
        const ready = redis.ok && rules.ok
        const isKnown = principal.name !== 'anyone'
        return {
          status: ready ? 200 : 503,
          body: {
            ready,
            redis,
            rules,
            readers: { detail: countStates(readers), ...(isKnown && { each: readers.map(view) }) },
          },
        }
      },
    }),
  ]
}

function countStates(readers: readonly ReaderState[]): string {
  if (readers.length === 0) return 'none in this process'
  const counts = new Map<string, number>()
  for (const { state } of readers) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ')
}

function view({ contract, state, since, mark, lastError }: ReaderState) {
  return {
    contract,
    state,
    since: new Date(since).toISOString(),
    ...(mark !== undefined && { mark: new Date(mark).toISOString() }),
    ...(lastError !== undefined && { lastError }),
  }
}

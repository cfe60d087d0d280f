// Owns the routes of silences: which there are, making one, ending one, and what one would mute.
import { z } from 'zod'
import { formatMatcher, type Matcher, parseMatchers } from '../../core/alert-matcher.ts'
import { parseTime } from '../../core/entry-time.ts'
import type { Problem } from '../../core/problem.ts'
import { COMMENT_LENGTH_MAX, parseSilence, type Silence, silenceState } from '../../core/silence.ts'
import type { Silences } from '../../silences.ts'
import { alertRowShape, isoTime, toRow } from '../alert-view.ts'
import { HttpProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { actorOf } from './alert-actions.ts'

const silenceShape = z.object({
  id: z.string(),
  matchers: z.array(z.string()).describe('All must hold, such as "user = anna".'),
  startsAt: z.string(),
  endsAt: z.string(),
  author: z.string(),
  comment: z.string(),
  from: z.string().describe('Where it was made.'),
  state: z.enum(['pending', 'active', 'expired']),
  expiredBy: z.string().optional(),
})

const matchers = z
  .array(z.string().max(1_200))
  .min(1)
  .max(20)
  .describe('`name = value`, `!=` or `=~`; names are rule, severity, tags, contract, group values.')

export function silenceRoutes(parts: {
  readonly silences: Silences
  readonly now: () => number
}): readonly Route[] {
  const { silences, now } = parts
  return [
    route({
      method: 'GET',
      path: '/api/silences',
      role: 'viewer',
      summary: 'Silences, the newest first',
      answer: z.object({ silences: z.array(silenceShape) }),
      handle: async () => {
        const all = await silences.list()
        return { body: { silences: all.map((silence) => viewOf(silence, now())) } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/silences',
      role: 'responder',
      summary: 'Make a silence: it mutes notifications, never detection',
      body: z.strictObject({
        matchers,
        startsAt: z.string().optional().describe('Now, when it is missing.'),
        endsAt: z.string(),
        comment: z.string().min(1).max(COMMENT_LENGTH_MAX),
      }),
      answer: silenceShape,
      status: 201,
      handle: async ({ body, principal, isBrowser }) => {
        const actor = actorOf(principal, isBrowser)
        const problems: Problem[] = []
        const context = {
          now: now(),
          readTime: parseTime,
          report: (problem: Problem) => problems.push(problem),
        }
        const draft = parseSilence({ ...body, author: actor.by }, context)
        if (draft === undefined) throw refusal(problems)
        const silence = await silences.add(draft, actor)
        if (silence === undefined) {
          throw new HttpProblem('unavailable', 'there are too many silences: end some')
        }
        return { body: viewOf(silence, now()) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/silences/:id',
      role: 'responder',
      summary: 'End a silence now; it stays in the list as ended',
      params: z.object({ id: z.string().regex(/^[\w-]{1,64}$/) }),
      answer: silenceShape,
      handle: async ({ params, principal, isBrowser }) => {
        const ended = await silences.expire(params.id, actorOf(principal, isBrowser))
        if (ended === undefined) throw new HttpProblem('not-found', 'no silence that has not ended')
        return { body: viewOf(ended, now()) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/silences/preview',
      role: 'viewer',
      summary: 'What a silence would mute; makes none',
      body: z.strictObject({ matchers }),
      answer: z.object({
        openCount: z.number().describe('Alerts that are not resolved.'),
        recentCount: z.number().describe('Of the last 7 days, whatever their state.'),
        isPartial: z.boolean().describe('There were more than could be looked at.'),
        open: z.array(alertRowShape),
      }),
      handle: async ({ body }) => {
        const { open, openCount, recentCount, isPartial } = await silences.preview(
          readMatchers(body.matchers),
        )
        return { body: { openCount, recentCount, isPartial, open: open.map(toRow) } }
      },
    }),
  ]
}

function readMatchers(texts: readonly string[]): readonly Matcher[] {
  const problems: Problem[] = []
  const read = parseMatchers(texts, '/matchers', (problem) => problems.push(problem))
  if (read === undefined) throw refusal(problems)
  return read
}

function refusal(problems: readonly Problem[]): HttpProblem {
  const faults = problems.map(({ pointer, message }) => ({ pointer: `/body${pointer}`, message }))
  return new HttpProblem('bad-request', faults.map(({ message }) => message).join('; '), faults)
}

function viewOf(silence: Silence, now: number): z.output<typeof silenceShape> {
  const { id, author, comment, from, expiredBy } = silence
  return {
    id,
    matchers: silence.matchers.map(formatMatcher),
    startsAt: isoTime(silence.startsAt),
    endsAt: isoTime(silence.endsAt),
    author,
    comment,
    from,
    state: silenceState(silence, now),
    ...(expiredBy !== undefined && { expiredBy }),
  }
}

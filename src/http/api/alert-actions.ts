// Owns the routes by which people act on an alert: acknowledge, resolve, comment. What an action
// means is core/alert-action.ts'; who did it is written down there.
import { z } from 'zod'
import type { ActionOutcome, AlertActions } from '../../alert-actions.ts'
import {
  ACTION_COMMENT_LENGTH_MAX,
  type AlertAction,
  HUMAN_RESOLUTIONS,
} from '../../core/alert-action.ts'
import type { Principal } from '../door.ts'
import { alertRowShape, toRow } from '../alert-view.ts'
import { HttpProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { alertParams, etagOf, findAlert, type AlertParts } from './alerts.ts'

export type AlertActionParts = Pick<AlertParts, 'alerts' | 'contracts'> & {
  readonly acting: Pick<AlertActions, 'act'>
}

const comment = z.string().max(ACTION_COMMENT_LENGTH_MAX)

export function alertActionRoutes(parts: AlertActionParts): readonly Route[] {
  const declare = <B extends z.ZodType>(
    name: string,
    body: B,
    { summary, toAction }: { summary: string; toAction: (body: z.output<B>) => AlertAction },
  ) =>
    route({
      method: 'POST',
      path: `/api/alerts/:id/${name}`,
      role: 'responder',
      summary,
      about:
        'Send If-Match with the ETag you saw: when somebody acted since, it is refused with 412.',
      params: alertParams,
      body,
      answer: alertRowShape,
      takesIfMatch: true,
      handle: async ({ params, body, principal, ifMatch, isBrowser }) => {
        const { contract, id } = await findAlert(parts, params.id)
        const outcome = await parts.acting.act({
          contract,
          id,
          action: toAction(body as z.output<B>),
          actor: actorOf(principal, isBrowser),
          seen: seenIn(ifMatch),
        })
        const alert = changedAlert(outcome)
        return { body: toRow(alert), headers: { etag: etagOf(alert) } }
      },
    })
  return [
    declare('ack', z.strictObject({ comment: comment.optional() }), {
      summary: 'Take an alert on: reminders stop',
      toAction: ({ comment }) => ({ kind: 'acknowledge', ...(comment && { comment }) }),
    }),
    declare(
      'resolve',
      z.strictObject({
        reason: z.enum(HUMAN_RESOLUTIONS).default('manual'),
        comment: comment.optional(),
      }),
      {
        summary: 'End an alert',
        toAction: ({ reason, comment }) => ({
          kind: 'resolve',
          reason,
          ...(comment && { comment }),
        }),
      },
    ),
    declare('comment', z.strictObject({ comment: comment.min(1) }), {
      summary: 'Add a line to its audit trail',
      toAction: ({ comment }) => ({ kind: 'comment', comment }),
    }),
  ]
}

/** As the audit trail names whoever acts. */
export function actorOf({ name }: Principal, isBrowser: boolean) {
  return { by: name, from: isBrowser ? ('console' as const) : ('api' as const) }
}

/** The revision a person had before them; undefined: whatever it is now. */
function seenIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  const revision = /^(?:W\/)?"?(\d{1,15})"?$/.exec(ifMatch.trim())?.[1]
  if (revision === undefined) {
    throw new HttpProblem('bad-request', 'If-Match: expected the ETag of the alert, such as "3"')
  }
  return Number(revision)
}

function changedAlert(outcome: ActionOutcome) {
  if (!('refused' in outcome)) return outcome.alert
  const { refused, message } = outcome
  if (refused === 'not-found') throw new HttpProblem('not-found', message)
  if (refused === 'nothing-said') throw new HttpProblem('bad-request', message)
  throw new HttpProblem('conflict', message)
}

// Owns delivery to PagerDuty through Events API v2: an alert is an incident that is triggered,
// acknowledged and resolved by one key. developer.pagerduty.com/docs/send-alert-event
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { BUDGET_DEFAULT, isDigest, type Notice, noticeSeverity } from '../core/digest.ts'
import type { Severity } from '../core/severity.ts'
import {
  type FailurePlace,
  failureOfNetwork,
  failureOfStatus,
  parseRetryAfter,
} from './http-failure.ts'
import { createPoster, type PostTimeouts } from './http-post.ts'
import { isLoopbackUrl } from './loopback.ts'
import { contextParts, linkOf, type Message, subjectText } from './message.ts'
import { createMessageOf } from './message-of.ts'
import { isoTime } from './notice-json.ts'
import type { Receiver, ReceiverContext, ReceiverKind } from './receiver.ts'
import { urlSecrets } from './redact.ts'
import { tableText } from './table-text.ts'
import { createTimeText } from './time-text.ts'

export const PAGERDUTY_TIMEOUTS: PostTimeouts = { connectMs: 5_000, totalMs: 20_000 }

const API_URL = 'https://events.pagerduty.com/v2/enqueue'
const API_URL_EU = 'https://events.eu.pagerduty.com/v2/enqueue'

/** Limits of the API: characters of a summary and of a key; 512 KB for the whole event. */
const SUMMARY_LENGTH_MAX = 1_024
const KEY_LENGTH_MAX = 255

const schema = z.strictObject({
  routingKey: z
    .string()
    .regex(/^[A-Za-z0-9]{20,64}$/, 'must be the integration key of an "Events API v2" integration')
    .describe('Integration key of the service; whoever knows it can open incidents'),
  region: z.enum(['us', 'eu']).optional().describe('Where the account is; "us" unless it is "eu"'),
  url: z
    .string()
    .refine(isLoopbackUrl, 'must be an address on this machine: it is for trying things out')
    .optional()
    .describe('Instead of PagerDuty, a server on this machine'),
})

export type PagerdutyConfig = z.infer<typeof schema>

export const pagerduty = {
  type: 'pagerduty',
  schema,
  paceMsDefault: 0,
  budgetDefault: BUDGET_DEFAULT,
  stateful: () => true,
  readBy: 'programs',
  create: (config, context) => createPagerduty(config, context, PAGERDUTY_TIMEOUTS),
} satisfies ReceiverKind<PagerdutyConfig>

/** A receiver that sends an event for each notice; `timeouts` are real time. */
export function createPagerduty(
  config: PagerdutyConfig,
  context: ReceiverContext,
  timeouts: PostTimeouts,
): Receiver {
  const { name, clock, httpsProxy, noProxy, publicUrl } = context
  const url = config.url ?? (config.region === 'eu' ? API_URL_EU : API_URL)
  const time = createTimeText(context.timezone)
  const poster = createPoster({ timeouts, httpsProxy, noProxy })
  const place: FailurePlace = {
    operation: `event to receiver ${name}`,
    secrets: [config.routingKey, ...urlSecrets(httpsProxy)],
  }

  const post = async (event: object, notice: Notice, signal: AbortSignal): Promise<void> => {
    const key = { routing_key: config.routingKey, dedup_key: keyOf(notice) }
    const body = JSON.stringify({ ...key, ...event })
    const headers = { 'content-type': 'application/json', 'user-agent': 'tocsin' }
    const answer = await poster.post(url, { headers, body }, signal).catch((error: unknown) => {
      throw failureOfNetwork(place, error, signal)
    })
    if (answer.status === 202 || answer.status === 200) return
    const retryAfterMs = parseRetryAfter(answer.header('retry-after'), clock.now())
    throw failureOfStatus(place, { status: answer.status, retryAfterMs })
  }

  return {
    name,
    type: 'pagerduty',
    async send(notice, signal) {
      const message = createMessageOf(notice, time, publicUrl)
      for (const event of eventsOf(notice, message, publicUrl)) await post(event, notice, signal)
    },
    close: () => poster.close(),
  }
}

/** All events about an alert have one key, so that they are one incident. */
function keyOf(notice: Notice): string {
  const id = isDigest(notice) ? notice.id : notice.alert.id
  const key = `tocsin-${id}`
  if (key.length <= KEY_LENGTH_MAX) return key
  return `tocsin-${createHash('sha256').update(id).digest('hex')}`
}

type Action = 'trigger' | 'acknowledge' | 'resolve'

function actionOf(notice: Notice): Action {
  if (isDigest(notice)) return 'trigger'
  const { reason } = notice
  if (reason === 'acknowledged') return 'acknowledge'
  return reason === 'resolved' || reason === 'withdrawn' ? 'resolve' : 'trigger'
}

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'warning',
  info: 'info',
}

/** A message that tries the receiver out closes the incident that it opens: nobody else would. */
function eventsOf(
  notice: Notice,
  message: Message,
  publicUrl: string | undefined,
): readonly Record<string, unknown>[] {
  const event = eventOf(notice, message, publicUrl)
  return notice.reason === 'test' ? [event, { event_action: 'resolve' }] : [event]
}

function eventOf(
  notice: Notice,
  message: Message,
  publicUrl: string | undefined,
): Record<string, unknown> {
  const action = actionOf(notice)
  // PagerDuty looks at nothing else in these, and takes them for incidents it never saw, too.
  if (action !== 'trigger') return { event_action: action }
  const links = [
    ...message.links.map(({ label, url }) => ({ href: url, text: label })),
    ...runbookLinks(message),
  ]
  return {
    event_action: action,
    client: 'Tocsin',
    ...(publicUrl === undefined ? {} : { client_url: publicUrl }),
    payload: {
      summary: subjectText(message, SUMMARY_LENGTH_MAX),
      source: sourceOf(notice, message),
      severity: SEVERITY_WORDS[noticeSeverity(notice)],
      timestamp: isoTime(isDigest(notice) ? notice.createdAt : notice.alert.last),
      component: isDigest(notice) ? 'tocsin' : notice.alert.rule.id,
      group: isDigest(notice) ? 'digest' : message.contract,
      class: notice.reason,
      custom_details: detailsOf(message),
    },
    ...(links.length === 0 ? {} : { links }),
  }
}

function sourceOf(notice: Notice, message: Message): string {
  return isDigest(notice) || message.contract === '' ? 'tocsin' : `contract ${message.contract}`
}

function runbookLinks({ runbook, references }: Message) {
  const all = [...(runbook === undefined ? [] : [runbook]), ...references]
  return all.flatMap((text) => {
    const href = linkOf(text)
    return href === undefined ? [] : [{ href, text: href === runbook ? 'Runbook' : 'Reference' }]
  })
}

/** Plain texts: PagerDuty shows them as they are, so nothing has to be escaped. */
function detailsOf(message: Message): Record<string, string> {
  const { notes, summary, evidence, why, runbook, fields } = message
  return {
    about: contextParts(message).join(' · '),
    ...(notes.length === 0 ? {} : { notes: notes.join('\n') }),
    ...(summary === undefined ? {} : { summary }),
    ...(fields.length === 0
      ? {}
      : { fields: fields.map(({ name, value }) => `${name}: ${value}`).join('\n') }),
    ...(evidence === undefined ? {} : { evidence: tableText(evidence) }),
    ...(why === undefined ? {} : { why }),
    ...(runbook === undefined ? {} : { runbook }),
  }
}

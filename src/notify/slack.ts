// Owns how Slack is configured, and delivery to an incoming webhook. With a bot token: slack-bot.ts;
// what the message looks like: slack-blocks.ts.
import {
  type FetchFunction,
  IncomingWebhook,
  type IncomingWebhookSendArguments,
} from '@slack/webhook'
import { z } from 'zod'
import { BUDGET_DEFAULT } from '../core/digest.ts'
import {
  type FailurePlace,
  failureOfNetwork,
  failureOfStatus,
  parseRetryAfter,
} from './http-failure.ts'
import { createPoster, type PostAnswer, type Poster, type PostTimeouts } from './http-post.ts'
import { isLoopbackHost, isLoopbackUrl } from './loopback.ts'
import { createMessageOf } from './message-of.ts'
import {
  DeliveryError,
  type Receiver,
  type ReceiverContext,
  type ReceiverKind,
} from './receiver.ts'
import { urlSecrets } from './redact.ts'
import { renderSlack } from './slack-blocks.ts'
import { createSlackBot } from './slack-bot.ts'
import { createTimeText } from './time-text.ts'

/** Slack answers within a second; a message is better tried again than waited for. */
export const SLACK_TIMEOUTS: PostTimeouts = { connectMs: 5_000, totalMs: 15_000 }

/** Slack takes one message a second from a webhook (docs.slack.dev/apis/web-api/rate-limits). */
const PACE_MS_DEFAULT = 1_000

const schema = z
  .strictObject({
    url: z
      .string()
      .refine(
        isWebhookUrl,
        'must be the https:// address of an incoming webhook, such as https://hooks.slack.com/services/…',
      )
      .optional()
      .describe(
        'Address of the Slack incoming webhook; whoever knows it can post, so keep it secret',
      ),
    token: z
      .string()
      .regex(/^xox[a-z]-[A-Za-z0-9-]{8,}$/, 'must be a bot token, which begins with "xoxb-"')
      .optional()
      .describe(
        'Bot token (scope chat:write) instead of a webhook: one message an alert, kept up to date',
      ),
    channel: z
      .string()
      .regex(/^#?[^\s#@<>&]{1,80}$/u, 'must be the id or the name of a channel')
      .optional()
      .describe('Where the bot writes: an id such as "C0123456789" (safest) or a name'),
    apiUrl: z
      .string()
      .refine(isLoopbackUrl, 'must be an address on this machine: it is for trying things out')
      .optional()
      .describe('Instead of Slack, a server on this machine'),
  })
  .refine(({ url, token, channel }) => isWebhookOrBot(url, token, channel), {
    path: ['url'],
    message: 'must be there, or instead of it "token" and "channel"',
  })

export type SlackConfig = z.infer<typeof schema>

export const slack = {
  type: 'slack',
  schema,
  paceMsDefault: PACE_MS_DEFAULT,
  budgetDefault: BUDGET_DEFAULT,
  stateful: ({ token }) => token !== undefined,
  readBy: 'people',
  create({ url, token, channel, apiUrl }, context) {
    if (token !== undefined && channel !== undefined) {
      return createSlackBot({ token, channel, apiUrl }, context, SLACK_TIMEOUTS)
    }
    // The schema has seen to it that there is one.
    return createSlack({ url: url ?? '' }, context, SLACK_TIMEOUTS)
  },
} satisfies ReceiverKind<SlackConfig>

/** A receiver that posts each notification to the webhook; `timeouts` are real time. */
export function createSlack(
  { url }: { readonly url: string },
  context: ReceiverContext,
  timeouts: PostTimeouts,
): Receiver {
  const { name, clock, log, httpsProxy, noProxy } = context
  const time = createTimeText(context.timezone)
  const poster = createPoster({ timeouts, httpsProxy, noProxy })
  const place: FailurePlace = {
    operation: `post to receiver ${name}`,
    secrets: [...urlSecrets(url), ...urlSecrets(httpsProxy)],
  }

  const post = async (payload: IncomingWebhookSendArguments, signal: AbortSignal) => {
    try {
      return await exchange(poster, url, payload, signal)
    } catch (error) {
      throw failureOfNetwork(place, error, signal)
    }
  }

  return {
    name,
    type: 'slack',
    async send(notice, signal) {
      const { blocks, ...textOnly } = renderSlack(createMessageOf(notice, time, context.publicUrl))
      let answer = await post({ ...textOnly, blocks }, signal)
      if (answer.status === 400) {
        // Slack's limits change; an alert in plain words is better than none.
        const reason = slackWord(answer.text)
        log.warn({ receiver: name, reason }, 'Slack did not take the blocks: sending text alone')
        answer = await post(textOnly, signal)
      }
      checkAccepted(place, answer, clock.now())
    },
    close: () => poster.close(),
  }
}

/**
 * One message through Slack's package, which makes the request and throws the answer's headers
 * away: the `fetch` we give it keeps them. Throws only when there is no answer at all.
 */
async function exchange(
  poster: Poster,
  url: string,
  payload: IncomingWebhookSendArguments,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const answers: PostAnswer[] = []
  const webhook = new IncomingWebhook(url, {
    async fetch(target, init) {
      const body = typeof init?.body === 'string' ? init.body : ''
      const answer = await poster.post(
        String(target),
        { headers: init?.headers ?? {}, body },
        signal,
      )
      answers.push(answer)
      return responseOf(answer)
    },
  })
  try {
    await webhook.send(payload)
  } catch (error) {
    if (answers.length === 0) throw error
  }
  const answer = answers[0]
  if (answer === undefined) throw new Error('the Slack package sent nothing')
  return answer
}

/** Throws unless Slack said that it has the message. */
function checkAccepted(place: FailurePlace, answer: PostAnswer, now: number): void {
  const { status, text } = answer
  if (status < 200 || status >= 300) {
    throw failureOfStatus(place, {
      status,
      retryAfterMs: parseRetryAfter(answer.header('retry-after'), now),
      word: slackWord(text),
    })
  }
  const body = text.trim()
  if (body === 'ok' || body === '' || body.startsWith('{')) return
  // A proxy's log-in page comes with 200 as well.
  throw new DeliveryError(`${place.operation}: ${status}, but not Slack's "ok"`, {
    reason: 'server-error',
    retryable: true,
    maybeAccepted: true,
  })
}

/** Slack explains itself in one word such as `no_service`; anything else is not repeated. */
function slackWord(text: string): string | undefined {
  return /^[a-z_]{3,60}$/.test(text.trim()) ? text.trim() : undefined
}

function isWebhookOrBot(...[url, token, channel]: readonly (string | undefined)[]): boolean {
  if (url !== undefined) return token === undefined && channel === undefined
  return token !== undefined && channel !== undefined
}

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

type FetchResponse = Awaited<ReturnType<FetchFunction>>

/** The little of a Response that Slack's package reads. */
function responseOf(answer: PostAnswer): FetchResponse {
  const { status, text } = answer
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    url: '',
    headers: { get: (name) => answer.header(name), entries: () => [] },
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
    arrayBuffer: async () => new TextEncoder().encode(text).buffer,
  }
}

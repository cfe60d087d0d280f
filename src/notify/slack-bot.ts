// Owns delivery to Slack with a bot token: one message an alert that is kept up to date, with what
// happens later in its thread. What it looks like: slack-blocks.ts; webhooks: slack.ts.
import type { Notification } from '../core/alert.ts'
import { isDigest } from '../core/digest.ts'
import { type FailurePlace, failureOfNetwork } from './http-failure.ts'
import { createPoster, type PostTimeouts } from './http-post.ts'
import { createMessageOf } from './message-of.ts'
import type { DeliveryError, Receiver, ReceiverContext } from './receiver.ts'
import { urlSecrets } from './redact.ts'
import { failureOfSlackAnswer, readSlackAnswer, SlackRefusal } from './slack-answer.ts'
import { renderSlack, renderThreadReply } from './slack-blocks.ts'
import { createTimeText } from './time-text.ts'

export type SlackBotConfig = {
  readonly token: string
  readonly channel: string
  readonly apiUrl?: string | undefined
}

const API_URL = 'https://slack.com/api'
/** Slack repeats the whole message in its answer. */
const ANSWER_BYTES_MAX = 256 * 1024

/** Where a message is: what `chat.update` and threads need. */
type MessagePlace = { readonly channel: string; readonly ts: string }

/** Slack's words for a message that can't be updated any more: there will be a new one. */
const MESSAGE_IS_GONE: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
  'thread_not_found',
])

/** Words about the blocks: an alert in plain words is better than none. */
const BLOCKS_REFUSED: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
])

/** Later reasons that people in the channel must see, not only those who follow the thread. */
const SHOWN_IN_CHANNEL: ReadonlySet<string> = new Set([
  'severity',
  'grown',
  'repeat',
  'escalation',
  'withdrawn',
])

/** A receiver that writes to one channel; `timeouts` are real time. */
export function createSlackBot(
  config: SlackBotConfig,
  context: ReceiverContext,
  timeouts: PostTimeouts,
): Receiver {
  const { name, clock, log, memory, httpsProxy, noProxy, publicUrl } = context
  const apiUrl = (config.apiUrl ?? API_URL).replace(/\/+$/, '')
  const time = createTimeText(context.timezone)
  const poster = createPoster({ timeouts, httpsProxy, noProxy, answerBytesMax: ANSWER_BYTES_MAX })
  const place: FailurePlace = {
    operation: `message to receiver ${name}`,
    secrets: [config.token, ...urlSecrets(httpsProxy)],
  }

  /** One call of the Web API; gives where the message is. Throws a DeliveryError or a refusal. */
  const call = async (
    method: 'chat.postMessage' | 'chat.update',
    payload: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<MessagePlace> => {
    const headers = {
      authorization: `Bearer ${config.token}`,
      'content-type': 'application/json; charset=utf-8',
    }
    const body = JSON.stringify({ parse: 'none', ...payload })
    const answer = await poster
      .post(`${apiUrl}/${method}`, { headers, body }, signal)
      .catch((error: unknown) => {
        throw failureOfNetwork(place, error, signal)
      })
    return readSlackAnswer(place, answer, clock.now())
  }

  /** With the text alone when Slack does not take the blocks. */
  const write = async (
    method: 'chat.postMessage' | 'chat.update',
    payload: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<MessagePlace> => {
    try {
      return await call(method, payload, signal)
    } catch (error) {
      if (!(error instanceof SlackRefusal) || !BLOCKS_REFUSED.has(error.word)) throw error
      log.warn(
        { receiver: name, reason: error.word },
        'Slack did not take the blocks: sending text alone',
      )
      // An empty list: an update without one would keep the old blocks.
      return call(method, { ...payload, blocks: [] }, signal)
    }
  }

  const post = async (payload: Readonly<Record<string, unknown>>, signal: AbortSignal) =>
    write('chat.postMessage', { channel: config.channel, ...payload }, signal)

  const remember = async (alertId: string, found: MessagePlace) => {
    try {
      await memory.set(memoryKey(alertId), JSON.stringify(found))
    } catch (error) {
      // The message is there: failing now would only repeat it.
      log.warn({ receiver: name, error }, 'where a message is was not remembered')
    }
  }

  const tell = async (notification: Notification, signal: AbortSignal) => {
    const message = createMessageOf(notification, time, publicUrl)
    const payload = { ...renderSlack(message) }
    const { alert, reason } = notification
    const known = parsePlace(await memory.get(memoryKey(alert.id)))
    if (known === undefined) {
      // Where there is no message there is none to close.
      if (alert.resolution === 'merged') return
      await remember(alert.id, await post(payload, signal))
      return
    }
    try {
      await write('chat.update', { ...payload, channel: known.channel, ts: known.ts }, signal)
      if (reason === 'first') return
      await write(
        'chat.postMessage',
        {
          ...renderThreadReply(message),
          channel: known.channel,
          thread_ts: known.ts,
          reply_broadcast: SHOWN_IN_CHANNEL.has(reason),
        },
        signal,
      )
    } catch (error) {
      if (!(error instanceof SlackRefusal) || !MESSAGE_IS_GONE.has(error.word)) throw error
      await remember(alert.id, await post(payload, signal))
    }
  }

  return {
    name,
    type: 'slack',
    async send(notice, signal) {
      try {
        if (isDigest(notice) || notice.reason === 'test') {
          await post({ ...renderSlack(createMessageOf(notice, time, publicUrl)) }, signal)
        } else await tell(notice, signal)
      } catch (error) {
        throw asFailure(place, error)
      }
    },
    close: () => poster.close(),
  }
}

function asFailure(place: FailurePlace, error: unknown): unknown {
  return error instanceof SlackRefusal
    ? (failureOfSlackAnswer(place, error.word) satisfies DeliveryError)
    : error
}

function memoryKey(alertId: string): string {
  return `slack-message:${alertId}`
}

function parsePlace(text: string | undefined): MessagePlace | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as MessagePlace)
}

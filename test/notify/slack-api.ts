// Owns a server on loopback that behaves like Slack's Web API for messages: posts, updates, threads.
import {
  type Behaviour,
  createPostServer,
  parseObject,
  type PostServerAnswer,
  type PostServerRequest,
} from './post-server.ts'
import { judgePayload } from './slack-server.ts'

export type SlackApiMessage = {
  readonly ts: string
  readonly text: string
  readonly replies: readonly { readonly text: string; readonly broadcast: boolean }[]
}

export type SlackApi = {
  readonly url: string
  /** Every payload that was accepted, in order. */
  readonly accepted: Record<string, unknown>[]
  /** What somebody would see in the channel. */
  messages(): readonly SlackApiMessage[]
  deleteAll(): void
  /** From now on blocks are refused, as when Slack's limits change. */
  refuseBlocks(): void
  arrived(): Promise<void>
  behave(behaviour: Behaviour | undefined): void
  close(): Promise<void>
}

const CHANNEL_ID = 'C0123456789'

type Kept = { text: string; replies: { text: string; broadcast: boolean }[] }

/** Knows one token and one channel, by its name and its id. */
export async function createSlackApi(token: string): Promise<SlackApi> {
  const accepted: Record<string, unknown>[] = []
  const messages = new Map<string, Kept>()
  let refusesBlocks = false
  let count = 0

  const answer = (body: Record<string, unknown>): PostServerAnswer => ({
    status: 200,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  })
  const refuse = (error: string) => answer({ ok: false, error })

  const post = (payload: Record<string, unknown>): PostServerAnswer => {
    if (payload.channel !== '#alerts' && payload.channel !== CHANNEL_ID) {
      return refuse('channel_not_found')
    }
    count += 1
    const ts = `1795166400.${String(count).padStart(6, '0')}`
    const thread = payload.thread_ts
    if (thread === undefined) messages.set(ts, { text: String(payload.text), replies: [] })
    else {
      const parent = typeof thread === 'string' ? messages.get(thread) : undefined
      if (parent === undefined) return refuse('thread_not_found')
      const broadcast = payload.reply_broadcast === true
      parent.replies.push({ text: String(payload.text), broadcast })
    }
    accepted.push(payload)
    return answer({ ok: true, channel: CHANNEL_ID, ts, message: payload })
  }

  const update = (payload: Record<string, unknown>): PostServerAnswer => {
    // A name is not enough to find a message.
    if (payload.channel !== CHANNEL_ID) return refuse('channel_not_found')
    const message = messages.get(String(payload.ts))
    if (message === undefined) return refuse('message_not_found')
    message.text = String(payload.text)
    accepted.push(payload)
    return answer({ ok: true, channel: CHANNEL_ID, ts: payload.ts, message: payload })
  }

  const judge = ({ method, path, headers, body }: PostServerRequest): PostServerAnswer => {
    if (method !== 'POST') return { status: 405 }
    if (headers.authorization !== `Bearer ${token}`) return refuse('invalid_auth')
    const payload = parseObject(body)
    if (payload === undefined) return refuse('invalid_json')
    const blocks = Array.isArray(payload.blocks) && payload.blocks.length > 0
    if (refusesBlocks && blocks) return refuse('invalid_blocks')
    const verdict = judgePayload(payload)
    if (verdict !== 'ok') return refuse(verdict)
    if (path === '/api/chat.postMessage') return post(payload)
    return path === '/api/chat.update' ? update(payload) : refuse('unknown_method')
  }

  const server = await createPostServer(judge)
  return {
    url: `${server.origin}/api`,
    accepted,
    messages: () => [...messages].map(([ts, kept]) => ({ ts, ...kept })),
    deleteAll: () => messages.clear(),
    refuseBlocks() {
      refusesBlocks = true
    },
    arrived: () => server.arrived(),
    behave: (behaviour) => server.behave(behaviour),
    close: () => server.close(),
  }
}

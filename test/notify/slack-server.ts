// Owns a server on loopback that behaves like Slack's incoming webhooks, and misbehaves on demand.
import {
  type Behaviour,
  createPostServer,
  isObject,
  parseObject,
  type PostServer,
  type PostServerAnswer,
  type PostServerRequest,
} from './post-server.ts'

export type SlackBehaviour = Behaviour

export type SlackServer = Omit<PostServer, 'origin'> & {
  /** The webhook's address; its path is the secret. */
  readonly url: string
}

const SECRET_PATH = '/services/T0123ABCD/B0456EFGH/s3cr3tWebhookToken0123'

/** Listens on a port of its own. */
export async function createSlackServer(): Promise<SlackServer> {
  const { origin, ...server } = await createPostServer(judge)
  return { ...server, url: `${origin}${SECRET_PATH}` }
}

/** The answers of docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
function judge({ method, path, headers, body }: PostServerRequest): PostServerAnswer {
  if (method !== 'POST') return { status: 405, body: 'method_not_allowed' }
  if (path !== SECRET_PATH) return { status: 404, body: 'no_service' }
  const payload = parseObject(body)
  if (!(headers['content-type'] ?? '').startsWith('application/json') || payload === undefined) {
    return { status: 400, body: 'invalid_payload' }
  }
  const verdict = judgePayload(payload)
  return { status: verdict === 'ok' ? 200 : 400, body: verdict }
}

/** What Slack says to a message: `ok`, or the word with which it refuses. */
export function judgePayload(payload: Readonly<Record<string, unknown>>): string {
  const blocks = payload.blocks ?? []
  if (!Array.isArray(blocks)) return 'invalid_blocks'
  if (blocks.length === 0 && !isText(payload.text, 40_000)) return 'no_text'
  if (blocks.length > 50 || !blocks.every(isBlock)) return 'invalid_blocks'
  if (textLength(blocks) > 12_000) return 'msg_blocks_too_long'
  return 'ok'
}

function isText(value: unknown, lengthMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= lengthMax
}

/** The limits of docs.slack.dev/reference/block-kit/blocks for the blocks that we use. */
function isBlock(block: unknown): boolean {
  if (!isObject(block)) return false
  switch (block.type) {
    case 'header':
      return isTextObject(block.text, 150, ['plain_text'])
    case 'section':
      return (
        (block.text !== undefined || block.fields !== undefined) &&
        (block.text === undefined || isTextObject(block.text, 3_000)) &&
        (block.fields === undefined || isList(block.fields, 10, 2_000))
      )
    case 'context':
      return isList(block.elements, 10, 3_000)
    case 'actions':
      return isButtonList(block.elements)
    default:
      return block.type === 'divider'
  }
}

function isList(value: unknown, itemsMax: number, lengthMax: number): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= itemsMax &&
    value.every((item) => isTextObject(item, lengthMax))
  )
}

/** Buttons that are links: each with an id of its own in the message. */
function isButtonList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > 25) return false
  const ids = new Set(value.map((item) => (isObject(item) ? item.action_id : undefined)))
  return ids.size === value.length && value.every(isLinkButton)
}

function isLinkButton(value: unknown): boolean {
  return (
    isObject(value) &&
    value.type === 'button' &&
    isTextObject(value.text, 75, ['plain_text']) &&
    isText(value.url, 3_000) &&
    isText(value.action_id, 255)
  )
}

/** Unknown keys are refused, and `emoji` belongs to plain text, `verbatim` to mrkdwn. */
function isTextObject(
  value: unknown,
  lengthMax: number,
  types = ['plain_text', 'mrkdwn'],
): boolean {
  if (!isObject(value) || typeof value.type !== 'string' || !types.includes(value.type))
    return false
  const option = value.type === 'plain_text' ? 'emoji' : 'verbatim'
  const known = Object.keys(value).every((key) => ['type', 'text', option].includes(key))
  return known && isText(value.text, lengthMax)
}

function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textLength(one), 0)
  if (!isObject(value)) return 0
  const own = typeof value.text === 'string' ? value.text.length : 0
  return own + Object.values(value).reduce<number>((sum, one) => sum + textLength(one), 0)
}

// Owns a server on loopback that behaves like Slack's incoming webhooks, and misbehaves on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, stop } from './listen.ts'

export type SlackRequest = {
  readonly headers: IncomingMessage['headers']
  readonly payload: Record<string, unknown>
  /** What was answered: `200 ok`, `400 invalid_blocks`. */
  readonly answer: string
}

/** `hang` never answers; `cut` closes the connection; `drip` stops in its body; `flood` never does. */
export type SlackBehaviour =
  | 'hang'
  | 'cut'
  | 'drip'
  | 'flood'
  | {
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }

export type SlackServer = {
  /** The webhook's address; its path is the secret. */
  readonly url: string
  /** Messages that were accepted or refused, in order. */
  readonly requests: SlackRequest[]
  /** Resolves when the next request has come in completely. */
  arrived(): Promise<void>
  /** From now on every request is treated so; undefined: like Slack. */
  behave(behaviour: SlackBehaviour | undefined): void
  close(): Promise<void>
}

const SECRET_PATH = '/services/T0123ABCD/B0456EFGH/s3cr3tWebhookToken0123'
const BODY_BYTES_MAX = 1024 * 1024

/** Listens on a port of its own. */
export async function createSlackServer(): Promise<SlackServer> {
  const requests: SlackRequest[] = []
  let behaviour: SlackBehaviour | undefined
  const waiting: (() => void)[] = []

  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    for (const resolve of waiting.splice(0)) resolve()
    if (behaviour === 'hang') return
    if (behaviour === 'cut') {
      request.socket.destroy()
      return
    }
    if (behaviour === 'drip') {
      response.writeHead(200).write('o')
      return
    }
    if (behaviour === 'flood') {
      response.writeHead(500)
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      }
      response.on('drain', pour)
      pour()
      return
    }
    const { status, body: text = '', headers = {} } = behaviour ?? judge(request, body)
    requests.push({
      headers: request.headers,
      payload: parseObject(body) ?? {},
      answer: `${status} ${text}`,
    })
    response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(text)
  }
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => answer(request, response, body),
      () => response.destroy(),
    )
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}${SECRET_PATH}`,
    requests,
    arrived: () => new Promise((resolve) => void waiting.push(resolve)),
    behave(next) {
      behaviour = next
    },
    close() {
      server.closeAllConnections()
      return stop(server)
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

type Answer = Exclude<SlackBehaviour, string>

/** The answers of docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
function judge(request: IncomingMessage, body: string): Answer {
  if (request.method !== 'POST') return { status: 405, body: 'method_not_allowed' }
  if (request.url !== SECRET_PATH) return { status: 404, body: 'no_service' }
  const type = request.headers['content-type'] ?? ''
  const payload = parseObject(body)
  if (!type.startsWith('application/json') || payload === undefined) {
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

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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

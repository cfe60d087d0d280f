// Owns a server on loopback that takes POSTs as somebody's API does, and misbehaves on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, stop } from './listen.ts'

export type PostServerRequest = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type PostServerAnswer = {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** `hang` never answers; `cut` closes the connection; `drip` stops in its body; `flood` never does. */
export type Behaviour = 'hang' | 'cut' | 'drip' | 'flood' | PostServerAnswer

export type AnsweredRequest = PostServerRequest & {
  readonly payload: Record<string, unknown>
  /** What was answered: `200 ok`, `400 invalid_blocks`. */
  readonly answer: string
}

export type PostServer = {
  /** `http://127.0.0.1:port`, without a path. */
  readonly origin: string
  /** Requests that were answered, in order. */
  readonly requests: AnsweredRequest[]
  /** Resolves when the next request has come in completely. */
  arrived(): Promise<void>
  /** From now on every request is treated so; undefined: as the judge says. */
  behave(behaviour: Behaviour | undefined): void
  close(): Promise<void>
}

const BODY_BYTES_MAX = 1024 * 1024

/** Listens on a port of its own; `judge` gives the answers of the API it stands for. */
export async function createPostServer(
  judge: (request: PostServerRequest) => PostServerAnswer,
): Promise<PostServer> {
  const requests: AnsweredRequest[] = []
  let behaviour: Behaviour | undefined
  const waiting: (() => void)[] = []

  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    for (const resolve of waiting.splice(0)) resolve()
    if (typeof behaviour === 'string') return misbehave(behaviour, request, response)
    const { method = '', url: path = '', headers } = request
    const asked = { method, path, headers, body }
    const { status, body: text = '', headers: more = {} } = behaviour ?? judge(asked)
    requests.push({ ...asked, payload: parseObject(body) ?? {}, answer: `${status} ${text}` })
    response.writeHead(status, { 'Content-Type': 'text/html', ...more }).end(text)
  }
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => answer(request, response, body),
      () => response.destroy(),
    )
  })
  const port = await listen(server)
  return {
    origin: `http://127.0.0.1:${port}`,
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

function misbehave(
  how: Exclude<Behaviour, object>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (how === 'cut') request.socket.destroy()
  else if (how === 'drip') response.writeHead(200).write('o')
  else if (how === 'flood') {
    response.writeHead(500)
    const pour = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', pour)
    pour()
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

/** Undefined for what is no JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

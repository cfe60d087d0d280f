// Owns sending one POST: proxy, timeouts, bounded answers. What an answer means: http-failure.ts.
import type { LookupFunction } from 'node:net'
import { EnvHttpProxyAgent, request } from 'undici'
import { startTimeLimit } from '../time-limit.ts'

/** Unit in the names; all of them are real time, not the clock's. */
export type PostTimeouts = {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number
  /** From the call to the last byte of the answer. */
  readonly totalMs: number
}

export type PostRequest = {
  readonly headers: Record<string, string>
  readonly body: string
}

export type PostAnswer = {
  readonly status: number
  /** Null when there is none; of several the first. */
  header(name: string): string | null
  /** At most `answerBytesMax` of it. */
  readonly text: string
}

export type Poster = {
  /** Resolves with any answer, also 3xx (never followed) and 5xx; throws what undici throws. */
  post(url: string, request: PostRequest, signal: AbortSignal): Promise<PostAnswer>
  /** Waits for the answers that are under way, which the total time bounds. */
  close(): Promise<void>
}

/** An answer is read for a word of explanation; nothing that answers with more is a webhook. */
const ANSWER_BYTES_MAX_DEFAULT = 8 * 1024

type PosterOptions = {
  readonly timeouts: PostTimeouts
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
  /** Asked for the addresses of names instead of the system, where no proxy does that. */
  readonly lookup?: LookupFunction
  /** How much of an answer is read; 8 KB where only a word of it matters. */
  readonly answerBytesMax?: number
}

/**
 * Every request has a connection of its own: one that was kept, and that the other side has just
 * closed, would make a send fail of which nobody knows whether it arrived.
 */
export function createPoster(options: PosterOptions): Poster {
  const { timeouts, httpsProxy, noProxy, lookup } = options
  const answerBytesMax = options.answerBytesMax ?? ANSWER_BYTES_MAX_DEFAULT
  const proxyTls = { timeout: timeouts.connectMs }
  const connect = lookup === undefined ? proxyTls : { ...proxyTls, lookup }
  const agent = new EnvHttpProxyAgent({
    // Empty rather than absent: undici would read the environment, which only the config may.
    httpProxy: '',
    httpsProxy: httpsProxy ?? '',
    noProxy: noProxy ?? '',
    pipelining: 0,
    allowH2: false,
    connect,
    proxyTls,
  })

  let closing: Promise<void> | undefined
  return {
    async post(url, { headers, body }, signal) {
      const limit = startTimeLimit(signal, timeouts.totalMs)
      try {
        const answer = await request(url, {
          dispatcher: agent,
          method: 'POST',
          headers,
          body,
          signal: limit.signal,
        })
        const text = await readUpTo(answer.body, answerBytesMax)
        return { status: answer.statusCode, header: headerOf(answer.headers), text }
      } finally {
        limit.end()
      }
    },
    close() {
      closing ??= agent.close()
      return closing
    },
  }
}

function headerOf(headers: Readonly<Record<string, string | string[] | undefined>>) {
  return (name: string): string | null => {
    const value = headers[name.toLowerCase()]
    return (Array.isArray(value) ? value[0] : value) ?? null
  }
}

async function readUpTo(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop destroys the stream, so the rest is not fetched.
    if (bytes >= bytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, bytesMax).toString('utf8')
}

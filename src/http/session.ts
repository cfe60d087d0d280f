// Owns the session of a browser: a cookie that names whose token opened it and until when, signed
// with a key made of that token. Nothing is stored: a token that is gone ends its sessions.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ApiToken } from './http-config.ts'

export const SESSION_COOKIE = 'tocsin_session'
/** A shift and its hand-over; then the token is asked for again. */
export const SESSION_SECONDS = 24 * 3_600

const KEY_PURPOSE = 'tocsin session 1'

/** The value of the cookie. */
export function sealSession(token: ApiToken, nowMs: number): string {
  const until = Math.floor(nowMs / 1_000) + SESSION_SECONDS
  const payload = `${Buffer.from(token.name).toString('base64url')}.${until}`
  return `${payload}.${sign(payload, token)}`
}

/** The token that opened the session; undefined when it is over, forged or its token is gone. */
export function openSession(
  cookie: string | undefined,
  tokens: readonly ApiToken[],
  nowMs: number,
): ApiToken | undefined {
  const [, name, until, signature] = /^([\w-]+)\.(\d{1,12})\.([\w-]{43})$/.exec(cookie ?? '') ?? []
  if (name === undefined || until === undefined || signature === undefined) return undefined
  if (Number(until) * 1_000 <= nowMs) return undefined
  const token = tokens.find((one) => one.name === Buffer.from(name, 'base64url').toString())
  if (token === undefined) return undefined
  const expected = Buffer.from(sign(`${name}.${until}`, token))
  return timingSafeEqual(expected, Buffer.from(signature)) ? token : undefined
}

function sign(payload: string, { digest, role }: ApiToken): string {
  const key = createHmac('sha256', digest).update(`${KEY_PURPOSE} ${role}`).digest()
  return createHmac('sha256', key).update(payload).digest('base64url')
}

// Owns what a request asks for: its credentials and its parameters, right or refused. What it gets: api.ts.
import { createHash, timingSafeEqual } from 'node:crypto'
import { isObject } from '../core/shape.ts'
import type { Span } from './company.ts'

/** What a window request asks for. */
export type Query = { readonly span: Span; readonly offset: number; readonly limit: number }

export type ParsedQuery =
  | { readonly query: Query; readonly problem?: undefined }
  | { readonly query?: undefined; readonly problem: string }

export type Credentials = {
  readonly token: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
}

/** Documented; a request without a limit silently gets no more. */
const LIMIT_DEFAULT = 20
const DAY_MS = 86_400_000

/** Whole-second UTC with Z, or a plain date, which is its midnight: the only forms documented. */
export function parseDate(text: string): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z)?$/.exec(text)
  if (found === null) return undefined
  const day = Date.parse(`${found[1]}T00:00:00Z`)
  const time = found[2] === undefined ? day : Date.parse(text)
  if (Number.isNaN(day) || Number.isNaN(time)) return undefined
  // Date.parse takes 2026-02-30 for March and 24:00:00 for the next day.
  const exists = new Date(day).toISOString().startsWith(found[1] ?? '')
  return exists && time - day < DAY_MS ? time : undefined
}

/** Unknown parameters are ignored, as the API does: `startDate` asks for the whole history. */
export function parseQuery(written: unknown, limitMax: number): ParsedQuery {
  const values = new Map(Object.entries(isObject(written) ? written : {}))
  const fromMs = readDate(values.get('dateStart'), Number.MIN_SAFE_INTEGER)
  if (fromMs === undefined) return { problem: 'dateStart is not a valid date' }
  const toMs = readDate(values.get('dateEnd'), Number.MAX_SAFE_INTEGER)
  if (toMs === undefined) return { problem: 'dateEnd is not a valid date' }
  const offset = readWhole(values.get('offset'), 0)
  if (offset === undefined) return { problem: 'offset must be an integer, 0 or greater' }
  const limit = readWhole(values.get('limit'), LIMIT_DEFAULT)
  if (limit === undefined) return { problem: 'limit must be an integer, 0 or greater' }
  return { query: { span: { fromMs, toMs }, offset, limit: Math.min(limit, limitMax) } }
}

function readDate(written: unknown, open: number): number | undefined {
  if (written === undefined) return open
  return typeof written === 'string' ? parseDate(written) : undefined
}

function readWhole(written: unknown, absent: number): number | undefined {
  if (written === undefined) return absent
  return typeof written === 'string' && /^\d{1,9}$/.test(written) ? Number(written) : undefined
}

/** Whether an `Authorization` header opens the door: Bearer with the token, or Basic. */
export function isAuthorized(header: string | undefined, credentials: Credentials): boolean {
  const found = /^(bearer|basic) +(\S+)$/i.exec(header ?? '')
  if (found === null) return false
  const given = found[2] ?? ''
  if (found[1]?.toLowerCase() === 'bearer') {
    return credentials.token !== undefined && isSame(given, credentials.token)
  }
  const { username, password } = credentials
  if (username === undefined || password === undefined) return false
  return isSame(Buffer.from(given, 'base64').toString(), `${username}:${password}`)
}

function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

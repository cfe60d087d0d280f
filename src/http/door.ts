// Owns who gets in: which Hosts and Origins are answered, whose token or session it is, and what a
// role allows. Decides without input or output; server.ts asks it for every request.
import { createHash, timingSafeEqual } from 'node:crypto'
import { API_ROLES, type ApiRole, type ApiToken, type HttpConfig } from './http-config.ts'
import type { ProblemCode } from './problem.ts'

/** Whoever a request acts for. */
export type Principal = {
  readonly name: string
  readonly role: ApiRole
  /** `local`: there are no tokens, and only this machine gets here. */
  readonly via: 'token' | 'session' | 'local'
}

export const LOCAL_PRINCIPAL: Principal = { name: 'local', role: 'admin', via: 'local' }

/** What of a request the door looks at. */
export type Knock = {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** What a browser says of where the request comes from, and what for. */
  readonly fetchSite: string | undefined
  readonly fetchMode: string | undefined
}

export type Refusal = { readonly code: ProblemCode; readonly detail: string }

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']
const SAFE_METHODS = ['GET', 'HEAD']

/** Refuses what comes under a foreign name or from a foreign page; undefined lets it in. */
export function refusePlace(knock: Knock, config: HttpConfig): Refusal | undefined {
  if (config.tokens.length === 0 && !isLoopbackName(knock.host)) {
    const detail = 'without tokens it answers to localhost, 127.0.0.1 and [::1] only'
    return { code: 'foreign-host', detail }
  }
  if (knock.origin !== undefined && !isOwnOrigin(knock.origin, knock.host, config)) {
    const detail = 'other pages may not ask: use the console, or leave the Origin header out'
    return { code: 'foreign-origin', detail }
  }
  if (isOfOthers(knock)) {
    return { code: 'foreign-origin', detail: 'other pages may link here, but not ask' }
  }
  return undefined
}

/** A session acts only where the browser says that the console itself asks. */
export function refuseSession(knock: Knock, principal: Principal): Refusal | undefined {
  if (principal.via !== 'session' || isSafe(knock.method)) return undefined
  if (knock.origin !== undefined || knock.fetchSite === 'same-origin') return undefined
  const detail = 'a session needs the Origin header that browsers send; scripts use a token'
  return { code: 'foreign-origin', detail }
}

/** Whose token it is. Every digest is compared, each in constant time. */
export function findToken(
  authorization: string | undefined,
  tokens: readonly ApiToken[],
): ApiToken | undefined {
  const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  if (given === undefined) return undefined
  const digest = createHash('sha256').update(given).digest()
  return tokens.filter((token) => timingSafeEqual(digest, Buffer.from(token.digest, 'hex')))[0]
}

export function roleAllows(role: ApiRole, needed: ApiRole): boolean {
  return API_ROLES.indexOf(role) >= API_ROLES.indexOf(needed)
}

export function isSafe(method: string): boolean {
  return SAFE_METHODS.includes(method)
}

/** The name alone: a port forward may have another port. */
function isLoopbackName(host: string | undefined): boolean {
  const name = /^(\[[0-9a-f:]+\]|[^:[\]]+)(:\d{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase()
  return name !== undefined && LOOPBACK_HOSTS.includes(name)
}

function isOwnOrigin(origin: string, host: string | undefined, config: HttpConfig): boolean {
  if (origin === config.publicUrl) return true
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}

/** Frames, images and scripts of other sites; a click on a link to a page is fine. */
function isOfOthers({ method, path, fetchSite, fetchMode }: Knock): boolean {
  if (fetchSite !== 'cross-site' && fetchSite !== 'same-site') return false
  if (!isSafe(method)) return true
  return path.startsWith('/api/') && fetchMode !== 'navigate'
}

// Owns reading where mail goes out: the URL of an SMTP server → host, port, TLS, login.
import { isIP } from 'node:net'
import { isLoopbackHost } from './loopback.ts'

export type SmtpServer = {
  readonly host: string
  readonly port: number
  /** TLS from the first byte (smtps). */
  readonly secure: boolean
  /** Refuse to go on without STARTTLS: no password in the clear, except to loopback. */
  readonly requireTls: boolean
  /** False only for STARTTLS to loopback, where a certificate proves nothing. */
  readonly verifyCertificate: boolean
  readonly login: { readonly user: string; readonly pass: string } | undefined
}

/** Submission (RFC 6409), and submission over TLS (RFC 8314). */
const PORTS_DEFAULT = { 'smtp:': 587, 'smtps:': 465 } as const

const HOST_NAME = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i

/** Undefined when the text is no `smtp://` or `smtps://` URL of a host, with nothing behind it. */
export function parseSmtpUrl(text: string): SmtpServer | undefined {
  if (!URL.canParse(text) || hasControl(text)) return undefined
  const url = new URL(text)
  const { protocol, search, hash, pathname } = url
  if (protocol !== 'smtp:' && protocol !== 'smtps:') return undefined
  if (search !== '' || hash !== '' || (pathname !== '' && pathname !== '/')) return undefined
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!HOST_NAME.test(host) && isIP(host) === 0) return undefined
  const login = parseLogin(url)
  if (login === 'malformed') return undefined
  const secure = protocol === 'smtps:'
  const remote = !isLoopbackHost(host)
  return {
    host,
    port: url.port === '' ? PORTS_DEFAULT[protocol] : Number(url.port),
    secure,
    requireTls: !secure && remote && login !== undefined,
    verifyCertificate: secure || remote,
    login,
  }
}

function parseLogin({ username, password }: URL): SmtpServer['login'] | 'malformed' {
  if (username === '' && password === '') return undefined
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  } catch {
    return 'malformed'
  }
}

function hasControl(text: string): boolean {
  return /[\p{Cc}\s]/u.test(text)
}

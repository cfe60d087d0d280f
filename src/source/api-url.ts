// Owns the form of the API's address, and which addresses may be used. It makes no request.
import { BlockList, isIP } from 'node:net'
import { SourceConfigError } from './errors.ts'

export const API_URL_DEFAULT = 'https://api.ionos.com'

const API_PATH = '/activitylog/v1'

/**
 * The address all calls are made under, without a slash at its end: `https://HOST/activitylog/v1`.
 * The scheme may be missing (https); `http://` is for loopback only, because credentials travel
 * with every request. Throws a SourceConfigError.
 */
export function parseApiUrl(text: string): URL {
  const trimmed = text.trim()
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`
  if (!URL.canParse(withScheme)) throw fault('is no address')
  const url = new URL(withScheme)
  if (url.username !== '' || url.password !== '') throw fault('holds a user name or password')
  if (url.search !== '' || url.hash !== '') throw fault('has a query or a fragment')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw fault('is not https')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw fault('is http:// to another machine, which would send the token in the clear')
  }
  const base = url.pathname.replace(/\/+$/, '')
  url.pathname = base.endsWith(API_PATH) ? base : `${base}${API_PATH}`
  return url
}

function fault(what: string): SourceConfigError {
  return new SourceConfigError(
    `the API's address ${what}`,
    `set IONOS_API_URL to a host such as ${API_URL_DEFAULT}, or leave it unset`,
  )
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost')
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

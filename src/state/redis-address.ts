// Owns reading the address of a Redis: a server, one that Sentinels know, or a cluster. It connects
// nothing.

export type RedisHost = { readonly host: string; readonly port: number }

export type RedisAddress = {
  readonly username?: string
  readonly password?: string
  readonly tls: boolean
} & (
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'server'; readonly host: RedisHost; readonly db: number }
  | {
      readonly kind: 'sentinel'
      readonly hosts: readonly RedisHost[]
      readonly name: string
      readonly db: number
    }
  | { readonly kind: 'cluster'; readonly hosts: readonly RedisHost[] }
)

export const REDIS_ADDRESS_EXPECTED =
  'an address redis://…, rediss://…, unix:///path, redis+sentinel://host,host/name or ' +
  'redis+cluster://host,host'

const REDIS_PORT = 6_379
const SENTINEL_PORT = 26_379
/** More than any installation has; a text with thousands of commas is none. */
const HOSTS_MAX = 64

const ADDRESS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#\s]+)(?:\/([^?#]*))?$/
const HOST = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+))(?::([0-9]{1,5}))?$/i

/**
 * Reads `redis[s]://[user:password@]host[:port][/db]`, `unix:///path`,
 * `redis[s]+sentinel://[…@]host[:port],…/name[/db]` and `redis[s]+cluster://[…@]host[:port],…`;
 * `rediss` is TLS. Undefined when it is none of these.
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  const socket = /^unix:\/\/(\/.+)$/.exec(text)
  if (socket?.[1] !== undefined) return { kind: 'socket', path: socket[1], tls: false }
  const found = ADDRESS.exec(text)
  if (found === null) return undefined
  const [, secure, kind = 'server', login, places = '', path = ''] = found
  const credentials = parseLogin(login)
  const hosts = parseHosts(places, kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT)
  if (hosts === undefined || credentials === undefined) return undefined
  const common = { ...credentials, tls: secure === 's' }
  const rest = path.split('/')
  if (kind === 'cluster') return path === '' ? { ...common, kind, hosts } : undefined
  const db = parseDb(rest[kind === 'sentinel' ? 1 : 0])
  if (db === undefined || rest.length > (kind === 'sentinel' ? 2 : 1)) return undefined
  if (kind === 'sentinel') {
    const name = decode(rest[0] ?? '')
    return name ? { ...common, kind, hosts, name, db } : undefined
  }
  const [host, ...others] = hosts
  if (host === undefined || others.length > 0) return undefined
  return { ...common, kind: 'server', host, db }
}

/** An empty object: no credentials; undefined: they can't be read. */
function parseLogin(
  login: string | undefined,
): { readonly username?: string; readonly password?: string } | undefined {
  if (login === undefined) return {}
  const colon = login.indexOf(':')
  const username = decode(colon < 0 ? login : login.slice(0, colon))
  const password = decode(colon < 0 ? '' : login.slice(colon + 1))
  if (username === undefined || password === undefined) return undefined
  return { ...(username && { username }), ...(password && { password }) }
}

function parseHosts(places: string, portDefault: number): readonly RedisHost[] | undefined {
  const parts = places.split(',')
  if (parts.length > HOSTS_MAX) return undefined
  const hosts: RedisHost[] = []
  for (const part of parts) {
    const [, address, name, port] = HOST.exec(part) ?? []
    const host = address ?? name
    const number = port === undefined ? portDefault : Number(port)
    if (host === undefined || number < 1 || number > 65_535) return undefined
    hosts.push({ host, port: number })
  }
  return hosts
}

function parseDb(text = ''): number | undefined {
  if (text === '') return 0
  return /^[0-9]{1,5}$/.test(text) ? Number(text) : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

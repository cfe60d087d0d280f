// Owns what a request's URI tells: its path, the resource it names, and a verb at its end. Not what
// was done: operation.ts.

export type PathResource = {
  /** Singular, lower case, without `-` and `_`: the log's spelling of resource types. */
  readonly type: string | undefined
  readonly id: string | undefined
  /** What follows the resource and is none: `stop`, `create-snapshot`, `kubeconfig`. */
  readonly tail: string | undefined
}

/** Segments looked at; the deepest path of CloudAPI v6 has eleven. */
const SEGMENTS_MAX = 64

const SLASH = 47

/** Behind this and a version begin nearly all paths of the log: no need to look at those parts. */
const CLOUDAPI = '/cloudapi/v'

/**
 * The path of a URI: no scheme, host, query, fragment or trailing `/`; always with a leading `/`.
 * Whether the log writes whole URIs or paths only is not documented, so both are read.
 */
export function pathOf(uri: string): string {
  const start = hostEnd(uri)
  const query = uri.indexOf('?', start)
  let end = query < 0 ? uri.length : query
  const fragment = uri.indexOf('#', start)
  if (fragment >= 0 && fragment < end) end = fragment
  while (end > start && uri.charCodeAt(end - 1) === SLASH) end -= 1
  if (end === start) return '/'
  const path = uri.slice(start, end)
  return path.charCodeAt(0) === SLASH ? path : `/${path}`
}

/**
 * Where the path begins: behind `scheme://host`, or behind a first part that can only be a host.
 */
function hostEnd(uri: string): number {
  const slash = uri.indexOf('/')
  if (slash === 0) return 0
  if (slash > 1 && uri.startsWith('://', slash - 1)) {
    const end = uri.slice(slash + 2).search(/[/?#]/)
    return end < 0 ? uri.length : slash + 2 + end
  }
  return slash > 0 && /[.:]/.test(uri.slice(0, slash)) ? slash : 0
}

/** A type's spelling in facts: `firewall-rule`, `firewallRule` → `firewallrule`. */
export function typeOf(name: string): string {
  return /[^a-z0-9]/.test(name) ? name.toLowerCase().replace(/[-_]/g, '') : name
}

/** The last resource a path names, read as `collection/id/collection/id…` behind any prefix. */
export function resourceOfPath(path: string): PathResource {
  let type: string | undefined
  let id: string | undefined
  let tail: string | undefined
  let parent = ''
  const segments = path.split('/', SEGMENTS_MAX)
  for (let index = path.startsWith(CLOUDAPI) ? 3 : 0; index < segments.length; index += 1) {
    const segment = segments[index] ?? ''
    const next = segments[index + 1]
    const found = segment === '' ? undefined : typeOfCollection(segment, next, id !== undefined)
    if (found !== undefined) {
      type = found === 'rule' ? (RULE_TYPES.get(parent) ?? found) : found
      parent = segment
      id = next === undefined || isWord(next) ? undefined : next
      tail = undefined
      if (id !== undefined) index += 1
    } else if (type !== undefined && segment !== '') {
      tail = segment.toLowerCase()
    }
  }
  return { type, id, tail }
}

/**
 * The type of a known collection, or of an unknown one where the path's form leaves no other
 * reading.
 */
function typeOfCollection(
  segment: string,
  next: string | undefined,
  inside: boolean,
): string | undefined {
  const known = TYPES.get(segment)
  if (known !== undefined) return known
  const name = segment.toLowerCase()
  if (name !== segment) return typeOfCollection(name, next, inside)
  if (WORDS.has(name) || isVersion(name)) return undefined
  const last = next === undefined
  if (last ? !/[a-z]s$/.test(name) || isId(name) : !inside && !isId(next)) return undefined
  return singular(name)
}

/** Whether a segment stands where an id could, and is none. */
function isWord(segment: string): boolean {
  return segment.length <= WORD_LENGTH_MAX && WORDS.has(segment.toLowerCase())
}

/** `v6`, `v1.2`: an API's version, never a collection. */
function isVersion(segment: string): boolean {
  return segment.charCodeAt(0) === 118 && /^v\d/.test(segment)
}

/** UUIDs, numbers and other machine-made names. */
function isId(segment: string): boolean {
  return /^\d+$/.test(segment) || (segment.length >= 8 && /\d/.test(segment))
}

function singular(collection: string): string {
  const name = typeOf(collection)
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`
  return name.endsWith('s') && !name.endsWith('ss') ? name.slice(0, -1) : name
}

const COLLECTIONS =
  'datacenters servers volumes nics lans firewallrules flowlogs snapshots images ipblocks pccs ' +
  'users groups shares resources s3keys accesskeys backupunits nodepools nodes labels contracts ' +
  'natgateways networkloadbalancers applicationloadbalancers loadbalancers forwardingrules rules ' +
  'targetgroups securitygroups templates locations requests cdroms gpus tokens registries ' +
  'repositories clusters databases backups zones records secondaryzones reverserecords gateways ' +
  'routes peers tunnels wireguardgateways ipsecgateways distributions certificates topics ' +
  'pipelines replicasets'

/** Collections of the IONOS APIs and the type of what they hold. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ...COLLECTIONS.split(' ').map((name) => [name, singular(name)] as const),
  ['k8s', 'k8s'],
  ['privatecrossconnects', 'pcc'],
])

/** What `rules` holds, by the collection it is part of. */
const RULE_TYPES: ReadonlyMap<string, string> = new Map([
  ['natgateways', 'natgatewayrule'],
  ['securitygroups', 'firewallrule'],
])

/** Verbs and documents behind a collection or a resource. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'generate versions default status start stop reboot suspend resume upgrade restore replace ' +
    'reset create-snapshot restore-snapshot remoteconsole kubeconfig s3ssourl ssourl'
  ).split(' '),
)

const WORD_LENGTH_MAX = 16

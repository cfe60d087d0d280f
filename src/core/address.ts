// Owns IP addresses and CIDRs: text to numbers, canonical text, kind, membership. Not where an
// address lies: enrich/.
import { formatGroups, parseDotted, parseGroups } from './address-text.ts'
import type { IpKind } from './event.ts'

/**
 * One address as four unsigned 32-bit words, most significant first, so that look-ups are integer
 * operations. IPv4 sits in `w3`, the others are 0. A v4-mapped IPv6 address is never held: it is
 * IPv4.
 */
export type Address = {
  readonly version: 4 | 6
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/**
 * A network: the words of its first address and, as signed integers, the masks to compare under.
 */
export type Cidr = Address & {
  readonly prefix: number
  readonly m0: number
  readonly m1: number
  readonly m2: number
  readonly m3: number
}

/**
 * The longest text taken for an address: 45 characters of IPv6, brackets, a port and a zone name.
 */
const ADDRESS_LENGTH_MAX = 100

const BRACKET = 91

/**
 * Reads an address as logs write it: IPv4, IPv6 in any spelling, `[IPv6]`, with `:port` after IPv4
 * or brackets, with a zone id (`%eth0`), which is dropped. Strict on numbers: no octal, hexadecimal
 * or shortened IPv4. Undefined when it is no address.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined
  const plain = parsePlain(text)
  if (plain !== undefined) return plain
  if (text.charCodeAt(0) === BRACKET) {
    const match = /^\[([^[\]%]+)(?:%[^\]]+)?\](?::\d{1,5})?$/.exec(text)
    return match ? ofGroups(parseGroups(match[1] ?? '')) : undefined
  }
  const port = /^([\d.]+):\d{1,5}$/.exec(text)
  if (port) return parsePlain(port[1] ?? '')
  const zone = /^([^%/]+)%[^%/]+$/.exec(text)
  return zone ? ofGroups(parseGroups(zone[1] ?? '')) : undefined
}

/**
 * Reads `address/prefix`, or a bare address as a network of one. Bits behind the prefix are
 * cleared. A v4-mapped network (`::ffff:10.0.0.0/104`) is the IPv4 one. No port, brackets or zone
 * id here: networks are written by people, and those would be mistakes.
 */
export function parseCidr(text: string): Cidr | undefined {
  if (text.length > ADDRESS_LENGTH_MAX) return undefined
  const slash = text.indexOf('/')
  const addressText = slash < 0 ? text : text.slice(0, slash)
  const address = parsePlain(addressText)
  if (address === undefined) return undefined
  const mapped = address.version === 4 && addressText.includes(':')
  const widest = address.version === 4 && !mapped ? 32 : 128
  let prefix = widest
  if (slash >= 0) {
    const digits = text.slice(slash + 1)
    if (!/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined
    prefix = Number(digits)
    if (prefix > widest) return undefined
  }
  if (mapped) prefix -= 96
  return prefix < 0 ? undefined : network(address, prefix)
}

/** Whether an address lies in a network; never across versions. */
export function inCidr(address: Address, cidr: Cidr): boolean {
  return (
    address.version === cidr.version &&
    ((address.w3 ^ cidr.w3) & cidr.m3) === 0 &&
    ((address.w0 ^ cidr.w0) & cidr.m0) === 0 &&
    ((address.w1 ^ cidr.w1) & cidr.m1) === 0 &&
    ((address.w2 ^ cidr.w2) & cidr.m2) === 0
  )
}

/** The canonical text: dotted IPv4, or IPv6 as RFC 5952 wants it. */
export function formatAddress(address: Address): string {
  const { version, w0, w1, w2, w3 } = address
  if (version === 4) return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`
  return formatGroups([w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]))
}

/**
 * The kind of an address by the IANA special-purpose registries. Carrier-grade NAT counts as
 * private.
 */
export function addressKind(address: Address): IpKind {
  for (const [cidr, kind] of address.version === 4 ? KINDS_V4 : KINDS_V6) {
    if (inCidr(address, cidr)) return kind
  }
  // IANA gives out global IPv6 addresses from 2000::/3 only.
  return address.version === 4 || address.w0 >>> 29 === 1 ? 'public' : 'reserved'
}

function parsePlain(text: string): Address | undefined {
  const word = parseDotted(text, 0)
  return word < 0 ? ofGroups(parseGroups(text)) : ofWord(word)
}

function ofWord(w3: number): Address {
  return { version: 4, w0: 0, w1: 0, w2: 0, w3 }
}

function ofGroups(groups: readonly number[] | undefined): Address | undefined {
  if (groups === undefined) return undefined
  const word = (at: number): number => (((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0)) >>> 0
  const address: Address = { version: 6, w0: word(0), w1: word(2), w2: word(4), w3: word(6) }
  const mapped = address.w0 === 0 && address.w1 === 0 && address.w2 === 0xffff
  return mapped ? ofWord(address.w3) : address
}

function network(address: Address, prefix: number): Cidr {
  const offset = address.version === 4 ? 96 : 0
  const m0 = address.version === 4 ? 0 : maskOf(prefix)
  const m1 = maskOf(prefix + offset - 32)
  const m2 = maskOf(prefix + offset - 64)
  const m3 = maskOf(prefix + offset - 96)
  return {
    version: address.version,
    prefix,
    w0: (address.w0 & m0) >>> 0,
    w1: (address.w1 & m1) >>> 0,
    w2: (address.w2 & m2) >>> 0,
    w3: (address.w3 & m3) >>> 0,
    m0,
    m1,
    m2,
    m3,
  }
}

/** The mask of one word of which `bits` leading bits count; shifts by 32 would be shifts by 0. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

type KindTable = readonly (readonly [Cidr, IpKind])[]

function kinds(table: Readonly<Record<string, IpKind>>): KindTable {
  return Object.entries(table).map(([text, kind]) => {
    const cidr = parseCidr(text)
    if (cidr === undefined) throw new Error(`not a network: ${text}`)
    return [cidr, kind] as const
  })
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry
const KINDS_V4 = kinds({
  '10.0.0.0/8': 'private',
  '172.16.0.0/12': 'private',
  '192.168.0.0/16': 'private',
  '100.64.0.0/10': 'private',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'linklocal',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved',
  '0.0.0.0/8': 'reserved',
  '192.0.0.0/24': 'reserved',
  '192.0.2.0/24': 'reserved',
  '192.88.99.0/24': 'reserved',
  '198.18.0.0/15': 'reserved',
  '198.51.100.0/24': 'reserved',
  '203.0.113.0/24': 'reserved',
})

const KINDS_V6 = kinds({
  '::1': 'loopback',
  'fe80::/10': 'linklocal',
  'fc00::/7': 'private',
  'fec0::/10': 'private',
  'ff00::/8': 'multicast',
  '64:ff9b::/96': 'public',
  '2001::/23': 'reserved',
  '2001:db8::/32': 'reserved',
  '3fff::/20': 'reserved',
})

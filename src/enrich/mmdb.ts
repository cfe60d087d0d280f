// Owns files in MaxMind's format (https://maxmind.github.io/MaxMind-DB): address to record. What
// records say is record.ts; package maxmind decodes them.
import { Reader, type Response } from 'maxmind'
import { type Address, formatAddress } from '../core/address.ts'
import { EnrichmentError } from './error.ts'
import type { Lookup } from './lookup.ts'

/** What ends with the description of the file. */
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** Parsed records kept by their place in the file; a city file has some 200,000, a log sees few. */
const RECORDS_KEPT_MAX = 65_536

/** Networks that are looked at to see whether a file holds what is asked of it. */
const SAMPLE_NETWORKS_MAX = 2_000
const SAMPLE_START = 1 << 24
const IPV4_END = 2 ** 32

/** Bits of an IPv4 address whose way is worked out ahead; they make two thirds of it. */
const TOP_BITS = 16

export type MmdbOptions<T> = {
  readonly path: string
  /** What is asked of the file, for messages: `countries`. */
  readonly content: string
  readonly parse: (record: unknown) => T | undefined
  /** Whether what was parsed is what is asked; without it all is. */
  readonly isContent?: (found: T) => boolean
}

/**
 * The look-ups of a file's bytes, which it keeps. Throws an EnrichmentError when it is no such
 * file, or none of the networks looked at has what `parse` looks for.
 */
export function parseMmdb<T>(bytes: Buffer, options: MmdbOptions<T>): Lookup<T> {
  const { path, content, parse } = options
  const reader = openReader(bytes, path)
  const { metadata } = reader
  if (!holdsContent(reader, options)) {
    const message = `${path} (${metadata.databaseType}) holds no ${content}`
    throw new EnrichmentError('wrong-kind', message)
  }
  const leafOf = createWalk(bytes, metadata)
  const known = new Map<number, T | undefined>()
  return {
    builtAt: metadata.buildEpoch.getTime() || 0,
    find(address) {
      const leaf = leafOf(address)
      if (leaf === undefined) return undefined
      if (known.has(leaf)) return known.get(leaf)
      const found = parse(reader.get(formatAddress(address)) ?? undefined)
      if (known.size >= RECORDS_KEPT_MAX) known.clear()
      known.set(leaf, found)
      return found
    },
  }
}

function openReader(bytes: Buffer, path: string): Reader<Response> {
  try {
    if (bytes.lastIndexOf(METADATA_MARKER) < 0) throw new Error('no metadata')
    const reader = new Reader<Response>(bytes)
    const { searchTreeSize, ipVersion } = reader.metadata
    const isWhole = searchTreeSize > 0 && searchTreeSize < bytes.length
    if (isWhole && (ipVersion === 4 || ipVersion === 6)) return reader
    throw new Error('the tree is not whole')
  } catch (error) {
    throw damaged(path, error)
  }
}

function damaged(path: string, cause: unknown): EnrichmentError {
  return new EnrichmentError('damaged', `${path} is no whole file in MaxMind's format`, cause)
}

/** A file of other things would leave facts empty for ever, and nobody would know why. */
function holdsContent<T>(reader: Reader<Response>, options: MmdbOptions<T>): boolean {
  const { path, parse, isContent = () => true } = options
  let records = 0
  let address = SAMPLE_START
  try {
    for (let looked = 0; looked < SAMPLE_NETWORKS_MAX && address < IPV4_END; looked += 1) {
      const text = formatAddress({ version: 4, w0: 0, w1: 0, w2: 0, w3: address })
      const [record, prefix] = reader.getWithPrefixLength(text)
      const found = parse(record)
      if (found !== undefined && isContent(found)) return true
      if (record !== null) records += 1
      const size = 2 ** (32 - prefix)
      address = (Math.floor(address / size) + 1) * size
    }
  } catch (error) {
    throw damaged(path, error)
  }
  return records === 0
}

type Metadata = Reader<Response>['metadata']

/**
 * Walks the tree from an address to where its record is, a number that is the same for all that
 * share the record. The package does so too, but from text and through arrays: much slower.
 */
function createWalk(bytes: Buffer, metadata: Metadata): (address: Address) => number | undefined {
  const { nodeCount, ipVersion } = metadata
  const childOf = CHILD_OF[metadata.recordSize as keyof typeof CHILD_OF]
  /** Follows the bits of a word from `bit` down to 0, or to the end of the way. */
  const follow = (from: number, word: number, bit = 31) => {
    let node = from
    for (let at = bit; at >= 0 && node < nodeCount; at -= 1) {
      node = childOf(bytes, node, (word >>> at) & 1)
    }
    return node
  }
  // IPv4 lies below the 96 zero bits of ::/96.
  const root4 = ipVersion === 4 ? 0 : follow(follow(follow(0, 0), 0), 0)
  const tops = nodesBelow(root4, (node, side) =>
    node < nodeCount ? childOf(bytes, node, side) : node,
  )
  return ({ version, w0, w1, w2, w3 }) => {
    if (version === 6 && ipVersion === 4) return undefined
    const leaf =
      version === 4
        ? follow(tops[w3 >>> TOP_BITS] as number, w3, 31 - TOP_BITS)
        : follow(follow(follow(follow(0, w0), w1), w2), w3)
    return leaf > nodeCount ? leaf : undefined
  }
}

/** Where each combination of the first 16 bits leads. */
function nodesBelow(root: number, childOf: (node: number, side: number) => number): Uint32Array {
  let nodes = Uint32Array.of(root)
  while (nodes.length < 2 ** TOP_BITS) {
    const above = nodes
    nodes = new Uint32Array(2 * above.length)
    for (let at = 0; at < nodes.length; at += 1) {
      nodes[at] = childOf(above[at >>> 1] as number, at & 1)
    }
  }
  return nodes
}

/** The left (0) or right (1) child of a node, by the size of a record in bits. */
const CHILD_OF = {
  24(bytes: Buffer, node: number, side: number): number {
    const at = node * 6 + side * 3
    return (byte(bytes, at) << 16) | (byte(bytes, at + 1) << 8) | byte(bytes, at + 2)
  },
  28(bytes: Buffer, node: number, side: number): number {
    const at = node * 7
    const shared = byte(bytes, at + 3)
    const high = side === 0 ? shared >> 4 : shared & 15
    const low = at + side * 4
    return (
      (high << 24) | (byte(bytes, low) << 16) | (byte(bytes, low + 1) << 8) | byte(bytes, low + 2)
    )
  },
  32(bytes: Buffer, node: number, side: number): number {
    return bytes.readUInt32BE(node * 8 + side * 4)
  },
} as const

function byte(bytes: Buffer, at: number): number {
  return bytes[at] as number
}

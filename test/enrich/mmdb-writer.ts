// Owns writing small files in MaxMind's format (https://maxmind.github.io/MaxMind-DB), so that tests
// have records of their own. Reading them is src/enrich/mmdb.ts, which shares no code with this.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cidr, parseCidr } from '../../src/core/address.ts'

export type Value = string | number | boolean | { readonly [name: string]: Value }

export type MmdbFile = {
  /** Networks that don't overlap, each with its record. */
  readonly records: Readonly<Record<string, Value>>
  readonly type?: string
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
  readonly builtAt?: Date
}

type Leaf = { readonly offset: number }
type Child = number | Leaf | undefined
type Node = [left: Child, right: Child]

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** The bytes of a file. */
export function writeMmdb(file: MmdbFile): Buffer {
  const { records, type = 'Test', ipVersion = 6, recordSize = 24, builtAt = new Date(0) } = file
  const nodes: Node[] = [[undefined, undefined]]
  const data: Buffer[] = []
  let offset = 0
  for (const [cidr, record] of Object.entries(records)) {
    const bytes = encode(record)
    put(nodes, bitsOf(cidr, ipVersion), { offset })
    data.push(bytes)
    offset += bytes.length
  }
  const tree = Buffer.concat(nodes.map((node) => encodeNode(node, nodes.length, recordSize)))
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Math.floor(builtAt.getTime() / 1_000),
    database_type: type,
    ip_version: ipVersion,
    node_count: nodes.length,
    record_size: recordSize,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, MARKER, metadata])
}

/** Where a file of the folder lies once these records are in it. */
export function putFile(folder: string, name: string, file: MmdbFile): string {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, writeMmdb(file))
  renameSync(`${path}.new`, path)
  return path
}

/** The bits that lead to a network; IPv4 lies below ::/96 in a tree of IPv6. */
function bitsOf(text: string, ipVersion: 4 | 6): number[] {
  const cidr = parseCidr(text) as Cidr
  const words = cidr.version === 4 ? [cidr.w3] : [cidr.w0, cidr.w1, cidr.w2, cidr.w3]
  const bits = words.flatMap((word) =>
    Array.from({ length: 32 }, (_, at) => (word >>> (31 - at)) & 1),
  )
  const before = cidr.version === 4 && ipVersion === 6 ? Array.from({ length: 96 }, () => 0) : []
  return [...before, ...bits.slice(0, cidr.prefix)]
}

function put(nodes: Node[], bits: readonly number[], leaf: Leaf): void {
  let at = 0
  for (const [depth, bit] of bits.entries()) {
    const node = nodes[at] as Node
    if (depth === bits.length - 1) {
      node[bit] = leaf
      return
    }
    const next = node[bit]
    if (typeof next === 'number') at = next
    else at = node[bit] = nodes.push([undefined, undefined]) - 1
  }
}

function encodeNode([left, right]: Node, count: number, recordSize: 24 | 28 | 32): Buffer {
  const [a, b] = [left, right].map((child) => {
    if (child === undefined) return count
    return typeof child === 'number' ? child : count + 16 + child.offset
  }) as [number, number]
  const bytes = Buffer.alloc(recordSize / 4)
  if (recordSize === 24) {
    bytes.writeUIntBE(a, 0, 3)
    bytes.writeUIntBE(b, 3, 3)
  } else if (recordSize === 28) {
    bytes.writeUIntBE(a & 0xffffff, 0, 3)
    bytes[3] = ((a >>> 24) << 4) | (b >>> 24)
    bytes.writeUIntBE(b & 0xffffff, 4, 3)
  } else {
    bytes.writeUInt32BE(a, 0)
    bytes.writeUInt32BE(b, 4)
  }
  return bytes
}

const TEXT = 2
const DOUBLE = 3
const UINT32 = 6
const MAP = 7
const BOOLEAN = 14

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(TEXT, bytes.length), bytes])
  }
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0)
  if (typeof value === 'number') {
    const isWhole = Number.isInteger(value) && value >= 0
    const bytes = Buffer.alloc(isWhole ? 4 : 8)
    if (isWhole) bytes.writeUInt32BE(value)
    else bytes.writeDoubleBE(value)
    return Buffer.concat([control(isWhole ? UINT32 : DOUBLE, bytes.length), bytes])
  }
  const members = Object.entries(value)
  const encoded = members.flatMap(([name, member]) => [encode(name), encode(member)])
  return Buffer.concat([control(MAP, members.length), ...encoded])
}

/** Type and size before a value; sizes from 29 on take another byte. */
function control(type: number, size: number): Buffer {
  const [small, more] = size < 29 ? [size, []] : [29, [size - 29]]
  const head = type > 7 ? [small, type - 7] : [(type << 5) | small]
  return Buffer.from([...head, ...more])
}

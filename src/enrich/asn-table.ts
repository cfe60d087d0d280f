// Owns reading the table of networks that the build writes (scripts/build-asn.mjs): address to
// autonomous system. Where the file lies is geo.ts.
import type { Address } from '../core/address.ts'
import { EnrichmentError } from './error.ts'
import type { Lookup } from './lookup.ts'
import type { Network } from './record.ts'

const MAGIC = 0x41534e31
const HEADER_BYTES = 64
const BUILT_AT_BYTE = 24

/**
 * The look-ups of a table's bytes, which it keeps. Throws an EnrichmentError when it is no such
 * table, or not a whole one.
 */
export function parseAsnTable(bytes: Uint8Array, path: string): Lookup<Network> {
  // Numbers can only be looked at in place when they lie at a multiple of their size.
  const table = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes)
  const sections = sectionsOf(table)
  if (sections === undefined) {
    throw new EnrichmentError('damaged', `${path} is no whole table of networks`)
  }
  const { builtAt, starts4, owners4, starts6, owners6 } = sections
  const networkAt = createNetworks(sections)
  const tops = countTops(starts4)
  return {
    builtAt,
    find: ({ version, w0, w1, w2, w3 }) => {
      const place =
        version === 4
          ? owners4[countUpTo4(starts4, w3, tops) - 1]
          : owners6[countUpTo6(starts6, { w0, w1, w2, w3 }) - 1]
      return place === undefined || place === 0 ? undefined : networkAt(place)
    },
  }
}

type Sections = {
  readonly builtAt: number
  /** First addresses, ascending; each holds up to the next one. */
  readonly starts4: Uint32Array
  /** The owner from each start on: a place in `numbers`; 0 is nobody. */
  readonly owners4: Uint32Array
  /** Four words an address. */
  readonly starts6: Uint32Array
  readonly owners6: Uint32Array
  readonly numbers: Uint32Array
  /** Where each owner's name ends in `names`. */
  readonly ends: Uint32Array
  readonly names: Uint8Array
}

/** In the order scripts/build-asn.mjs writes them; undefined when the lengths don't agree. */
function sectionsOf(table: Uint8Array): Sections | undefined {
  if (table.byteLength < HEADER_BYTES) return undefined
  const { buffer, byteOffset } = table
  const [magic, count4 = 0, count6 = 0, owners = 0, nameBytes = 0] = new Uint32Array(
    buffer,
    byteOffset,
    HEADER_BYTES / 4,
  )
  const wordCount = 2 * count4 + 5 * count6 + 2 * owners
  if (magic !== MAGIC || table.byteLength !== HEADER_BYTES + 4 * wordCount + nameBytes) {
    return undefined
  }
  let at = byteOffset + HEADER_BYTES
  const take = (count: number) => {
    const words = new Uint32Array(buffer, at, count)
    at += 4 * count
    return words
  }
  return {
    builtAt: new Float64Array(buffer, byteOffset + BUILT_AT_BYTE, 1)[0] ?? 0,
    starts4: take(count4),
    owners4: take(count4),
    starts6: take(4 * count6),
    owners6: take(count6),
    numbers: take(owners),
    ends: take(owners),
    names: table.subarray(at - byteOffset),
  }
}

/** Networks by their place, each made when it is first asked for: a log sees few of them. */
function createNetworks({ numbers, ends, names }: Sections): (place: number) => Network {
  const decoder = new TextDecoder()
  const made: (Network | undefined)[] = []
  return (place) => {
    const known = made[place]
    if (known !== undefined) return known
    const name = decoder.decode(names.subarray(ends[place - 1], ends[place]))
    const network = { asn: numbers[place] ?? 0, asOrg: name === '' ? undefined : name }
    made[place] = network
    return network
  }
}

/** How many starts lie below each value of the first 16 bits: where to search for it. */
function countTops(starts: Uint32Array): Uint32Array {
  const tops = new Uint32Array(2 ** 16 + 1)
  for (const start of starts) add(tops, (start >>> 16) + 1, 1)
  for (let top = 1; top < tops.length; top += 1) add(tops, top, tops[top - 1] ?? 0)
  return tops
}

function add(counts: Uint32Array, at: number, more: number): void {
  counts[at] = (counts[at] ?? 0) + more
}

/** How many starts are not above the address. */
function countUpTo4(starts: Uint32Array, word: number, tops: Uint32Array): number {
  const top = word >>> 16
  let low = tops[top] as number
  let high = tops[top + 1] as number
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] as number) <= word) low = middle + 1
    else high = middle
  }
  return low
}

function countUpTo6(starts: Uint32Array, address: Omit<Address, 'version'>): number {
  let low = 0
  let high = starts.length / 4
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isUpTo(starts, 4 * middle, address)) low = middle + 1
    else high = middle
  }
  return low
}

function isUpTo(
  starts: Uint32Array,
  at: number,
  { w0, w1, w2, w3 }: Omit<Address, 'version'>,
): boolean {
  const s0 = starts[at] as number
  if (s0 !== w0) return s0 < w0
  const s1 = starts[at + 1] as number
  if (s1 !== w1) return s1 < w1
  const s2 = starts[at + 2] as number
  if (s2 !== w2) return s2 < w2
  return (starts[at + 3] as number) <= w3
}

// Owns dist/enrich/asn.bin: the networks of the internet and who runs them, turned from the lists of
// @ip-location-db/asn into sorted numbers. Reading it is src/enrich/asn-table.ts.
import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupError } from './setup-error.mjs'

const PACKAGE = join('node_modules', '@ip-location-db', 'asn')
const TABLE = join('enrich', 'asn.bin')

/** First word of the file. A machine of the other byte order reads another number. */
const MAGIC = 0x41534e31
/** magic, boundaries of IPv4, of IPv6, owners, bytes of names; then `builtAt` and the recipe. */
const HEADER_WORDS = 6
const RECIPE_START = HEADER_WORDS * 4 + 8
const RECIPE_BYTES = 32
const IPV4_MAX = 0xffffffff
const IPV6_MAX = (1n << 128n) - 1n

/**
 * Writes the table into `made`, a build in the making. Copies the one in dist/ when that was made
 * from the same lists. A project without the part that reads it needs none.
 */
export function writeAsnTable(root, made) {
  if (!existsSync(join(root, 'src', 'enrich'))) return
  const folder = join(root, PACKAGE)
  if (!existsSync(join(folder, 'asn-ipv4-num.csv'))) {
    throw new SetupError('the lists of networks are not installed', 'run `npm ci --include=dev`')
  }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const recipe = createHash('sha256')
    .update(version)
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest()
  const target = join(made, TABLE)
  mkdirSync(dirname(target), { recursive: true })
  const earlier = join(root, 'dist', TABLE)
  if (readRecipe(earlier)?.equals(recipe)) {
    copyFileSync(earlier, target)
    return
  }
  const read = (name) => readFileSync(join(folder, name), 'latin1')
  const lists = { v4: read('asn-ipv4-num.csv'), v6: read('asn-ipv6-num.csv') }
  writeFileSync(target, encodeAsnTable({ ...lists, builtAt: timeOfVersion(version), recipe }))
}

/** The recipe in the header of a table; undefined when there is no table. */
function readRecipe(path) {
  if (!existsSync(path)) return undefined
  const recipe = Buffer.alloc(RECIPE_BYTES)
  const file = openSync(path)
  try {
    readSync(file, recipe, 0, RECIPE_BYTES, RECIPE_START)
    return recipe
  } finally {
    closeSync(file)
  }
}

/** `2.3.2026061719` is of 2026-06-17, 19 h UTC. In ms since the epoch; 0 when it tells no time. */
function timeOfVersion(version) {
  const [, year, month, day, hour] = /\.(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(version) ?? []
  return year === undefined ? 0 : Date.UTC(+year, month - 1, +day, +hour)
}

/**
 * The bytes of a table from lists in the form `first,last,number,name`, sorted by `first`, read as
 * latin1: their bytes, whatever the encoding, are kept. Where rows overlap the one that begins last
 * holds. Throws SetupError for a list of another form.
 */
export function encodeAsnTable({ v4, v6, builtAt, recipe = Buffer.alloc(RECIPE_BYTES) }) {
  const owners = createOwners()
  const low = createBoundaries({ one: 1, max: IPV4_MAX })
  for (const [first, last, owner] of rowsOf(v4, owners)) low.add(Number(first), Number(last), owner)
  const high = createBoundaries({ one: 1n, max: IPV6_MAX })
  for (const [first, last, owner] of rowsOf(v6, owners))
    high.add(BigInt(first), BigInt(last), owner)
  low.end()
  high.end()
  const text = Buffer.from(owners.names.join(''), 'latin1')
  let end = 0
  const ends = owners.names.map((name) => (end += name.length))
  const counts = [low.starts.length, high.starts.length, owners.numbers.length, text.length]
  const words = (values) => Buffer.from(Uint32Array.from(values).buffer)
  return Buffer.concat([
    words([MAGIC, ...counts, 0]),
    Buffer.from(Float64Array.of(builtAt).buffer),
    recipe,
    words(low.starts),
    words(low.owners),
    wordsOfAddresses(high.starts),
    words(high.owners),
    words(owners.numbers),
    words(ends),
    text,
  ])
}

/** Gives each owner (number and name) a place; the first is nobody. */
function createOwners() {
  const places = new Map()
  const numbers = [0]
  const names = ['']
  /** `text` is `number,name`, the name quoted as CSV has it. */
  const placeOf = (text) => {
    const known = places.get(text)
    if (known !== undefined) return known
    const comma = text.indexOf(',')
    const name = text.slice(comma + 1)
    names.push(name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)
    places.set(text, numbers.length)
    return numbers.push(Number(text.slice(0, comma))) - 1
  }
  return { numbers, names, placeOf }
}

function* rowsOf(csv, owners) {
  for (let at = 0, row = 1; at < csv.length; row += 1) {
    const newline = csv.indexOf('\n', at)
    const end = newline < 0 ? csv.length : newline
    const first = csv.indexOf(',', at)
    const second = csv.indexOf(',', first + 1)
    const third = csv.indexOf(',', second + 1)
    if (first < 0 || third < 0 || third > end) throw badList(`row ${row} has no name`)
    const owner = owners.placeOf(csv.slice(second + 1, end))
    yield [csv.slice(at, first), csv.slice(first + 1, second), owner]
    at = end + 1
  }
}

/** Where the owner changes, and to whom: what lies between two starts belongs to one of them. */
function createBoundaries({ one, max }) {
  const starts = []
  const owners = []
  const open = []
  let lastStart
  let lastOwner = 0
  const mark = (start, owner) => {
    if (start === lastStart) owners[owners.length - 1] = owner
    else if (owner !== lastOwner) owners[starts.push(start) - 1] = owner
    else return
    lastStart = start
    lastOwner = owner
  }
  /** Ends the rows that end before `start`; the one below that goes on comes back. */
  const closeBefore = (start) => {
    while (open.length > 0 && open.at(-1).last < start) {
      const { last } = open.pop()
      while (open.length > 0 && open.at(-1).last <= last) open.pop()
      if (last < max && last + one < start) mark(last + one, open.at(-1)?.owner ?? 0)
    }
  }
  let before
  return {
    starts,
    owners,
    add(first, last, owner) {
      if (!(first <= last && last <= max) || first < before) {
        throw badList(`${first} to ${last} is out of order`)
      }
      before = first
      closeBefore(first)
      open.push({ last, owner })
      mark(first, owner)
    },
    end: () => closeBefore(max + one),
  }
}

/** Four words an address, most significant first. */
function wordsOfAddresses(addresses) {
  const words = new Uint32Array(4 * addresses.length)
  addresses.forEach((address, at) => {
    words[4 * at] = Number(address >> 96n)
    words[4 * at + 1] = Number((address >> 64n) & 0xffffffffn)
    words[4 * at + 2] = Number((address >> 32n) & 0xffffffffn)
    words[4 * at + 3] = Number(address & 0xffffffffn)
  })
  return Buffer.from(words.buffer)
}

function badList(what) {
  return new SetupError(`a list of networks is of another form: ${what}`, 'run `npm ci` again')
}

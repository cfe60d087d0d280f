// Owns the measurement of look-ups: addresses that were never seen, and those of a log, where few
// come again and again. As text, and parsed as the pipeline has them. One core.
import { parseAddress } from '../dist/core/address.js'
import { openEnrichment } from '../dist/enrich/geo.js'

const ADDRESSES = 1_000_000
/** Different addresses in a log of a day. */
const REPEATED = 5_000
const RUNS = 5

let state = 1
/** An unsigned 32-bit word; the same in every run (mulberry32). */
function random() {
  state = (state + 0x6d2b79f5) | 0
  let word = Math.imul(state ^ (state >>> 15), state | 1)
  word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
  return (word ^ (word >>> 14)) >>> 0
}

const octets = (word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]
const hex = (word) => (word & 0xffff).toString(16)
/** Most of what is given out of IPv6 lies below these. */
const BLOCKS = ['2001', '2400', '2600', '2804', '2a00', '2a01', '2a02', '2c0f']

function ipv4() {
  const [first, ...rest] = octets(random())
  return [1 + (first % 223), ...rest].join('.')
}

function ipv6() {
  const words = [hex(random()), hex(random()), hex(random())]
  return `${BLOCKS[random() % BLOCKS.length]}:${words[0]}:${words[1]}::${words[2]}`
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** Look-ups per second, and how many found a country. */
function measure(inputs, look) {
  const rates = []
  let found = 0
  for (let run = 0; run <= RUNS; run += 1) {
    found = 0
    const start = performance.now()
    for (const input of inputs) if (look(input).country !== undefined) found += 1
    if (run > 0) rates.push((inputs.length / (performance.now() - start)) * 1_000)
  }
  return { 'look-ups/s': Math.round(median(rates)), found: found / inputs.length }
}

const log = { info() {}, warn: console.error }
const start = performance.now()
const { look, lookUp } = await openEnrichment({ country: 'builtin', asn: 'builtin', log })
console.log(`data read in ${Math.round(performance.now() - start)} ms`)

const rows = []

function measureBoth(addresses, texts) {
  rows.push({ addresses, as: 'text', ...measure(texts, look) })
  const parsed = texts.map((text) => parseAddress(text))
  rows.push({ addresses, as: 'parsed', ...measure(parsed, lookUp) })
}

for (const [version, make] of Object.entries({ IPv4: ipv4, IPv6: ipv6 })) {
  const all = Array.from({ length: ADDRESSES }, make)
  measureBoth(`${version}, all different`, all)
  const few = all.map(() => all[random() % REPEATED])
  measureBoth(`${version}, ${REPEATED} again and again`, few)
}
console.table(rows)

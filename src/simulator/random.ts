// Owns the simulator's chance: a small seeded generator, so that one seed always gives one log.

/** A stream of chance that is the same for the same keys, on every machine. */
export type Random = {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  int(below: number): number
  /** In [min, max). */
  between(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** How often something with this mean happened. */
  poisson(mean: number): number
  /** In the form of a version 4 UUID. */
  uuid(): string
}

/** Above this mean the bell curve is close enough and Knuth's product would be slow. */
const POISSON_EXACT_MAX = 30

/** The generator for these keys (seed, contract, bucket, …); equal keys give equal streams. */
export function createRandom(...keys: readonly (string | number)[]): Random {
  const next32 = sfc32(hash128(keys.join('\u0000')))
  const next = () => next32() / 0x1_0000_0000
  const int = (below: number) => Math.floor(next() * below)
  return {
    next,
    int,
    between: (min, max) => min + next() * (max - min),
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => {
      const item = list[int(list.length)]
      if (item === undefined) throw new Error('nothing to pick from: the list is empty')
      return item
    },
    poisson: (mean) => poisson(next, mean),
    uuid: () => formatUuid(next32(), next32(), next32(), next32()),
  }
}

/** Four words from a text (cyrb128, public domain): enough to seed, no cryptography. */
function hash128(text: string): readonly [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    a = b ^ Math.imul(a ^ code, 597399067)
    b = c ^ Math.imul(b ^ code, 2869860233)
    c = d ^ Math.imul(c ^ code, 951274213)
    d = a ^ Math.imul(d ^ code, 2716044179)
  }
  a = Math.imul(c ^ (a >>> 18), 597399067)
  b = Math.imul(d ^ (b >>> 22), 2869860233)
  c = Math.imul(a ^ (c >>> 17), 951274213)
  d = Math.imul(b ^ (d >>> 19), 2716044179)
  const all = a ^ b ^ c ^ d
  return [all >>> 0, (b ^ all) >>> 0, (c ^ all) >>> 0, (d ^ all) >>> 0]
}

/** Chris Doty-Humphrey's small fast counter, 32 bits a step. */
function sfc32(seed: readonly [number, number, number, number]): () => number {
  let [a, b, c, counter] = seed
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
}

function poisson(next: () => number, mean: number): number {
  if (mean <= 0) return 0
  if (mean > POISSON_EXACT_MAX) {
    const bell = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * bell))
  }
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = next(); product > floor; product *= next()) count += 1
  return count
}

function formatUuid(a: number, b: number, c: number, d: number): string {
  const hex = [a, b, c, d].map((word) => word.toString(16).padStart(8, '0')).join('')
  const variant = '89ab'[c >>> 30] ?? '8'
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}

// Tables of numbers: sightings kept once each, groups and texts found again, pieces united.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGroups, TooManyGroupsError } from '../../src/backtest/groups.ts'
import { createPile, type Pieces, unitePlaces } from '../../src/backtest/pieces.ts'
import { createSightings } from '../../src/backtest/sightings.ts'
import { createTextStore } from '../../src/backtest/text-store.ts'
import { canonicalJson } from '../../src/core/canonical-json.ts'
import { createEntryHash, hashQuickly, hashStrongly } from '../../src/replay/identity.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-pieces-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('sightings', () => {
  test('are kept once each, at their earliest time, while there is room', () => {
    const word = fc.nat(3)
    const sighting = fc.tuple(word, word, word, fc.nat(100))
    fc.assert(
      fc.property(fc.array(sighting, { maxLength: 100 }), (list) => {
        const sightings = createSightings()
        const expected = new Map<string, number>()
        for (const [high, low, place, time] of list) {
          expect(sightings.add(high, low, place, time)).toBe(true)
          const key = [high, low, place].join()
          expected.set(key, Math.min(time, expected.get(key) ?? time))
        }
        const found: [string, number][] = []
        sightings.each(({ high, low, place, time }) =>
          found.push([[high, low, place].join(), time]),
        )
        expect(found).toHaveLength(expected.size)
        expect(new Map(found)).toEqual(expected)
      }),
    )
  })

  test('grow up to their limit and refuse what is beyond', () => {
    const sightings = createSightings(16_384)
    let count = 0
    while (count < 20_000 && sightings.add(count, 7, 0, 0)) count += 1
    expect(count).toBe(16_384 * 0.75)
    sightings.clear()
    expect(sightings.add(1, 1, 1, 1)).toBe(true)
  })
})

describe('a store of texts', () => {
  test.each([10, 100, 100_000])('gives them back, with %i bytes of memory', (memoryBytes) => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 50 }), (texts) => {
        const home = mkdtempSync(join(folder, 'texts-'))
        const store = createTextStore(() => home, memoryBytes)
        const places = texts.map((text) => store.add(text))
        const found = places.map((place) => store.read(place))
        store.close()
        expect(found).toEqual(texts)
      }),
      { numRuns: 30 },
    )
  })
})

describe('groups', () => {
  const groupOf = (number: number) => ({
    high: number * 7,
    low: number % 5,
    rule: number % 3 === 0 ? 'a' : 'b',
    contract: '1',
    values: [['user', `u${number}`]] as const,
  })

  test('have the same number whenever they are told, and what is shown of them', () => {
    const groups = createGroups(
      ['a', 'b'],
      createTextStore(() => folder),
    )
    for (let round = 0; round < 2; round += 1) {
      for (let number = 0; number < 3_000; number += 1) groups.add(groupOf(number))
    }
    for (const number of [0, 1, 1_023, 1_024, 2_999]) {
      const { high, low, values } = groupOf(number)
      expect(groups.numberOf(high, low)).toBe(number)
      expect(groups.read(number)).toEqual({ contract: '1', values })
      expect(groups.ruleOf(number)).toBe(number % 3 === 0 ? 0 : 1)
    }
  })

  test('are limited, and the error names the rule that has most', () => {
    const groups = createGroups(
      ['a', 'b'],
      createTextStore(() => folder),
      10,
    )
    const tell = () => {
      for (let number = 0; number < 11; number += 1) groups.add(groupOf(number))
    }
    expect(tell).toThrow(TooManyGroupsError)
    expect(tell).toThrow(/most of them of b$/)
  })
})

const listOf = (pieces: Pieces) =>
  Array.from({ length: pieces.size }, (_, at) => [
    pieces.places[at],
    pieces.firsts[at],
    pieces.lasts[at],
    pieces.counts[at],
  ])

/** By the law itself: sort, and begin anew after a gap that is larger than quiet. */
function united(times: readonly [place: number, time: number][], quiet: number) {
  const pieces: number[][] = []
  for (const [place, time] of [...times].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = pieces.at(-1)
    if (last?.[0] === place && time - (last[2] as number) <= quiet) {
      last[2] = time
      last[3] = (last[3] as number) + 1
    } else pieces.push([place, time, time, 1])
  }
  return pieces
}

test('pieces are the same in however many parts events come', () => {
  const time = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(60))
  const parts = fc.array(fc.array(time, { maxLength: 20 }), { maxLength: 6 })
  fc.assert(
    fc.property(parts, fc.nat(5), (lists, quiet) => {
      const pile = createPile(() => quiet)
      let id = 0
      for (const list of lists) {
        const sightings = createSightings(64)
        sightings.add(1, 1, 0, 5)
        for (const [place, at] of list) sightings.add((id += 1), 2, place, at)
        pile.add(unitePlaces(sightings, () => quiet))
      }
      expect(listOf(pile.unite())).toEqual(united(lists.flat(), quiet))
      expect(listOf(pile.unite())).toEqual([])
    }),
  )
})

describe('hashes', () => {
  test('of a hundred thousand ids alike are all different', () => {
    const seen = new Set<string>()
    const words = new Uint32Array(2)
    for (let number = 0; number < 100_000; number += 1) {
      hashQuickly(`e-${number}`, words, 0)
      seen.add(words.join())
    }
    expect(seen.size).toBe(100_000)
  })

  test('are the same on every machine', () => {
    const words = new Uint32Array(2)
    hashQuickly('5f0c4a52-31d0-4c1e-9a53-6d0f5a7f1c01', words, 0)
    expect([...words]).toMatchInlineSnapshot(`
      [
        1781489882,
        1180461491,
      ]
    `)
    expect(hashStrongly('a')).toEqual({ high: 0xca978112, low: 0xca1bbdca })
  })
})

describe('entries without an id', () => {
  const entry = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 })

  /** The same value with the keys of every object the other way round. */
  function turned(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(turned)
    if (typeof value !== 'object' || value === null) return value
    const pairs = Object.entries(value).toReversed()
    return Object.fromEntries(pairs.map(([key, inner]) => [key, turned(inner)]))
  }

  test('are the same when they say the same, whatever the order of keys, and only then', () => {
    const hashEntry = createEntryHash(987_654_321)
    const hashOf = (value: unknown, contract?: string) => {
      const words = new Uint32Array(2)
      hashEntry(value, contract, words, 0)
      return [...words].join()
    }
    // Values that differ in one place only are where a weak hash would fail.
    const near = fc.tuple(entry, entry).map(([one, other]) => [one, { ...one, ...other }] as const)
    fc.assert(
      fc.property(fc.oneof(fc.tuple(entry, entry), near), ([one, other]) => {
        expect(hashOf(turned(one))).toBe(hashOf(one))
        const isSame = canonicalJson(one) === canonicalJson(other)
        expect(hashOf(one) === hashOf(other)).toBe(isSame)
        expect(hashOf(one, '1')).not.toBe(hashOf(one, '2'))
      }),
      { numRuns: 2_000 },
    )
  })

  test('of two hundred thousand that differ in a number all are different', () => {
    const hashEntry = createEntryHash(5)
    const words = new Uint32Array(2)
    const seen = new Set<string>()
    for (let number = 0; number < 100_000; number += 1) {
      for (const value of [
        { a: { n: number }, b: [1] },
        { a: { n: 1 }, b: [number, -number] },
      ]) {
        hashEntry(value, '1', words, 0)
        seen.add(words.join())
      }
    }
    expect(seen.size).toBe(200_000)
  })
})

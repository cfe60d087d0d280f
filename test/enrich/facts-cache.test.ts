// Owns the proof that remembering never mixes up addresses.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Address, formatAddress } from '../../src/core/address.ts'
import { UNLOCATED } from '../../src/core/event.ts'
import { createFactsCache } from '../../src/enrich/facts-cache.ts'

const cacheOfNames = () => {
  let asked = 0
  const cache = createFactsCache((address) => {
    asked += 1
    return { ...UNLOCATED, asOrg: `${address.version} ${formatAddress(address)}` }
  })
  return { ...cache, asked: () => asked }
}

describe('addresses that are remembered', () => {
  it('have their own facts, however many were asked for in between', () => {
    const { find } = cacheOfNames()
    const word = fc.oneof(fc.constantFrom(0, 0xffff, 0xffffffff), fc.nat(0xffffffff))
    const address = fc.oneof(
      fc.record({
        version: fc.constant(4 as const),
        w0: fc.constant(0),
        w1: fc.constant(0),
        w2: fc.constant(0),
        w3: word,
      }),
      fc
        .record({ version: fc.constant(6 as const), w0: word, w1: word, w2: word, w3: word })
        .filter(({ w0, w1, w2 }) => w0 !== 0 || w1 !== 0 || w2 !== 0xffff),
    )
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 50 }), (addresses) => {
        for (const one of addresses) {
          expect(find(one).asOrg).toBe(`${one.version} ${formatAddress(one)}`)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are not asked for again, until all is forgotten', () => {
    const { find, clear, asked } = cacheOfNames()
    const address: Address = { version: 4, w0: 0, w1: 0, w2: 0, w3: 0x08080808 }
    expect(find(address)).toBe(find({ ...address }))
    expect(asked()).toBe(1)
    clear()
    find(address)
    expect(asked()).toBe(2)
  })

  it('spread: a log of a thousand neighbours is remembered nearly whole', () => {
    const { find, asked } = cacheOfNames()
    for (let round = 0; round < 10; round += 1) {
      for (let at = 0; at < 1_000; at += 1) {
        find({ version: 4, w0: 0, w1: 0, w2: 0, w3: 0xd9a00000 + at })
      }
    }
    expect(asked()).toBeLessThan(1_500)
  })
})

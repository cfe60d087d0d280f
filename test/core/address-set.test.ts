import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inCidr, parseAddress, parseCidr } from '../../src/core/address.ts'
import { createAddressSet, readAddress } from '../../src/core/address-set.ts'

const part = fc.integer({ min: 0, max: 3 })
const ipv4 = fc.tuple(part, part).map(([a, b]) => `10.0.${a}.${b * 64}`)
const ipv6 = fc.tuple(part, part).map(([a, b]) => `2001:db8:${a}::${b}`)
const address = fc.oneof(ipv4, ipv6, fc.ipV4(), fc.ipV6())
const cidr = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([text, bits]) => `${text}/${bits}`),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([text, bits]) => `${text}/${bits}`),
)

describe('sets of networks', () => {
  it('answer as comparing with each network does, however many they hold', () => {
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 40 }), address, (texts, text) => {
        const cidrs = texts.flatMap((one) => parseCidr(one) ?? [])
        const asked = parseAddress(text)
        if (asked === undefined) throw new Error(text)
        const expected = cidrs.some((one) => inCidr(asked, one))
        expect(createAddressSet(cidrs).has(asked)).toBe(expected)
      }),
    )
  })

  it('read addresses as parseAddress does, in any order', () => {
    const texts = ['10.0.0.1', 'x', '10.0.0.1', '', '::1', 'x', '::1']
    expect(texts.map(readAddress)).toEqual(texts.map(parseAddress))
  })
})

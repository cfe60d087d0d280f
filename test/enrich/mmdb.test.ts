// Owns the proof that files in MaxMind's format are read as their package reads them, and that bad
// ones are told.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { type CountryResponse, Reader } from 'maxmind'
import { describe, expect, it } from 'vitest'
import { type Address, formatAddress, parseAddress } from '../../src/core/address.ts'
import { type MmdbOptions, parseMmdb } from '../../src/enrich/mmdb.ts'
import { parseCountry } from '../../src/enrich/record.ts'
import { type MmdbFile, writeMmdb } from './mmdb-writer.ts'

const OPTIONS: MmdbOptions<string> = {
  path: '/x/c.mmdb',
  content: 'countries',
  parse: parseCountry,
}

function open(file: MmdbFile) {
  const lookup = parseMmdb(writeMmdb(file), OPTIONS)
  return { ...lookup, find: (text: string) => lookup.find(parseAddress(text) as Address) }
}

const DE = { country_code: 'DE' }
const FR = { country_code: 'FR' }
const US = { country_code: 'US' }

describe('a file', () => {
  describe.each([24, 28, 32] as const)('with records of %i bits', (recordSize) => {
    const records = {
      '1.2.3.0/24': DE,
      '1.2.4.0/30': FR,
      '9.9.9.9/32': US,
      '128.0.0.0/1': FR,
      '2001:db8:1::/48': DE,
      '2a00::/12': US,
      '2c00::1/128': FR,
    }
    it.each([
      ['1.2.2.255', undefined],
      ['1.2.3.0', 'DE'],
      ['1.2.3.255', 'DE'],
      ['1.2.4.3', 'FR'],
      ['1.2.4.4', undefined],
      ['9.9.9.9', 'US'],
      ['9.9.9.8', undefined],
      ['255.1.1.1', 'FR'],
      ['2001:db8:1:ffff::1', 'DE'],
      ['2001:db8:2::1', undefined],
      ['2a0f:ffff::', 'US'],
      ['2c00::1', 'FR'],
      ['2c00::2', undefined],
    ])('finds %s', (ip, expected) => {
      expect(open({ records, recordSize }).find(ip)).toBe(expected)
    })
  })

  it('of IPv4 alone knows nothing of IPv6', () => {
    const { find } = open({ records: { '1.2.3.0/24': DE, '32.0.0.0/4': FR }, ipVersion: 4 })
    expect(find('1.2.3.4')).toBe('DE')
    expect(find('2001:db8::1')).toBeUndefined()
  })

  it('of IPv6 alone knows nothing of IPv4', () => {
    const { find } = open({ records: { '2a00::/12': US } })
    expect(find('42.0.0.1')).toBeUndefined()
    expect(find('2a00::1')).toBe('US')
  })

  it('says when it was made', () => {
    const builtAt = new Date('2026-11-01T00:00:00Z')
    expect(open({ records: { '1.2.3.0/24': DE }, builtAt }).builtAt).toBe(builtAt.getTime())
  })

  it('keeps telling records apart after more of them than are remembered', () => {
    const places = Array.from({ length: 300 }, (_, at) => `1.${at >> 8}.${at & 255}.0/24`)
    const records = Object.fromEntries(places.map((place, at) => [place, at % 2 ? DE : FR]))
    const { find } = open({ records })
    for (const [at, place] of places.entries()) {
      expect(find(place.replace('/24', ''))).toBe(at % 2 ? 'DE' : 'FR')
    }
  })
})

describe('a file that is not used', () => {
  const good = writeMmdb({ records: { '1.2.3.0/24': DE } })
  const path = expect.stringContaining('/x/c.mmdb') as string
  it.each([
    ['is empty', Buffer.alloc(0), 'damaged'],
    ['is something else', Buffer.from('<html>not found</html>'), 'damaged'],
    ['is compressed', Buffer.from('1f8b0800000000000003', 'hex'), 'damaged'],
    ['ends too early', good.subarray(0, -40), 'damaged'],
    ['lost its tree', good.subarray(good.length - 200), 'damaged'],
    ['has metadata alone', good.subarray(good.lastIndexOf('MaxMind.com') - 3), 'damaged'],
    ['has nothing behind its marker', Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), 'damaged'],
    [
      'holds something else',
      writeMmdb({ records: { '1.2.3.0/24': { autonomous_system_number: 1 } }, type: 'ASN' }),
      'wrong-kind',
    ],
  ])('%s', (_name, bytes, reason) => {
    expect(() => parseMmdb(bytes, OPTIONS)).toThrow(
      expect.objectContaining({ name: 'EnrichmentError', reason, message: path }),
    )
  })
})

describe('the countries that come along', () => {
  const name = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'
  const bytes = readFileSync(createRequire(import.meta.url).resolve(name))
  const lookup = parseMmdb(bytes, OPTIONS)
  const reader = new Reader<CountryResponse>(bytes)

  it('are found as the package finds them', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff })
    const v4 = word.map((w3): Address => ({ version: 4, w0: 0, w1: 0, w2: 0, w3 }))
    const v6 = fc
      .tuple(fc.integer({ min: 0x20000000, max: 0x3fffffff }), word, word, word)
      .map(([w0, w1, w2, w3]): Address => ({ version: 6, w0, w1, w2, w3 }))
    // Most of what is given out lies here.
    const europe = fc
      .tuple(fc.integer({ min: 0x2a000000, max: 0x2a1fffff }), word)
      .map(([w0, w1]): Address => ({ version: 6, w0, w1, w2: 0, w3: 1 }))
    fc.assert(
      fc.property(fc.oneof(v4, v6, europe), (address) => {
        const theirs: unknown = reader.get(formatAddress(address))
        const record = lookup.find(address)
        expect(record === undefined ? null : { country_code: record }).toEqual(theirs)
      }),
      { numRuns: 2_000 },
    )
  })
})

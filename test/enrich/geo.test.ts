// Owns the proof of what is known of addresses: from the data that comes along, and from files of the
// configuration. What happens when those change: reload.test.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/core/address.ts'
import type { Clock } from '../../src/core/clock.ts'
import { type GeoFacts, UNLOCATED } from '../../src/core/event.ts'
import { openEnrichment } from '../../src/enrich/geo.ts'
import type { EnrichmentSources } from '../../src/enrich/sources.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createFolder } from '../clone.ts'
import { putFile } from './mmdb-writer.ts'

const clock: Clock = { now: () => 0, sleep: async () => {} }

const open = (sources: Partial<EnrichmentSources> = {}) =>
  openEnrichment({ country: 'builtin', asn: 'builtin', ...sources, clock, log: silentLog })

const MUNICH = {
  city: { names: { en: 'Munich' } },
  country: { iso_code: 'DE' },
  location: { latitude: 48.13, longitude: 11.57 },
}

describe('data that comes along', async () => {
  const { look, lookUp, age } = await open()
  const germany = { latitude: 51, longitude: 9, coarse: true }

  it.each<[string, Partial<GeoFacts>]>([
    ['8.8.8.8', { country: 'US', asn: 15169, asOrg: 'Google LLC', coarse: true }],
    ['217.160.0.1', { country: 'DE', asn: 8560, asOrg: 'IONOS SE', ...germany }],
    ['217.160.255.255', { country: 'DE', asn: 8560, asOrg: 'IONOS SE', ...germany }],
    ['85.215.40.1', { country: 'DE', asn: 8560 }],
    ['5.9.1.1', { country: 'DE', asn: 24940 }],
    ['185.15.58.224', { country: 'NL', asn: 14907, asOrg: 'Wikimedia Foundation Inc.' }],
    ['2001:4860:4860::8888', { country: 'US', asn: 15169, asOrg: 'Google LLC' }],
    ['2a01:238:1::1', { country: 'DE', asn: 6724, asOrg: 'Strato AG' }],
    ['::ffff:217.160.0.1', { country: 'DE', asn: 8560 }],
    ['::FFFF:D9A0:0001', { country: 'DE', asn: 8560 }],
    ['[2001:4860:4860:0:0:0:0:8888]:443', { country: 'US', asn: 15169 }],
    ['217.160.0.1:50000', { country: 'DE', asn: 8560 }],
  ])('knows %s', (ip, expected) => {
    expect(look(ip)).toMatchObject(expected)
    expect(lookUp(parseAddress(ip) ?? expect.fail('no address'))).toEqual(look(ip))
  })

  it.each([
    ['private', '10.1.2.3'],
    ['private and mapped', '::ffff:192.168.1.1'],
    ['of a carrier', '100.64.0.1'],
    ['loopback', '127.0.0.1'],
    ['loopback of IPv6', '::1'],
    ['link-local', '169.254.169.254'],
    ['link-local with its zone', 'fe80::1%eth0'],
    ['unique local', 'fd12::1'],
    ['for documents', '203.0.113.42'],
    ['for documents of IPv6', '2001:db8::1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '255.255.255.255'],
    ['reserved though a list names its owner', '2001::1'],
    ['none', ''],
    ['a name', 'example.com'],
    ['a number', '3232235777'],
    ['shortened', '10.1'],
    ['too long', '1'.repeat(10_000)],
    ['a network', '8.8.8.0/24'],
    ['hostile', '8.8.8.8\u0000'],
  ])('says nothing of one that is %s', (_name, ip) => {
    expect(look(ip)).toEqual(UNLOCATED)
  })

  it('says nothing of no address', () => {
    expect(look(undefined)).toEqual(UNLOCATED)
  })

  it('has each fact in every answer, so that events are alike', () => {
    const facts = ['asOrg', 'asn', 'city', 'coarse', 'country', 'latitude', 'longitude']
    expect(Object.keys(look('8.8.8.8')).sort()).toEqual(facts)
    expect(Object.keys(look('10.0.0.1')).sort()).toEqual(facts)
  })

  it('says when it was made', () => {
    const since = Date.UTC(2026, 5, 1)
    expect(age()).toEqual([
      { name: 'country', source: 'builtin', builtAt: expect.any(Number) },
      { name: 'asn', source: 'builtin', builtAt: expect.any(Number) },
    ])
    for (const { builtAt } of age()) expect(builtAt).toBeGreaterThan(since)
  })

  it('knows the middle of every country it names', () => {
    const found = new Set<string>()
    const placeless = new Set<string>()
    for (let at = 1 << 24; at < 0xdf000000; at += 40_961) {
      const { country, latitude, coarse } = lookUp({ version: 4, w0: 0, w1: 0, w2: 0, w3: at })
      if (country === undefined) continue
      found.add(country)
      if (latitude === undefined || !coarse) placeless.add(country)
    }
    expect([...placeless]).toEqual([])
    expect(found.size).toBeGreaterThan(150)
  })
})

describe('files of the configuration', () => {
  it('take the place of what comes along', async () => {
    const folder = createFolder()
    const builtAt = new Date('2026-11-01T00:00:00Z')
    const country = putFile(folder, 'country.mmdb', {
      records: { '8.8.8.0/24': { country: { iso_code: 'FR' } } },
      builtAt,
    })
    const network = { autonomous_system_number: 64500, autonomous_system_organization: 'Ours' }
    const asn = putFile(folder, 'asn.mmdb', { records: { '8.8.8.0/24': network }, builtAt })
    const { look, age } = await open({ country, asn })
    expect(look('8.8.8.8')).toEqual({
      country: 'FR',
      asn: 64500,
      asOrg: 'Ours',
      city: undefined,
      latitude: 46,
      longitude: 2,
      coarse: true,
    })
    expect(look('217.160.0.1')).toEqual(UNLOCATED)
    expect(age()).toEqual([
      { name: 'country', source: country, builtAt: builtAt.getTime() },
      { name: 'asn', source: asn, builtAt: builtAt.getTime() },
    ])
  })

  it('of cities give places, and the country where none is chosen', async () => {
    const folder = createFolder()
    const city = putFile(folder, 'city.mmdb', {
      records: {
        '8.8.8.0/24': MUNICH,
        '9.9.9.0/24': { country: { iso_code: 'CH' } },
        '1.1.1.0/24': { location: { latitude: 1.5, longitude: 2.5 } },
        '1.0.0.0/24': { city: 'Nowhere' },
      },
    })
    const { look, age } = await open({ city })
    expect(look('8.8.8.8')).toMatchObject({
      country: 'DE',
      asn: 15169,
      city: 'Munich',
      latitude: 48.13,
      longitude: 11.57,
      coarse: false,
    })
    // Known to the country only: its middle.
    expect(look('9.9.9.9')).toMatchObject({
      country: 'CH',
      latitude: 47,
      longitude: 8,
      coarse: true,
    })
    // A spot without a name; the country from what comes along.
    expect(look('1.1.1.1')).toMatchObject({ country: 'AU', latitude: 1.5, coarse: true })
    // A name without a spot: the middle of the country would not be it.
    const { latitude, coarse } = look('1.0.0.1')
    expect({ latitude, coarse }).toEqual({ latitude: undefined, coarse: false })
    // Unknown there: what comes along.
    expect(look('217.160.0.1')).toMatchObject({ country: 'DE', latitude: 51, coarse: true })
    expect(age().map(({ name }) => name)).toEqual(['country', 'asn', 'city'])
  })

  it('of countries that are chosen say the country, also where there are cities', async () => {
    const folder = createFolder()
    const chosen = { country_code: 'AT' }
    const country = putFile(folder, 'country.mmdb', { records: { '8.8.8.0/24': chosen } })
    const city = putFile(folder, 'city.mmdb', {
      records: { '8.8.8.0/24': MUNICH, '9.9.9.0/24': MUNICH },
    })
    const { look } = await open({ country, city })
    expect(look('8.8.8.8')).toMatchObject({ country: 'AT', city: 'Munich' })
    expect(look('9.9.9.9')).toMatchObject({ country: 'DE', city: 'Munich' })
  })

  it.each([
    ['that are not there', 'country', 'unreadable', () => '/nowhere/c.mmdb'],
    ['that are folders', 'asn', 'unreadable', (folder: string) => folder],
    [
      'that are something else',
      'city',
      'damaged',
      (folder: string) => {
        writeFileSync(join(folder, 'x'), 'x')
        return join(folder, 'x')
      },
    ],
    [
      'of countries, where cities should be',
      'city',
      'wrong-kind',
      (folder: string) =>
        putFile(folder, 'x', { records: { '8.8.8.0/24': { country_code: 'DE' } } }),
    ],
    [
      'of cities, where networks should be',
      'asn',
      'wrong-kind',
      (folder: string) => putFile(folder, 'x', { records: { '8.8.8.0/24': MUNICH } }),
    ],
  ] as const)('%s keep it from starting', async (_name, key, reason, make) => {
    const path = make(createFolder())
    await expect(open({ [key]: path })).rejects.toMatchObject({
      name: 'EnrichmentError',
      reason,
      code: `ENRICHMENT_${reason.toUpperCase().replace('-', '_')}`,
      message: expect.stringContaining(path),
    })
  })
})

// Owns the proof that the table of networks says what the lists it is made from say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeAsnTable } from '../../scripts/build-asn.mjs'
import { type Address, formatAddress, parseAddress } from '../../src/core/address.ts'
import { parseAsnTable } from '../../src/enrich/asn-table.ts'
import type { Network } from '../../src/enrich/record.ts'

const ROOT = join(import.meta.dirname, '../..')
const BUILT_AT = Date.UTC(2026, 5, 17, 19)

type Row = { readonly first: bigint; readonly last: bigint; readonly asn: number }

/** What the lists mean: of the rows that hold an address the one that begins last. */
function scan(rows: readonly Row[], address: bigint): number | undefined {
  return rows.findLast(({ first, last }) => first <= address && address <= last)?.asn
}

function addressOf(version: 4 | 6, number: bigint): Address {
  const word = (shift: bigint) => Number((number >> shift) & 0xffffffffn)
  return version === 4
    ? { version, w0: 0, w1: 0, w2: 0, w3: word(0n) }
    : { version, w0: word(96n), w1: word(64n), w2: word(32n), w3: word(0n) }
}

function tableOf(lists: { readonly v4?: string; readonly v6?: string }) {
  const bytes = encodeAsnTable({ v4: '', v6: '', ...lists, builtAt: BUILT_AT })
  const table = parseAsnTable(bytes, 'asn.bin')
  const find = (text: string): Network | undefined => table.find(parseAddress(text) as Address)
  return { ...table, find, bytes }
}

describe('a table of networks', () => {
  const { find, builtAt } = tableOf({
    v4: [
      '0,255,1,First',
      '16777216,16777471,13335,"Cloudflare, Inc."',
      '16777472,16777727,201907,"LLC ""SPUTNIK"""',
      `16777984,16778239,7,${Buffer.from('Telefónica').toString('latin1')}`,
      '4294967040,4294967295,8,',
    ].join('\n'),
    v6: [
      '42541956101370907050197289607612071936,42541956101370907050197289607612071936,64500,One',
      '340282366920938463463374607431768211455,340282366920938463463374607431768211455,2,Last',
    ].join('\n'),
  })

  it.each([
    ['0.0.0.0', { asn: 1, asOrg: 'First' }],
    ['0.0.0.255', { asn: 1, asOrg: 'First' }],
    ['0.0.1.0', undefined],
    ['0.255.255.255', undefined],
    ['1.0.0.0', { asn: 13335, asOrg: 'Cloudflare, Inc.' }],
    ['1.0.0.255', { asn: 13335, asOrg: 'Cloudflare, Inc.' }],
    ['1.0.1.0', { asn: 201907, asOrg: 'LLC "SPUTNIK"' }],
    ['1.0.2.0', undefined],
    ['1.0.3.9', { asn: 7, asOrg: 'Telefónica' }],
    ['255.255.254.255', undefined],
    ['255.255.255.255', { asn: 8, asOrg: undefined }],
    ['::', undefined],
    ['2001:4860:4860::8887', undefined],
    ['2001:4860:4860::8889', undefined],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe', undefined],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', { asn: 2, asOrg: 'Last' }],
  ])('knows of %s what the lists say', (ip, expected) => {
    expect(find(ip)).toEqual(expected)
  })

  it('says when its data was made', () => {
    expect(builtAt).toBe(BUILT_AT)
  })

  it('of no rows knows nothing', () => {
    const empty = tableOf({})
    expect(empty.find('8.8.8.8')).toBeUndefined()
    expect(empty.find('2001:4860::')).toBeUndefined()
  })

  it('can lie anywhere in memory', () => {
    const { bytes } = tableOf({ v4: '0,255,1,First' })
    const moved = Buffer.concat([Buffer.from('x'), bytes]).subarray(1)
    const address = parseAddress('0.0.0.1') as Address
    expect(parseAsnTable(moved, 'asn.bin').find(address)).toEqual({ asn: 1, asOrg: 'First' })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another file', Buffer.from('x'.repeat(200))],
    ['a table without its end', tableOf({ v4: '0,255,1,First' }).bytes.subarray(0, -1)],
    ['a table with something behind it', Buffer.concat([tableOf({}).bytes, Buffer.from('x')])],
  ])('is not made of %s', (_name, bytes) => {
    expect(() => parseAsnTable(bytes, '/x/asn.bin')).toThrow(
      expect.objectContaining({
        reason: 'damaged',
        message: expect.stringContaining('/x/asn.bin'),
      }),
    )
  })
})

describe('lists of another form', () => {
  it.each([
    ['out of order', '512,600,1,A\n0,255,2,B'],
    ['that end before they begin', '512,12,1,A'],
    ['beyond the last address', '0,4294967296,1,A'],
    ['without names', '0,255\n256,511'],
    ['of something else', '<html>'],
    ['with addresses that are no numbers', 'a,b,1,A'],
  ])('%s are refused', (_name, v4) => {
    expect(() => tableOf({ v4 })).toThrow(/a list of networks is of another form/)
  })
})

describe('any lists, rows that overlap among them,', () => {
  const row = (max: bigint) =>
    fc.record({
      first: fc.bigInt({ min: 0n, max }),
      size: fc.bigInt({ min: 1n, max: 40n }),
      asn: fc.integer({ min: 1, max: 5 }),
    })
  const version = fc.constantFrom(
    // Few addresses, at both ends of all that there are, so that rows meet.
    { version: 4 as const, base: 0n },
    { version: 4 as const, base: 2n ** 32n - 100n },
    { version: 6 as const, base: 0n },
    { version: 6 as const, base: 2n ** 64n - 50n },
    { version: 6 as const, base: 2n ** 128n - 100n },
  )
  it('mean for each address what a scan of them says', () => {
    fc.assert(
      fc.property(version, fc.array(row(99n), { maxLength: 12 }), ({ version, base }, drawn) => {
        const top = base + 99n
        const rows = drawn
          .map(({ first, size, asn }) => {
            const last = base + first + size - 1n
            return { first: base + first, last: last > top ? top : last, asn }
          })
          .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
        const csv = rows
          .map(({ first, last, asn }) => `${first},${last},${asn},AS ${asn}`)
          .join('\n')
        const table = tableOf(version === 4 ? { v4: csv } : { v6: csv })
        for (let address = base; address <= top; address += 1n) {
          const found = table.find(formatAddress(addressOf(version, address)))
          expect(found?.asn).toBe(scan(rows, address))
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('the table that is built', () => {
  const table = parseAsnTable(readFileSync(join(ROOT, 'dist/enrich/asn.bin')), 'asn.bin')

  it.each([
    { version: 4, file: 'asn-ipv4-num.csv' },
    { version: 6, file: 'asn-ipv6-num.csv' },
  ] as const)('says of IPv$version what a scan of the list says', ({ version, file }) => {
    const text = readFileSync(join(ROOT, 'node_modules/@ip-location-db/asn', file), 'utf8')
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [first = '', last = '', asn] = line.split(',', 3)
        return { first: BigInt(first), last: BigInt(last), asn: Number(asn) }
      })
    const max = version === 4 ? 2n ** 32n - 1n : 2n ** 128n - 1n
    const inRow = fc
      .tuple(
        fc.nat(rows.length - 1),
        fc.constantFrom('first', 'last'),
        fc.constantFrom(-1n, 0n, 1n),
      )
      .map(([at, end, more]) => (rows[at] as Row)[end] + more)
      .filter((address) => address >= 0n && address <= max)
    fc.assert(
      fc.property(fc.oneof(inRow, fc.bigInt({ min: 0n, max })), (address) => {
        expect(table.find(addressOf(version, address))?.asn).toBe(scan(rows, address))
      }),
      { numRuns: 150 },
    )
  })
})

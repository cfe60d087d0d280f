// Owns the tests of core/address.ts; node:net, URL and ipaddr.js are the judges.
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { isIPv4, isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  addressKind,
  formatAddress,
  inCidr,
  parseAddress,
  parseCidr,
} from '../../src/core/address.ts'

const canonical = (text: string): string | undefined => {
  const address = parseAddress(text)
  return address && formatAddress(address)
}

const within = (text: string, network: string): boolean => {
  const address = parseAddress(text)
  const cidr = parseCidr(network)
  if (address === undefined || cidr === undefined) throw new Error(`bad case ${text} ${network}`)
  return inCidr(address, cidr)
}

const bits = (group: string | undefined): number => Number.parseInt(group ?? '', 16)

const groupText = fc
  .integer({ min: 0, max: 0xffff })
  .chain((group) =>
    fc.constantFrom(
      group.toString(16),
      group.toString(16).padStart(4, '0'),
      group.toString(16).toUpperCase(),
    ),
  )
const ipv6Full = fc
  .array(fc.oneof(groupText, fc.constant('0')), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.join(':'))

describe('canonical form', () => {
  test.each([
    ['IPv4 stays', '203.0.113.42', '203.0.113.42'],
    ['the lowest', '0.0.0.0', '0.0.0.0'],
    ['the highest', '255.255.255.255', '255.255.255.255'],
    ['a mapped IPv4 is IPv4', '::ffff:1.2.3.4', '1.2.3.4'],
    ['a mapped IPv4 in hexadecimal too', '::FFFF:102:304', '1.2.3.4'],
    ['a mapped IPv4 written out', '0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
    ['a port is dropped', '203.0.113.42:51234', '203.0.113.42'],
    ['brackets are dropped', '[2001:db8::1]', '2001:db8::1'],
    ['brackets and a port are dropped', '[2001:db8::1]:443', '2001:db8::1'],
    ['a zone is dropped', 'fe80::1%eth0', 'fe80::1'],
    ['a zone in brackets is dropped', '[fe80::1%25eth0]:80', 'fe80::1'],
    ['lower case', '2001:DB8::A', '2001:db8::a'],
    ['no leading zeros', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['one zero group is not shortened', '2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['a single group written as :: is spelt out', '2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['the longest run is shortened', '2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['of two equal runs the first', '2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['nothing', '::', '::'],
    ['at the end', '2001:db8::', '2001:db8::'],
    ['a compatible address is not mapped', '::1.2.3.4', '::102:304'],
    ['dotted end behind a prefix', '64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s', (_name, text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  test.each([
    ['octal', '010.1.1.1'],
    ['three parts', '1.2.3'],
    ['five parts', '1.2.3.4.5'],
    ['hexadecimal', '0x7f.1'],
    ['a whole number', '2130706433'],
    ['too large', '256.1.1.1'],
    ['an empty part', '1..2.3'],
    ['a dot at the end', '1.2.3.4.'],
    ['a dot before', '.1.2.3.4'],
    ['a space', ' 1.2.3.4'],
    ['a sign', '+1.2.3.4'],
    ['other digits', '١.2.3.4'],
    ['nothing', ''],
    ['a name', 'localhost'],
    ['a network', '10.0.0.0/8'],
    ['two', '1.2.3.4, 5.6.7.8'],
    ['one colon', ':'],
    ['three colons', ':::'],
    ['two gaps', '1::2::3'],
    ['a gap of nothing', '1:2:3:4:5:6:7::8'],
    ['seven groups', '1:2:3:4:5:6:7'],
    ['nine groups', '1:2:3:4:5:6:7:8:9'],
    ['a colon at the end', '1:2:3:4:5:6:7:'],
    ['a colon before', ':1:2:3:4:5:6:7'],
    ['five digits', '12345::'],
    ['no hexadecimal digit', 'g::'],
    ['octal behind a mapped prefix', '::ffff:010.1.1.1'],
    ['IPv4 in the middle', '::1.2.3.4:1'],
    ['too many groups before IPv4', '1:2:3:4:5:6:7:1.2.3.4'],
    ['an IPv6 port without brackets', '[::1'],
    ['a port of letters', '1.2.3.4:http'],
    ['a very long text', `${'1:'.repeat(10_000)}1`],
  ])('no address: %s', (_name, text) => {
    expect(parseAddress(text)).toBeUndefined()
    expect(parseCidr(text.includes('/') ? 'x' : text)).toBeUndefined()
  })

  test('what node takes for an address is one, and nothing else without port, zone or brackets', () => {
    const almost = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.:.'.split('')), maxLength: 40 }),
      fc
        .tuple(fc.ipV6(), fc.nat(50), fc.constantFrom(':', '.', '0', 'g', '::'))
        .map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at)),
    )
    fc.assert(
      fc.property(almost, (text) => {
        if (/^[\d.]+:\d{1,5}$/.test(text)) return
        expect(parseAddress(text) !== undefined).toBe(isIPv4(text) || isIPv6(text))
      }),
      { numRuns: 2_000 },
    )
  })

  test('the canonical form reads back as itself and equals that of a URL host', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), ipv6Full), (text) => {
        const once = canonical(text) ?? ''
        expect(canonical(once)).toBe(once)
        const host = new URL(`http://${text.includes(':') ? `[${text}]` : text}`).hostname
        const mapped = /^\[::ffff:([^:]+):([^:]+)\]$/.exec(host)
        const dotted =
          mapped && [mapped[1], mapped[2]].flatMap((g) => [bits(g) >> 8, bits(g) & 255])
        expect(once).toBe(dotted ? dotted.join('.') : host.replace(/[[\]]/g, ''))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('networks', () => {
  test.each([
    ['inside', '10.1.2.3', '10.0.0.0/8', true],
    ['outside', '11.1.2.3', '10.0.0.0/8', false],
    ['bits behind the prefix do not count', '10.9.9.9', '10.1.2.3/8', true],
    ['a bare address is a network of one', '10.1.2.3', '10.1.2.3', true],
    ['and holds no other', '10.1.2.4', '10.1.2.3', false],
    ['everything', '255.1.2.3', '0.0.0.0/0', true],
    ['the sign bit', '200.0.0.1', '128.0.0.0/1', true],
    ['mapped addresses are IPv4', '::ffff:10.1.2.3', '10.0.0.0/8', true],
    ['mapped networks are IPv4', '10.1.2.3', '::ffff:10.0.0.0/104', true],
    ['a bare mapped address', '10.1.2.3', '::ffff:10.1.2.3', true],
    ['all mapped addresses', '10.1.2.3', '::ffff:0:0/96', true],
    ['all of IPv6 holds no IPv4', '10.1.2.3', '::/0', false],
    ['all of IPv4 holds no IPv6', '::1', '0.0.0.0/0', false],
    ['IPv6 inside', '2001:db8:ffff::1', '2001:db8::/32', true],
    ['IPv6 outside', '2001:db9::1', '2001:db8::/32', false],
    ['a prefix inside a word', '2001:db8:7fff::', '2001:db8::/33', true],
    ['the bit behind it', '2001:db8:8000::', '2001:db8::/33', false],
    ['the last bit', '::1', '::/127', true],
    ['one address of IPv6', '::2', '::1/128', false],
  ])('%s', (_name, address, network, expected) => {
    expect(within(address, network)).toBe(expected)
  })

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    '::ffff:10.0.0.0/95',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0/64',
    '/8',
    '',
    '10.0.0.0/255.0.0.0',
    ' 10.0.0.0/8',
  ])('no network: %s', (text) => {
    expect(parseCidr(text)).toBeUndefined()
  })

  test('membership equals that of ipaddr.js', () => {
    const pair = fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.nat(32)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.nat(128)),
      fc.ipV4().chain((text) => fc.tuple(fc.constant(text), fc.constant(text), fc.nat(32))),
    )
    fc.assert(
      fc.property(pair, ([address, network, prefix]) => {
        const judgeAddress = ipaddr.parse(canonical(address) ?? '')
        const judgeNetwork = ipaddr.parse(canonical(network) ?? '')
        const mapped = network.includes(':') && judgeNetwork.kind() === 'ipv4'
        fc.pre(!mapped)
        const expected =
          judgeAddress.kind() === judgeNetwork.kind() && judgeAddress.match([judgeNetwork, prefix])
        expect(within(address, `${network}/${prefix}`)).toBe(expected)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('kinds', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['172.32.0.1', 'public'],
    ['100.128.0.1', 'public'],
    ['2a02:247a::1', 'public'],
    ['64:ff9b::808:808', 'public'],
    ['10.255.255.255', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['127.0.0.53', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', 'linklocal'],
    ['fe80::1%eth0', 'linklocal'],
    ['224.0.0.251', 'multicast'],
    ['ff02::1', 'multicast'],
    ['0.0.0.0', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['203.0.113.42', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['192.0.2.200', 'reserved'],
    ['198.19.0.1', 'reserved'],
    ['::', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['4000::1', 'reserved'],
  ])('%s is %s', (text, kind) => {
    const address = parseAddress(text)
    expect(address && addressKind(address)).toBe(kind)
  })
})

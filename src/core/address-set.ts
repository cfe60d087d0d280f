// Owns a fixed set of networks that is asked often. What an address or a network is: address.ts.
import { type Address, type Cidr, inCidr, parseAddress } from './address.ts'

export type AddressSet = {
  has(address: Address): boolean
}

/** Up to here comparing one network after the other is faster than looking up. */
const SCANNED_MAX = 8

type Group = { readonly sample: Cidr; readonly keys: Set<number | string> }

/** A set that answers in one look-up per different prefix length, however many networks it holds. */
export function createAddressSet(cidrs: readonly Cidr[]): AddressSet {
  if (cidrs.length <= SCANNED_MAX) {
    return { has: (address) => cidrs.some((cidr) => inCidr(address, cidr)) }
  }
  const groups = new Map<string, Group>()
  for (const cidr of cidrs) {
    const name = `${cidr.version}/${cidr.prefix}`
    const group = groups.get(name) ?? { sample: cidr, keys: new Set() }
    groups.set(name, group)
    group.keys.add(keyUnder(cidr, cidr))
  }
  const v4 = [...groups.values()].filter((group) => group.sample.version === 4)
  const v6 = [...groups.values()].filter((group) => group.sample.version === 6)
  return {
    has(address) {
      for (const group of address.version === 4 ? v4 : v6) {
        if (group.keys.has(keyUnder(address, group.sample))) return true
      }
      return false
    },
  }
}

function keyUnder(address: Address, mask: Cidr): number | string {
  const w3 = address.w3 & mask.m3
  if (address.version === 4) return w3
  return `${address.w0 & mask.m0},${address.w1 & mask.m1},${address.w2 & mask.m2},${w3}`
}

let lastText = ''
let lastAddress: Address | undefined

/** `parseAddress` that remembers its last answer: many rules ask about the address of one event. */
export function readAddress(text: string): Address | undefined {
  if (text !== lastText) {
    lastAddress = parseAddress(text)
    lastText = text
  }
  return lastAddress
}

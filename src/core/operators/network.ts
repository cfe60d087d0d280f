// Owns `inCidr`. Lists of networks in files: lookup.ts.
import { type Cidr, parseCidr } from '../address.ts'
import { createAddressSet, readAddress } from '../address-set.ts'
import { describeFound } from '../suggest.ts'
import { NO_FAULTS, type Operator, type Test, type ValueFault, valueError } from './operator.ts'

const EXPECTED = 'expected a network such as "10.0.0.0/8" or "2001:db8::/32"'

function membersOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function readCidrs(value: unknown): readonly Cidr[] {
  return membersOf(value).flatMap((member) => {
    const cidr = typeof member === 'string' ? parseCidr(member) : undefined
    return cidr === undefined ? [] : [cidr]
  })
}

function checkValue(value: unknown): readonly ValueFault[] {
  const members = membersOf(value)
  if (members.length === 0) return [valueError(`the list is empty, ${EXPECTED}`)]
  const faults = members.flatMap((member, index) => {
    if (typeof member === 'string' && parseCidr(member) !== undefined) return []
    const at = Array.isArray(value) ? `/${index}` : ''
    return [valueError(`found ${describeFound(member)}, ${EXPECTED}`, at)]
  })
  return faults.length === 0 ? NO_FAULTS : faults
}

function compile(value: unknown): Test {
  const networks = createAddressSet(readCidrs(value))
  return (factValue) => {
    const address = typeof factValue === 'string' ? readAddress(factValue) : undefined
    return address !== undefined && networks.has(address)
  }
}

export const inCidr: Operator = {
  name: 'inCidr',
  about: 'the fact is an IP address inside the network, or inside one of them',
  expects: 'a network such as "10.0.0.0/8", or a list of them',
  takesFact: true,
  cost: 'dear',
  throws: 'never',
  checkValue,
  compile,
  evaluate: (factValue, value) => compile(value)(factValue),
}

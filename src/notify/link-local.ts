// Owns keeping requests away from link-local addresses, where clouds hand out credentials: asked
// about the address that is connected to, after DNS, so that no name leads around it.
import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
/** Metadata services that are not link-local by number, but by meaning. */
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')

/** For IP addresses, also IPv4 ones written as IPv6, with brackets or a zone; false for names. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  const family = isIP(address)
  if (family === 0) return false
  if (family === 4) return FORBIDDEN.check(address, 'ipv4')
  // BlockList knows ::ffff:169.254.1.1 for what it is.
  return FORBIDDEN.check(address, 'ipv6')
}

/** Its code is what a failed connection's is: nothing was sent. */
export class LinkLocalError extends Error {
  readonly code = 'LINK_LOCAL'
  constructor() {
    super('the address is link-local, where nothing is sent')
  }
}

/** All addresses of a name, as `dns.lookup` gives them. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** The system's look-up without the forbidden addresses; fails when no other is left. */
export function lookUpGuarded(resolve: ResolveAll = dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const allowed = found.filter(({ address }) => !isLinkLocal(address))
      const [first] = allowed
      if (first === undefined) return callback(new LinkLocalError(), '', 0)
      if (options.all === true) return callback(null, allowed)
      callback(null, first.address, first.family)
    })
  }
}

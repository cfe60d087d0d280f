// Owns in memory who reads a contract: for tests and one-off runs.
import type { Clock } from '../core/clock.ts'
import type { Fence, ReadLease, ReadLeaseStore } from './read-stores.ts'

export type MemoryLeases = ReadLeaseStore & {
  /** The highest fence that was given for a contract; 0 when none was. */
  fence(contract: string): Fence
}

export function createMemoryReadLeaseStore(clock: Pick<Clock, 'now'>): MemoryLeases {
  const fences = new Map<string, Fence>()
  const untilMs = new Map<string, number>()
  const fence = (contract: string): Fence => fences.get(contract) ?? 0
  const isHeld = (lease: ReadLease): boolean => fence(lease.contract) === lease.fence
  return {
    fence,
    async acquire(contract, forMs) {
      if ((untilMs.get(contract) ?? 0) > clock.now()) return undefined
      fences.set(contract, fence(contract) + 1)
      untilMs.set(contract, clock.now() + forMs)
      return fence(contract)
    },
    async renew(leases, forMs) {
      for (const lease of leases) {
        if (isHeld(lease)) untilMs.set(lease.contract, clock.now() + forMs)
      }
      return leases.map(isHeld)
    },
    async release(leases) {
      for (const lease of leases) if (isHeld(lease)) untilMs.delete(lease.contract)
    },
  }
}

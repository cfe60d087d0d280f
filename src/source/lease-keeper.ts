// Owns which contracts this process reads: those whose lease it got. It keeps what it has, takes what
// nobody has, and gives all back when it stops. What reading is, is for others.
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Fence, ReadLeaseStore } from '../state/stores.ts'

/** After a crash a contract is free when this is over. */
export const LEASE_MS = 7_000

/** Renewed often enough to survive two slow answers, and looked for often enough to be read
 * again within 15 s of a crash: LEASE_MS + LOOK_MS + the start of the reading. */
export const LOOK_MS = 2_000

export type LeaseKeeper = {
  /** From now on these are looked for as well. */
  follow(contracts: readonly string[]): void
  /** Until the signal aborts; then what is held is given back. Rejects with what `read` rejects. */
  run(signal: AbortSignal): Promise<void>
}

export type LeaseKeeperOptions = {
  readonly leases: ReadLeaseStore
  readonly clock: Clock
  readonly log: Log
  /** Reads until the signal aborts, or until it finds out itself that the lease was lost. */
  readonly read: (contract: string, fence: Fence, signal: AbortSignal) => Promise<void>
}

type Held = { readonly fence: Fence; readonly stop: AbortController; readonly ended: Promise<void> }

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { leases, clock, log, read } = options
  const followed = new Set<string>()
  const held = new Map<string, Held>()
  let wake = new AbortController()
  const faults: unknown[] = []

  const begin = (contract: string, fence: Fence): void => {
    const stop = new AbortController()
    const ended = read(contract, fence, stop.signal)
      .catch((error: unknown) => {
        faults.push(error)
        wake.abort()
      })
      .finally(() => held.delete(contract))
    held.set(contract, { fence, stop, ended })
  }

  const keep = async (): Promise<void> => {
    const own = [...held].map(([contract, { fence }]) => ({ contract, fence }))
    const kept = own.length === 0 ? [] : await leases.renew(own, LEASE_MS)
    for (const [at, { contract }] of own.entries()) {
      if (kept[at] === true) continue
      log.info({ contract }, 'another process reads this contract now')
      held.get(contract)?.stop.abort(new Error('the lease was lost'))
    }
  }

  const take = async (): Promise<void> => {
    const free = [...followed].filter((contract) => !held.has(contract))
    const fences = await Promise.all(
      free.map(async (contract) => await leases.acquire(contract, LEASE_MS)),
    )
    for (const [at, contract] of free.entries()) {
      const fence = fences[at]
      if (fence !== undefined) begin(contract, fence)
    }
  }

  const giveBack = async (): Promise<void> => {
    const own = [...held].map(([contract, { fence }]) => ({ contract, fence }))
    const readers = [...held.values()]
    for (const { stop } of readers) stop.abort(new Error('stopping'))
    await Promise.all(readers.map(({ ended }) => ended))
    if (own.length === 0) return
    await leases.release(own).catch((error: unknown) => log.debug({ error }, 'leases run out'))
  }

  return {
    follow(contracts) {
      for (const contract of contracts) followed.add(contract)
      wake.abort()
    },
    async run(signal) {
      const stop = (): void => wake.abort()
      signal.addEventListener('abort', stop, { once: true })
      while (!signal.aborted && faults.length === 0) {
        wake = new AbortController()
        try {
          await keep()
          if (!signal.aborted) await take()
        } catch (error) {
          log.debug({ error }, 'leases wait for Redis')
        }
        if (!signal.aborted) await clock.sleep(LOOK_MS, wake.signal)
      }
      signal.removeEventListener('abort', stop)
      await giveBack()
      if (faults.length > 0) throw faults[0]
    },
  }
}

// Owns the words for a lease that was lost: another reader has the contract, and this one stops.
import type { Written } from '../state/stores.ts'

/** Another reader took the contract: nothing that this one does counts any more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'

  constructor(contract: string) {
    super(`another reader has contract ${contract}`)
  }
}

/** Throws a LeaseLostError when a write came too late to count. */
export function expectWritten(contract: string, written: Written): void {
  if (written === 'fenced') throw new LeaseLostError(contract)
}

// Owns what every source of data about addresses offers, whatever its format.
import type { Address } from '../core/address.ts'

export type Lookup<T> = {
  /** When the data was made, ms since the epoch; 0 when it does not say. */
  readonly builtAt: number
  /** What is known of an address. May throw where the data is damaged. */
  readonly find: (address: Address) => T | undefined
}

// Owns what a company has, by its ids: the same things day after day, a few of each kind.
import type { Thing } from './activities.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import type { Contract } from './scenario.ts'

/** The id of one of the contract's things of a kind, whichever chance picks. */
export type Inventory = (contract: Contract, thing: Thing, random: Random) => string

/** How many of each kind there are: enough to look different, few enough to recur. */
const THINGS_PER_KIND = 12

export function createInventory(seed: string): Inventory {
  const shelves = new Map<string, readonly string[]>()

  function shelfOf(contract: Contract, thing: Thing): readonly string[] {
    const key = `${contract.number}.${thing}`
    const known = shelves.get(key)
    if (known !== undefined) return known
    const length = thing === 'datacenter' ? contract.dataCenters : THINGS_PER_KIND
    const random = createRandom(seed, contract.number, 'inventory', thing)
    const shelf = Array.from({ length }, () => random.uuid())
    shelves.set(key, shelf)
    return shelf
  }

  return (contract, thing, random) => random.pick(shelfOf(contract, thing))
}

// Owns what an event has in the place of a list of facts, worked out once for all rules with the same
// list: its values and a hash of them. What is grouped by it: backtest-groups.ts.
import { canonicalJson } from '../core/canonical-json.ts'
import { isScalar } from '../core/detection/member.ts'
import type { Event } from '../core/event.ts'
import { factValue } from '../core/fact-value.ts'
import { createEntryHash, hashStrongly } from './identity.ts'
import type { Hash } from './task.ts'

/** The values of one contract's event for a list of facts, and a hash that nobody can aim at. */
export type Grouped = Hash & {
  readonly values: readonly unknown[]
  /** Whether every value is there and a scalar, as windows ask for. */
  readonly isScalar: boolean
}

export type Grouping = {
  /** Not for two events at once: what was found for the last one is kept. */
  of(event: Event): Grouped
}

/** Values a thread remembers for each list of facts; what it forgets it works out again. */
const KNOWN_MAX = 30_000

/** Longer values are not remembered: their text would take more memory than their hash takes time. */
const KEY_LENGTH_MAX = 200

/** Stands in the hash for what is not there, as alerts show it. */
const MISSING = 'unknown'

/** The same grouping for the same list of facts. */
export function createGroupings(): (names: readonly string[]) => Grouping {
  const groupings = new Map<string, Grouping>()
  return (names) => {
    const key = JSON.stringify(names)
    const found = groupings.get(key) ?? createGrouping(names)
    groupings.set(key, found)
    return found
  }
}

function createGrouping(names: readonly string[]): Grouping {
  const byContract = new Map<string, Map<unknown, Grouped>>()
  const [only] = names
  let size = 0
  let last: Event | undefined
  let found: Grouped | undefined

  const make = (contract: string, values: readonly unknown[]): Grouped => {
    const shown = values.map((value) => value ?? MISSING)
    const hash = hashStrongly(canonicalJson([contract, names, shown]))
    return { ...hash, values, isScalar: values.every(isScalar) }
  }

  const keep = (contract: string, key: unknown, grouped: Grouped): void => {
    if (typeof key === 'string' && key.length > KEY_LENGTH_MAX) return
    if (contract.length > KEY_LENGTH_MAX) return
    if (size >= KNOWN_MAX) {
      byContract.clear()
      size = 0
    }
    const known = byContract.get(contract) ?? new Map<unknown, Grouped>()
    byContract.set(contract, known)
    known.set(key, grouped)
    size += 1
  }

  const find = (event: Event): Grouped => {
    const contract = event.contract ?? ''
    const value = names.length === 1 && only !== undefined ? factValue(event, only) : undefined
    if (typeof value === 'object' && value !== null) return make(contract, [value])
    const values = names.length === 1 ? [value] : names.map((name) => factValue(event, name))
    // One scalar is a key by itself, so that no text need be made to find it.
    const key = names.length === 1 ? value : canonicalJson(values.map((one) => one ?? null))
    const known = byContract.get(contract)?.get(key)
    if (known !== undefined) return known
    const grouped = make(contract, values)
    keep(contract, key, grouped)
    return grouped
  }

  return {
    of(event) {
      if (event !== last || found === undefined) {
        found = find(event)
        last = event
      }
      return found
    },
  }
}

/** What a window remembers of an event's values: a hash, where only equality matters. */
export type Valuing = {
  /** Whether all values are there; then `high` and `low` are their hash, until the next event. */
  has(event: Event): boolean
  readonly words: Uint32Array
}

/** The same valuing for the same list of facts; the seed is the same in all threads. */
export function createValuings(seed: number): (names: readonly string[]) => Valuing {
  const valuings = new Map<string, Valuing>()
  const hashValues = createEntryHash(seed)
  return (names) => {
    const key = JSON.stringify(names)
    const found = valuings.get(key) ?? createValuing(names, hashValues)
    valuings.set(key, found)
    return found
  }
}

function createValuing(
  names: readonly string[],
  hashValues: ReturnType<typeof createEntryHash>,
): Valuing {
  const words = new Uint32Array(2)
  let last: Event | undefined
  let isThere = false
  return {
    words,
    has(event) {
      if (event === last) return isThere
      last = event
      const values = names.map((name) => factValue(event, name))
      isThere = values.every(isScalar)
      if (isThere) hashValues(values, undefined, words, 0)
      return isThere
    },
  }
}

// Owns the alert groups that were met: a number for each, by the hash that threads tell, and what is
// shown of it. Bounded by GROUPS_MAX.
import type { GroupText } from '../replay/task.ts'
import { createHashNumbers } from './hash-numbers.ts'
import type { TextStore } from './text-store.ts'

/** A group as results show it. */
export type Group = Pick<GroupText, 'contract' | 'values'>

export type Groups = {
  /** Told again, a group stays what it was. Throws TooManyGroupsError. */
  add(group: GroupText): void
  /** The number of a group that was added. */
  numberOf(high: number, low: number): number
  /** The place of its rule in the list of ids. */
  ruleOf(number: number): number
  /** What is shown of it. */
  read(number: number): Group
  /** Whether they are of more than one contract. */
  hasSeveralContracts(): boolean
  /** An order of groups that does not depend on which was met first. */
  compare(one: number, other: number): number
}

/** Groups of all rules. At about 30 bytes each in memory; nobody looks through more alerts. */
export const GROUPS_MAX = 1_000_000

/** Rules that raise an alert for nearly everything: no result of theirs could be read. */
export class TooManyGroupsError extends Error {
  override readonly name = 'TooManyGroupsError'
  readonly code = 'too-many-groups'
  /** The rule with the most groups. */
  readonly rule: string
  constructor(rule: string) {
    super(`more than ${GROUPS_MAX.toLocaleString('en')} groups of alerts, most of them of ${rule}`)
    this.rule = rule
  }
}

/** `ruleIds` are the ids of all rules that can be told. */
export function createGroups(
  ruleIds: readonly string[],
  texts: TextStore,
  groupsMax: number = GROUPS_MAX,
): Groups {
  const ruleNumbers = new Map(ruleIds.map((id, number) => [id, number]))
  const known = createHashNumbers()
  const rules: number[] = []
  const places: number[] = []
  let firstContract: string | undefined
  let isOfSeveral = false

  return {
    add({ high, low, rule, contract, values }) {
      if (known.numberOf(high, low) >= 0) return
      if (known.size() === groupsMax) throw new TooManyGroupsError(mostFrequent(rules, ruleIds))
      firstContract ??= contract
      if (contract !== firstContract) isOfSeveral = true
      known.add(high, low)
      rules.push(ruleNumbers.get(rule) ?? 0)
      places.push(texts.add(JSON.stringify({ contract, values })))
    },
    numberOf: known.numberOf,
    ruleOf: (number) => rules[number] ?? 0,
    read: (number) => JSON.parse(texts.read(places[number] ?? 0)) as Group,
    hasSeveralContracts: () => isOfSeveral,
    compare(one, other) {
      const byHigh = known.highAt(one) - known.highAt(other)
      return byHigh === 0 ? known.lowAt(one) - known.lowAt(other) : byHigh
    },
  }
}

function mostFrequent(rules: readonly number[], ruleIds: readonly string[]): string {
  const counts = new Uint32Array(ruleIds.length)
  for (const rule of rules) counts[rule] = (counts[rule] ?? 0) + 1
  return ruleIds[counts.indexOf(Math.max(...counts))] ?? ''
}

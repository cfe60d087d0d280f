// Owns the alert groups that were met: a number for each, by the hash that threads tell, and what is
// shown of it. Bounded by GROUPS_MAX.
import type { GroupText } from '../replay/task.ts'
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

const SIZE_AT_FIRST = 1_024

type Known = {
  highs: Uint32Array
  lows: Uint32Array
  rules: Uint32Array
  texts: Float64Array
  /** The number and 1, by hash; 0 is free. Twice as many as there is room for groups. */
  slots: Uint32Array
  size: number
}

/** `ruleIds` are the ids of all rules that can be told. */
export function createGroups(
  ruleIds: readonly string[],
  texts: TextStore,
  groupsMax: number = GROUPS_MAX,
): Groups {
  const ruleNumbers = new Map(ruleIds.map((id, number) => [id, number]))
  let known = createKnown(SIZE_AT_FIRST)
  let firstContract: string | undefined
  let isOfSeveral = false

  const makeRoom = (): void => {
    if (known.size === groupsMax) throw new TooManyGroupsError(mostFrequent(known, ruleIds))
    if (known.size === known.highs.length) known = enlarge(known)
  }

  return {
    add({ high, low, rule, contract, values }) {
      if (known.slots[slotOf(known, high, low)] !== 0) return
      makeRoom()
      firstContract ??= contract
      if (contract !== firstContract) isOfSeveral = true
      const number = known.size
      known.highs[number] = high
      known.lows[number] = low
      known.rules[number] = ruleNumbers.get(rule) ?? 0
      known.texts[number] = texts.add(JSON.stringify({ contract, values }))
      known.slots[slotOf(known, high, low)] = number + 1
      known.size += 1
    },
    numberOf: (high, low) => (known.slots[slotOf(known, high, low)] ?? 0) - 1,
    ruleOf: (number) => known.rules[number] ?? 0,
    read: (number) => JSON.parse(texts.read(known.texts[number] ?? 0)) as Group,
    hasSeveralContracts: () => isOfSeveral,
    compare(one, other) {
      const { highs, lows } = known
      return (highs[one] ?? 0) - (highs[other] ?? 0) || (lows[one] ?? 0) - (lows[other] ?? 0)
    },
  }
}

function createKnown(room: number): Known {
  return {
    highs: new Uint32Array(room),
    lows: new Uint32Array(room),
    rules: new Uint32Array(room),
    texts: new Float64Array(room),
    slots: new Uint32Array(room * 2),
    size: 0,
  }
}

function enlarge(before: Known): Known {
  const known = createKnown(before.highs.length * 2)
  known.highs.set(before.highs)
  known.lows.set(before.lows)
  known.rules.set(before.rules)
  known.texts.set(before.texts)
  known.size = before.size
  for (let number = 0; number < known.size; number += 1) {
    const slot = slotOf(known, known.highs[number] ?? 0, known.lows[number] ?? 0)
    known.slots[slot] = number + 1
  }
  return known
}

/** Where a group is, or the free slot where it would be. */
function slotOf({ slots, highs, lows }: Known, high: number, low: number): number {
  const mask = slots.length - 1
  let slot = low & mask
  for (;;) {
    const number = (slots[slot] ?? 0) - 1
    if (number < 0 || (highs[number] === high && lows[number] === low)) return slot
    slot = (slot + 1) & mask
  }
}

function mostFrequent({ rules, size }: Known, ruleIds: readonly string[]): string {
  const counts = new Uint32Array(ruleIds.length)
  for (let number = 0; number < size; number += 1) {
    const rule = rules[number] ?? 0
    counts[rule] = (counts[rule] ?? 0) + 1
  }
  return ruleIds[counts.indexOf(Math.max(...counts))] ?? ''
}

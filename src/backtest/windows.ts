// Owns the windows that were met: a number for each, by the hash that threads tell, with its rule
// and the alert group that its detections belong to. What is in them: member-store.ts.
import type { WindowText } from '../replay/task.ts'
import type { Groups } from './groups.ts'
import { createHashNumbers } from './hash-numbers.ts'

export type Windows = {
  /** Told again, a window stays what it was; its group must have been added. */
  add(window: WindowText): void
  /** The number of a window that was added. */
  numberOf(high: number, low: number): number
  /** The place of its rule in the list of ids. */
  ruleOf(number: number): number
  /** The number of its alert group; undefined for what a rule matched and no window holds. */
  groupOf(number: number): number | undefined
  /** Whether it stands for what a rule matched and no window holds, for want of a value. */
  isLack(number: number): boolean
}

const NO_GROUP = -1
const LACK = -2

/** `ruleIds` are the ids of all rules that can be told. */
export function createWindows(ruleIds: readonly string[], alertGroups: Groups): Windows {
  const ruleNumbers = new Map(ruleIds.map((id, number) => [id, number]))
  const known = createHashNumbers()
  const rules: number[] = []
  const groups: number[] = []
  return {
    add({ high, low, rule, group, isLack }) {
      if (known.add(high, low) < rules.length) return
      rules.push(ruleNumbers.get(rule) ?? 0)
      const none = isLack ? LACK : NO_GROUP
      groups.push(group === undefined ? none : alertGroups.numberOf(group.high, group.low))
    },
    numberOf: known.numberOf,
    ruleOf: (number) => rules[number] ?? 0,
    groupOf(number) {
      const group = groups[number] ?? NO_GROUP
      return group < 0 ? undefined : group
    },
    isLack: (number) => groups[number] === LACK,
  }
}

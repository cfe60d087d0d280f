// Owns naming the alert groups and windows of matches by hashes, the same in every thread; each is
// told in full the first time a thread meets it. What an event is grouped by: groupings.ts.
import { canonicalJson } from '../core/canonical-json.ts'
import type { Event } from '../core/event.ts'
import { valueText } from '../core/fact-value.ts'
import type { Rule } from '../core/rule.ts'
import type { Grouping } from './groupings.ts'
import { hashStrongly } from './identity.ts'
import { createKnownHashes, type KnownHashes } from './known-hashes.ts'
import type { GroupText, Hash, WindowText } from './task.ts'

/** Where what is met for the first time is told. */
export type Told = { readonly groups: GroupText[]; readonly windows: WindowText[] }

/** What a thread told before. */
export type Known = { readonly groups: KnownHashes; readonly windows: KnownHashes }

export function createKnown(): Known {
  return { groups: createKnownHashes(), windows: createKnownHashes() }
}

/** The names of one rule's groups and windows: hashes of signed words. */
export type RuleNames = {
  /** The alert group of a match. */
  groupOf(event: Event, told: Told): Hash
  /** The window of a match; undefined when the event lacks a value of its group. */
  windowOf(event: Event, told: Told): Hash | undefined
  /** What stands for a window where there is none: for want of a value, or of a step. */
  noWindowOf(event: Event, isLack: boolean, told: Told): Hash
}

export type RuleNamesOptions = {
  readonly rule: Rule
  readonly groupingOf: (names: readonly string[]) => Grouping
  readonly known: Known
}

export function createRuleNames({ rule, groupingOf, known }: RuleNamesOptions): RuleNames {
  const { groupBy } = rule.alert
  const shown = groupingOf(groupBy)
  const windowed = groupingOf(rule.detect?.groupBy ?? [])
  const none = groupingOf([])
  const nameOf = (...parts: readonly unknown[]) => hashStrongly(canonicalJson([rule.id, ...parts]))
  const groupName = nameOf('group', groupBy)
  const windowName = nameOf('window', rule.detect?.groupBy)
  const lackName = nameOf('lack')
  const noStepName = nameOf('no step')

  const groupOf = (event: Event, told: Told): Hash => {
    const grouped = shown.of(event)
    const hash = both(groupName, grouped)
    if (known.groups.isNew(hash.high, hash.low)) {
      const values = groupBy.map((name, at) => {
        return [name, shownValue(grouped.values[at] ?? 'unknown')] as const
      })
      told.groups.push({ ...unsigned(hash), rule: rule.id, contract: event.contract ?? '', values })
    }
    return hash
  }

  return {
    groupOf,
    windowOf(event, told) {
      const grouped = windowed.of(event)
      if (!grouped.isScalar) return undefined
      const hash = both(windowName, grouped)
      if (known.windows.isNew(hash.high, hash.low)) {
        const group = groupOf(event, told)
        told.windows.push({
          ...unsigned(hash),
          rule: rule.id,
          group: unsigned(group),
          isLack: false,
        })
      }
      return hash
    },
    noWindowOf(event, isLack, told) {
      const hash = both(isLack ? lackName : noStepName, none.of(event))
      if (known.windows.isNew(hash.high, hash.low)) {
        told.windows.push({ ...unsigned(hash), rule: rule.id, group: undefined, isLack })
      }
      return hash
    },
  }
}

/**
 * Two hashes that nobody can aim at make one: that of the values is worked out once for all rules
 * that group by them. Signed: such numbers are not made on the heap.
 */
function both(one: Hash, other: Hash): Hash {
  return { high: one.high ^ other.high, low: one.low ^ other.low }
}

function unsigned({ high, low }: Hash): Hash {
  return { high: high >>> 0, low: low >>> 0 }
}

/** Numbers and truth values stay what they are; anything else is told as alerts show it. */
function shownValue(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : valueText(value)
}

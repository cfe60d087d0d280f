// Owns naming the alert groups and windows of matches by hashes, the same in every thread; each is
// told in full the first time a thread meets it.
import { canonicalJson } from '../core/canonical-json.ts'
import type { Membership } from '../core/detection/member.ts'
import type { Event } from '../core/event.ts'
import { factValue, valueText } from '../core/fact-value.ts'
import type { Rule } from '../core/rule.ts'
import { hashStrongly } from './identity.ts'
import type { GroupText, Hash, WindowText } from './task.ts'

/** Where what is met for the first time is told. */
export type Told = { readonly groups: GroupText[]; readonly windows: WindowText[] }

export type MatchedEvent = { readonly rule: Rule; readonly event: Event }

export type GroupNames = {
  /** The alert group of a match. */
  groupOf(rule: Rule, event: Event, told: Told): Hash
  /** The window of a match. */
  windowOf(matched: MatchedEvent, membership: Membership, told: Told): Hash
  /** A value that a window remembers. */
  valueOf(text: string): Hash
}

/** Hashes a thread remembers, of each sort; what it forgets it works out and tells again. */
const KNOWN_MAX = 20_000

/** Longer keys are not remembered: their text would take more memory than their hash takes time. */
const KEY_LENGTH_MAX = 1_000

export function createGroupNames(): GroupNames {
  const groups = createHashes()
  const windows = createHashes()
  const values = createHashes()

  const groupOf = (rule: Rule, event: Event, told: Told): Hash => {
    const contract = event.contract ?? ''
    const { groupBy } = rule.alert
    const found = groupBy.map((name) => factValue(event, name) ?? 'unknown')
    return groups(canonicalJson([contract, rule.id, groupBy, found]), (hash) => {
      const shown = groupBy.map((name, at) => [name, shownValue(found[at])] as const)
      told.groups.push({ ...hash, rule: rule.id, contract, values: shown })
    })
  }

  return {
    groupOf,
    windowOf({ rule, event }, membership, told) {
      const contract = event.contract ?? ''
      const groupBy = rule.detect?.groupBy ?? []
      const isMember = membership.kind === 'member'
      const isLack = !isMember && membership.reason !== 'no-step'
      const name = isMember ? [groupBy, membership.group] : [isLack]
      return windows(canonicalJson([contract, rule.id, ...name]), (hash) => {
        const group = isMember ? groupOf(rule, event, told) : undefined
        told.windows.push({ ...hash, rule: rule.id, group, isLack })
      })
    },
    valueOf: (text) => values(text, () => undefined),
  }
}

/** Hashes of texts; `meet` is called with those that are not remembered. */
function createHashes(): (key: string, meet: (hash: Hash) => void) => Hash {
  const known = new Map<string, Hash>()
  return (key, meet) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const hash = hashStrongly(key)
    if (known.size === KNOWN_MAX) known.clear()
    if (key.length <= KEY_LENGTH_MAX) known.set(key, hash)
    meet(hash)
    return hash
  }
}

/** Numbers and truth values stay what they are; anything else is told as alerts show it. */
function shownValue(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : valueText(value)
}

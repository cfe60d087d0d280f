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
  groupOf(matched: MatchedEvent, told: Told): Hash
  /** The window of a match. */
  windowOf(matched: MatchedEvent, membership: Membership, told: Told): Hash
  /** A value that a window remembers. */
  valueOf(text: string): Hash
}

/** Hashes a thread remembers, of each sort; what it forgets it works out and tells again. */
const KNOWN_MAX = 30_000

/** Longer keys are not remembered: their text would take more memory than their hash takes time. */
const KEY_LENGTH_MAX = 200

export function createGroupNames(): GroupNames {
  const groups = createNames()
  const windows = createNames()
  const values = createKnown()

  const groupOf = ({ rule, event }: MatchedEvent, told: Told): Hash => {
    const contract = event.contract ?? ''
    const { groupBy } = rule.alert
    const found = groupBy.map((name) => factValue(event, name) ?? 'unknown')
    const before = groups.find(rule, contract, found)
    if (before !== undefined) return before
    const hash = hashStrongly(canonicalJson([contract, rule.id, groupBy, found]))
    groups.keep(rule, contract, found, hash)
    const shown = groupBy.map((name, at) => [name, shownValue(found[at])] as const)
    told.groups.push({ ...hash, rule: rule.id, contract, values: shown })
    return hash
  }

  return {
    groupOf,
    windowOf(matched, membership, told) {
      const { rule, event } = matched
      const contract = event.contract ?? ''
      const isMember = membership.kind === 'member'
      const isLack = !isMember && membership.reason !== 'no-step'
      const key = isMember ? membership.group : isLack ? LACK : NO_STEP
      const before = windows.find(rule, contract, key)
      if (before !== undefined) return before
      const name = isMember ? [rule.detect?.groupBy, membership.group] : [isLack]
      const hash = hashStrongly(canonicalJson([contract, rule.id, ...name]))
      windows.keep(rule, contract, key, hash)
      const group = isMember ? groupOf(matched, told) : undefined
      told.windows.push({ ...hash, rule: rule.id, group, isLack })
      return hash
    },
    valueOf(text) {
      const before = values.get(text)
      if (before !== undefined) return before
      const hash = hashStrongly(text)
      values.set(text, hash)
      return hash
    },
  }
}

/** What stands for a group where there is none: no value of an event is one of these. */
const LACK: readonly unknown[] = [Symbol('lack')]
const NO_STEP: readonly unknown[] = [Symbol('no step')]

/** Hashes by what they are made of, so that no text need be made to find one. */
function createNames() {
  const byRule = new Map<Rule, Map<string, Map<unknown, Hash>>>()
  let size = 0
  const mapOf = (rule: Rule, contract: string): Map<unknown, Hash> => {
    const byContract = byRule.get(rule) ?? new Map<string, Map<unknown, Hash>>()
    const hashes = byContract.get(contract) ?? new Map<unknown, Hash>()
    byRule.set(rule, byContract)
    byContract.set(contract, hashes)
    return hashes
  }
  return {
    find: (rule: Rule, contract: string, values: readonly unknown[]): Hash | undefined =>
      byRule.get(rule)?.get(contract)?.get(keyOf(values)),
    keep(rule: Rule, contract: string, values: readonly unknown[], hash: Hash): void {
      const key = keyOf(values)
      if (typeof key === 'string' && key.length > KEY_LENGTH_MAX) return
      if (contract.length > KEY_LENGTH_MAX) return
      if (size >= KNOWN_MAX) {
        byRule.clear()
        size = 0
      }
      mapOf(rule, contract).set(key, hash)
      size += 1
    },
  }
}

/** One scalar is a key by itself; a rule has always as many values, so that none is another's text. */
function keyOf(values: readonly unknown[]): unknown {
  const [only] = values
  return values.length === 1 && (typeof only !== 'object' || only === null)
    ? only
    : canonicalJson(values)
}

/** Hashes of texts that are remembered. */
function createKnown() {
  const known = new Map<string, Hash>()
  return {
    get: (text: string): Hash | undefined => known.get(text),
    set(text: string, hash: Hash): void {
      if (text.length > KEY_LENGTH_MAX) return
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(text, hash)
    },
  }
}

/** Numbers and truth values stay what they are; anything else is told as alerts show it. */
function shownValue(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : valueText(value)
}

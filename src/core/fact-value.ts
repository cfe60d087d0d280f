// Owns how a fact is found by name in an event and written for people. What facts are: event.ts.
import { canonicalJson } from './canonical-json.ts'
import { type Event, FACTS, type FactName } from './event.ts'

/** Longest text of one value in an alert, in characters: a name can be 100 KB long. */
export const VALUE_LENGTH_MAX = 512

/** Whether a name is a fact or a path into the entry (`entry.a.b`). */
export function isFactName(name: string): boolean {
  return Object.hasOwn(FACTS, name) || /^entry(\.[^.\s{}]+)+$/.test(name)
}

/** The value of a fact or of `entry.a.b`; own properties only; undefined when there is none. */
export function factValue(event: Event, name: string): unknown {
  if (!name.startsWith('entry.')) return event[name as FactName]
  let value: unknown = event.entry
  for (const key of name.slice('entry.'.length).split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** One line of text for a value, bounded, unescaped; `unknown` for what is not there. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'unknown'
  if (typeof value === 'string') return cutText(value, VALUE_LENGTH_MAX)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return cutText(value.join(', '), VALUE_LENGTH_MAX)
  }
  return cutText(canonicalJson(value), VALUE_LENGTH_MAX)
}

/** At most `lengthMax` characters, with `…` for what was cut; never splits a surrogate pair. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const cut = text.slice(0, lengthMax - 1)
  const last = cut.charCodeAt(cut.length - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return `${splitsPair ? cut.slice(0, -1) : cut}…`
}

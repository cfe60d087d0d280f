// Owns the step from matches to detections: which rule and group an event counts for.
import { createHash } from 'node:crypto'
import type { Evidence, Field } from './core/alert.ts'
import type { Detection } from './core/alert-group.ts'
import { canonicalJson } from './core/canonical-json.ts'
import type { Event } from './core/event.ts'
import { factValue, valueText } from './core/fact-value.ts'
import type { Rule } from './core/rule.ts'

export type Match = { readonly rule: Rule; readonly event: Event }

/** Detections of one rule that belong to one alert group. */
export type GroupedDetections = {
  readonly contract: string
  readonly rule: Rule
  /** Name of the group: a hash of contract, rule and values. */
  readonly key: string
  /** The values shared, as shown. */
  readonly group: readonly Field[]
  readonly detections: readonly Detection[]
  /** The event of each detection, by its id. */
  readonly events: ReadonlyMap<string, Event>
}

/** Hexadecimal characters of a group's key: 80 bits, no two of a contract's groups collide. */
const GROUP_KEY_LENGTH = 20

/** Gathers matches by rule and alert group; an event repeated in the batch counts once. */
export function groupDetections(
  contract: string,
  matches: readonly Match[],
): readonly GroupedDetections[] {
  const groups = new Map<string, GroupedDetections & { events: Map<string, Event> }>()
  for (const { rule, event } of matches) {
    const key = groupKey(contract, rule, event)
    const found = groups.get(key)
    if (found === undefined) {
      const events = new Map([[event.id, event]])
      const group = rule.alert.groupBy.map((name) => fieldOf(event, name))
      groups.set(key, { contract, rule, key, group, detections: [], events })
    } else found.events.set(event.id, event)
  }
  return [...groups.values()].map((group) => ({
    ...group,
    detections: [...group.events.values()].map((event) => detectionOf(group.rule, event)),
  }))
}

/** From the whole values, not from what is shown of them; what is undefined is `unknown`. */
function groupKey(contract: string, rule: Rule, event: Event): string {
  const values = rule.alert.groupBy.map((name) => factValue(event, name) ?? 'unknown')
  const text = canonicalJson([contract, rule.id, rule.alert.groupBy, values])
  return createHash('sha256').update(text).digest('hex').slice(0, GROUP_KEY_LENGTH)
}

function fieldOf(event: Event, name: string): Field {
  return { name, value: valueText(factValue(event, name)) }
}

function detectionOf(rule: Rule, event: Event): Detection {
  const time = event.time ?? 0
  // What an event does not tell is not shown: a row of "unknown" hides the rows that say something.
  const fields = rule.alert.fields
    .filter((name) => factValue(event, name) !== undefined)
    .map((name) => fieldOf(event, name))
  const evidence: Evidence = { id: event.id, time, fields }
  const values: Record<string, string> = {}
  for (const name of rule.alert.names) values[name] = valueText(factValue(event, name))
  return { id: event.id, time, evidence, values }
}

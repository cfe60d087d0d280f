// Owns what a backtest tells: alerts and counts per rule, in an order that depends on nothing but
// the events. How they are written: cli/.
import type { Rule } from '../core/rule.ts'
import { type Severity, severityRank } from '../core/severity.ts'
import type { Gathered } from './collector.ts'
import { groupAt, type Side, sideAt } from './place.ts'

/** An alert that would have been raised. Times are ISO 8601, UTC. */
export type RaisedAlert = {
  readonly rule: string
  /** Only where the events are of several contracts. */
  readonly contract?: string
  /** The values its events share, by fact name. */
  readonly group: Readonly<Record<string, string | number | boolean>>
  readonly first: string
  readonly last: string
  /** Different events; where the rule counts values (`distinct`), different values. */
  readonly count: number
  readonly severity: Severity
}

export type RuleCounts = {
  readonly id: string
  /** Different events for which its conditions hold. */
  readonly matches: number
  /** The same without `detect`. */
  readonly detections: number
  readonly alerts: number
}

export type Result = {
  /** In the order of their first event. */
  alerts(side: Side): Generator<RaisedAlert>
  /** By id, rules without a match included. */
  rules(side: Side): readonly RuleCounts[]
  /** The place of an alert's rule in `Gathered.ruleIds`. */
  ruleAt(index: number): number
  /** The alert at a place in `Gathered.pieces`. */
  alertAt(index: number): RaisedAlert
  /** Indexes into `Gathered.pieces`, in the order of `alerts`. */
  sort(indexes: Uint32Array): Uint32Array
}

export function createResult(gathered: Gathered): Result {
  const { pieces, groups, rules, ruleIds, tallies } = gathered
  const isOfSeveral = groups.hasSeveralContracts()
  const ruleAt = (index: number): number => groups.ruleOf(groupAt(pieces.places[index] ?? 1))

  const alertAt = (index: number): RaisedAlert => {
    const place = pieces.places[index] ?? 1
    const rule = ruleIds[ruleAt(index)] ?? ''
    const { contract, values } = groups.read(groupAt(place))
    const count = pieces.counts[index] ?? 0
    const spec = rules[sideAt(place)]?.get(rule)
    return {
      rule,
      ...(isOfSeveral && { contract }),
      group: Object.fromEntries(values),
      first: timeText(pieces.firsts[index] ?? 0),
      last: timeText(pieces.lasts[index] ?? 0),
      count,
      severity: spec === undefined ? 'info' : severityAt(spec, count),
    }
  }

  const sort = (indexes: Uint32Array): Uint32Array =>
    indexes.sort((one, other) => {
      const byTime = (pieces.firsts[one] ?? 0) - (pieces.firsts[other] ?? 0)
      if (byTime !== 0) return byTime
      const byRule = ruleAt(one) - ruleAt(other)
      if (byRule !== 0) return byRule
      const groupOf = (index: number) => groupAt(pieces.places[index] ?? 1)
      return groups.compare(groupOf(one), groupOf(other))
    })

  return {
    *alerts(side) {
      const indexes = Uint32Array.from({ length: pieces.size }, (_, index) => index)
      const ofSide = indexes.filter((index) => sideAt(pieces.places[index] ?? 1) === side)
      for (const index of sort(ofSide)) yield alertAt(index)
    },
    rules(side) {
      const matches = new Float64Array(ruleIds.length)
      const alerts = new Float64Array(ruleIds.length)
      for (let index = 0; index < pieces.size; index += 1) {
        if (sideAt(pieces.places[index] ?? 1) !== side) continue
        const rule = ruleAt(index)
        matches[rule] = (matches[rule] ?? 0) + (pieces.counts[index] ?? 0)
        alerts[rule] = (alerts[rule] ?? 0) + 1
      }
      return ruleIds.flatMap((id, at) => {
        if (rules[side]?.has(id) !== true) return []
        const raised = alerts[at] ?? 0
        const found = matches[at] ?? 0
        if (rules[side]?.get(id)?.detect === undefined) {
          return { id, matches: found, detections: found, alerts: raised }
        }
        const tally = tallies[side]?.[at]
        const { matches: held = 0, detections = 0 } = tally ?? {}
        return { id, matches: held, detections, alerts: raised }
      })
    },
    ruleAt,
    alertAt,
    sort,
  }
}

/** The rule's own severity, or the highest it is raised to at a count. */
export function severityAt({ severity, alert }: Rule, count: number): Severity {
  return alert.severity
    .filter((step) => count >= step.count)
    .reduce<Severity>(
      (highest, step) =>
        severityRank(step.severity) > severityRank(highest) ? step.severity : highest,
      severity,
    )
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

// Owns what a fresh alert says before anything is counted: rule, group, title, and why it matched.
import type { Alert, AlertRule, Field } from '../core/alert.ts'
import type { AlertChange } from '../core/alert-group.ts'
import type { Event } from '../core/event.ts'
import type { Rule } from '../core/rule.ts'
import { severityRank } from '../core/severity.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Explain } from '../why.ts'

/** The group that an alert is of. */
export type AlertGroup = {
  readonly contract: string
  readonly rule: Rule
  readonly key: string
  /** The values shared, as shown. */
  readonly fields: readonly Field[]
  readonly ruleSetVersion: string
}

/** An alert without any detection yet. */
export function blankAlert(group: AlertGroup, number: number | undefined): Alert {
  const { key, contract, rule, ruleSetVersion, fields } = group
  if (number === undefined) throw new Error(`no number for an alert of ${rule.id}`)
  return {
    id: `${key}-${number}`,
    number,
    contract,
    rule: alertRule(rule),
    ruleSetVersion,
    severity: rule.severity,
    state: 'open',
    title: rule.title,
    group: fields,
    first: 0,
    last: 0,
    count: 0,
    values: {},
    fields: [],
    evidence: [],
  }
}

function alertRule(rule: Rule): AlertRule {
  const { id, title, description, tags, references, falsePositives, runbook } = rule
  return {
    id,
    title,
    tags,
    references,
    falsePositives,
    ...(description === undefined ? {} : { description }),
    ...(runbook === undefined ? {} : { runbook }),
  }
}

/** Title and summary with the values of the earliest event and the alert's own numbers. */
export function describeAlert(rule: Rule, alert: Alert): Pick<Alert, 'title' | 'summary'> {
  const value = (name: string): unknown => {
    // Of a rule that counts values both are their number; else every event is different.
    if (name === 'count' || name === 'distinct') return alert.count
    if (name === 'first' || name === 'last') return new Date(alert[name]).toISOString()
    if (name === 'rule.title') return rule.title
    return alert.values[name]
  }
  const summary = rule.alert.summary?.render(value)
  return {
    title: rule.alert.title.render(value),
    ...(summary === undefined ? {} : { summary }),
  }
}

/** An alert that opens or rises says why; the engine's own verdict checks the compiled matcher's. */
export async function addWhy(
  change: AlertChange,
  rule: Rule,
  events: ReadonlyMap<string, Event>,
  parts: { readonly explain: Explain; readonly log: Log; readonly metrics: Metrics },
): Promise<AlertChange> {
  const { explain, log, metrics } = parts
  const event = eventToExplain(change, events)
  if (event === undefined) return change
  const { why, verdict } = await explain(rule, event)
  if (verdict) return { ...change, after: { ...change.after, why } }
  metrics.disputed.inc({ rule: rule.id })
  log.error({ rule: rule.id, event: event.id }, 'json-rules-engine denies a match of ours')
  return { ...change, after: { ...change.after, why, disputed: true } }
}

/** The first event of an alert that opens, the latest of one whose severity rose; else none. */
function eventToExplain(
  { before, after, isSplit }: AlertChange,
  events: ReadonlyMap<string, Event>,
): Event | undefined {
  const shown = after.evidence.filter(({ id }) => events.has(id))
  const isOpening = before === undefined && isSplit !== true
  const isRising =
    before !== undefined && severityRank(after.severity) > severityRank(before.severity)
  const chosen = isOpening ? shown[0] : isRising ? shown.at(-1) : undefined
  return chosen === undefined ? undefined : events.get(chosen.id)
}

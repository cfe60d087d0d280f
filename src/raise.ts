// Owns the step from detections to stored alerts: read the group, derive, commit if nobody was
// faster, else again. Alerts and the notifications about them are one transition.
import type { Alert, AlertRule, Notification } from './core/alert.ts'
import { type AlertChange, applyDetections, type Detection } from './core/alert-group.ts'
import type { Clock } from './core/clock.ts'
import type { Rule } from './core/rule.ts'
import type { GroupedDetections } from './detect.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { AlertStore, GroupAnswer, GroupCommit, NumberStore } from './state/stores.ts'
import type { Tell, Teller } from './teller.ts'
import type { Explain } from './why.ts'

/** Tries before a batch fails and its job is repeated: a group changed by others in between. */
const COMMIT_TRIES_MAX = 20

type RaiseParts = {
  readonly alerts: AlertStore
  readonly numbers: NumberStore
  readonly explain: Explain
  readonly teller: Teller
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

type Raised = { readonly alerts: readonly Alert[]; readonly notifications: readonly Notification[] }

type Plan = { readonly group: GroupedDetections; readonly changes: readonly AlertChange[] } & Raised

/** Stores what the detections change; groups are of one contract. Throws when the store does. */
export async function raiseAlerts(
  groups: readonly GroupedDetections[],
  ruleSetVersion: string,
  parts: RaiseParts,
): Promise<Raised> {
  const done: Plan[] = []
  let open = groups
  for (let attempt = 0; open.length > 0; attempt += 1) {
    if (attempt === COMMIT_TRIES_MAX) throw new Error('alert groups kept changing under the batch')
    const { plans, conflicts } = await raiseOnce(open, ruleSetVersion, parts)
    done.push(...plans)
    open = conflicts
  }
  for (const plan of done) report(plan, parts)
  return {
    alerts: done.flatMap((plan) => plan.alerts),
    notifications: done.flatMap((plan) => plan.notifications),
  }
}

async function raiseOnce(
  groups: readonly GroupedDetections[],
  ruleSetVersion: string,
  parts: RaiseParts,
): Promise<{ plans: readonly Plan[]; conflicts: readonly GroupedDetections[] }> {
  const contract = (groups[0] as GroupedDetections).contract
  const answers = await parts.alerts.read(
    contract,
    groups.map(({ key, detections, rule }) => ({
      key,
      events: detections,
      reachMs: rule.alert.quietMs,
    })),
  )
  const planned: { plan: Plan; commit: GroupCommit }[] = []
  const tell = await parts.teller(parts.clock.now())
  for (const [index, group] of groups.entries()) {
    const answer = answers[index] as GroupAnswer
    const fresh = group.detections.filter((_, at) => !answer.known[at])
    if (fresh.length > 0)
      planned.push(await plan(group, fresh, answer, { ...parts, ruleSetVersion, tell }))
  }
  if (planned.length === 0) return { plans: [], conflicts: [] }
  const results = await parts.alerts.commit(
    contract,
    planned.map(({ commit }) => commit),
  )
  const committed = planned.filter((_, index) => results[index] === 'committed')
  const conflicts = planned.filter((_, index) => results[index] === 'conflict')
  return {
    plans: committed.map(({ plan }) => plan),
    conflicts: conflicts.map(({ plan }) => plan.group),
  }
}

/** Derives what a group becomes. Numbers are taken first, so that deriving is pure. */
async function plan(
  group: GroupedDetections,
  fresh: readonly Detection[],
  answer: GroupAnswer,
  parts: RaiseParts & { readonly ruleSetVersion: string; readonly tell: Tell },
): Promise<{ plan: Plan; commit: GroupCommit }> {
  const { rule } = group
  const numbers = [...(await parts.numbers.take(fresh.length))]
  const derived = applyDetections(answer.alerts, fresh, {
    quietMs: rule.alert.quietMs,
    severity: rule.severity,
    severitySteps: rule.alert.severity,
    open: (detection) => openAlert(group, detection, numbers.shift(), parts.ruleSetVersion),
    describe: (alert) => describeAlert(rule, alert),
  })
  parts.numbers.giveBack(numbers)
  const explained = await Promise.all(derived.map((change) => addWhy(change, group, parts)))
  const told = explained.map((change) => tellChange(change, rule, parts))
  const at = parts.clock.now()
  const changes = told.map(({ change }) => change)
  const alerts = changes.map((change) => change.after)
  const notifications = told.flatMap((telling) => telling.notifications)
  const commit = {
    key: group.key,
    version: answer.version,
    at,
    events: fresh,
    alerts,
    notifications,
  }
  return { plan: { group, changes, alerts, notifications }, commit }
}

function openAlert(
  group: GroupedDetections,
  detection: Detection,
  number: number | undefined,
  ruleSetVersion: string,
): Alert {
  if (number === undefined) throw new Error(`no number for an alert of ${group.rule.id}`)
  return {
    id: `${group.key}-${number}`,
    number,
    contract: group.contract,
    rule: alertRule(group.rule),
    ruleSetVersion,
    severity: group.rule.severity,
    state: 'open',
    title: group.rule.title,
    group: group.group,
    first: detection.time,
    last: detection.time,
    count: 1,
    values: detection.values,
    fields: detection.evidence.fields,
    evidence: [detection.evidence],
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
function describeAlert(rule: Rule, alert: Alert): Pick<Alert, 'title' | 'summary'> {
  const value = (name: string): unknown => {
    if (name === 'count') return alert.count
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

/** An alert that opens says why; the engine's own verdict checks the compiled matcher's. */
async function addWhy(
  change: AlertChange,
  group: GroupedDetections,
  { explain, log, metrics }: RaiseParts,
): Promise<AlertChange> {
  const event = group.events.get(change.after.evidence[0]?.id ?? '')
  if (change.before !== undefined || event === undefined) return change
  const { why, verdict } = await explain(group.rule, event)
  if (verdict) return { ...change, after: { ...change.after, why } }
  metrics.disputed.inc({ rule: group.rule.id })
  log.error({ rule: group.rule.id, event: event.id }, 'json-rules-engine denies a match of ours')
  return { ...change, after: { ...change.after, why, disputed: true } }
}

/** The change as it is stored, with what its decision wrote down, and whom it tells. */
function tellChange(
  { before, after }: AlertChange,
  rule: Rule,
  { tell, metrics, log }: RaiseParts & { readonly tell: Tell },
): { readonly change: AlertChange; readonly notifications: readonly Notification[] } {
  const { decision, alert, notifications } = tell(before, withRule(after, rule))
  const { reason } = decision
  const why = reason === 'none' ? decision.why : undefined
  const receivers = notifications.map(({ receiver }) => receiver)
  log.debug({ alert: `A-${alert.number}`, reason, why, receivers }, 'decided')
  if (why !== undefined) {
    metrics.notifications.inc({ receiver: 'none', reason: `none:${why}`, result: 'muted' })
  }
  return { change: { before, after: alert }, notifications }
}

/** What the rule says now about telling and resolving. */
function withRule(alert: Alert, { status, alert: spec }: Rule): Alert {
  const { staged: _staged, resolveAfterMs: _resolveAfterMs, ...rest } = alert
  return {
    ...rest,
    ...(status === 'staged' && { staged: true }),
    ...(spec.resolveAfterMs !== undefined && { resolveAfterMs: spec.resolveAfterMs }),
  }
}

/** Counts and logs only what was stored: a lost race must not count. */
function report({ group, changes }: Plan, { metrics, log }: RaiseParts): void {
  const { rule } = group
  metrics.detections.inc({ rule: rule.id }, group.detections.length)
  for (const { before, after } of changes) {
    if (before !== undefined) continue
    metrics.alerts.inc({ rule: rule.id, severity: after.severity })
    const { number, severity, title } = after
    log.info({ alert: `A-${number}`, rule: rule.id, severity, title }, 'alert opened')
  }
}

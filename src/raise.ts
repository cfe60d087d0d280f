// Owns the step from matches of rules without `detect` to stored alerts: read the group, derive,
// commit if nobody was faster, else again. Alerts and the notifications about them are one
// transition. Detections over time: raise/windows.ts.
import type { Alert, Notification } from './core/alert.ts'
import { type AlertChange, applyDetections, type Detection } from './core/alert-group.ts'
import type { Clock } from './core/clock.ts'
import type { GroupedDetections } from './detect.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { AlertStore, GroupAnswer, GroupCommit, NumberStore } from './state/stores.ts'
import { addWhy, blankAlert, describeAlert } from './raise/open-alert.ts'
import { reportStored, tellChange } from './raise/tell.ts'
import type { Tell, Teller } from './teller.ts'
import type { Explain } from './why.ts'

/** Tries before a batch fails and its job is repeated: a group changed by others in between. */
const COMMIT_TRIES_MAX = 20

export type RaiseParts = {
  readonly alerts: AlertStore
  readonly numbers: NumberStore
  readonly explain: Explain
  readonly teller: Teller
  /** Alerts that ended before are history; absent: none is. */
  readonly liveFromMs?: number | undefined
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

export type Raised = {
  readonly alerts: readonly Alert[]
  readonly notifications: readonly Notification[]
}

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
  for (const { group, changes } of done) {
    reportStored(group.rule, group.detections.length, changes, parts)
  }
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
  const { ruleSetVersion, liveFromMs } = parts
  const alertGroup = { ...group, fields: group.group, ruleSetVersion }
  const derived = applyDetections(answer.alerts, fresh, {
    quietMs: rule.alert.quietMs,
    severity: rule.severity,
    severitySteps: rule.alert.severity,
    cuts: answer.cuts,
    liveFromMs,
    open: ({ time, evidence, values }) => ({
      ...blankAlert(alertGroup, numbers.shift()),
      first: time,
      last: time,
      count: 1,
      values,
      fields: evidence.fields,
      evidence: [evidence],
    }),
    describe: (alert) => describeAlert(rule, alert),
  })
  parts.numbers.giveBack(numbers)
  const explained = await Promise.all(
    derived.map((change) => addWhy(change, rule, group.events, parts)),
  )
  const told = explained.map((change) => tellChange(change, rule, parts.tell, parts))
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

// Owns what a decision leaves behind: the notifications, what the alert then says about who was
// told, and when it wants to be looked at again.
import type { Alert, Notification, Told } from './alert.ts'
import {
  branchOf,
  type Decision,
  type DecisionInput,
  decideNotification,
  escalationNow,
  receiversNow,
} from './notify-decision.ts'
import { repeatMsOf } from './route.ts'
import { severityRank } from './severity.ts'

export type Telling = {
  readonly decision: Decision
  /** As it is to be stored, in the same transition as the notifications. */
  readonly alert: Alert
  readonly notifications: readonly Notification[]
}

/** A maintenance window has no end that is known: what it mutes is looked at so often. */
const MUTED_LOOK_MS = 60_000

/** Decides, and writes the decision down. */
export function tellAlert(input: DecisionInput): Telling {
  const decision = decideNotification(input)
  if (decision.reason === 'none') {
    const alert = withLook(input.after, lookAtOf({ ...input, after: input.after }, decision))
    return { decision, alert, notifications: [] }
  }
  const told = toldAfter(input, decision)
  const after = { ...input.after, told }
  const alert = withLook(after, lookAtOf({ ...input, after }, decision))
  const sequence = input.after.told?.sequences[decision.reason] ?? 0
  const notifications = decision.receivers.map((receiver) => ({
    id: `${alert.id}.${receiver}.${decision.reason}.${sequence}`,
    receiver,
    reason: decision.reason,
    sequence,
    createdAt: input.now,
    alert,
  }))
  return { decision, alert, notifications }
}

function toldAfter(
  input: DecisionInput,
  { reason, receivers }: Exclude<Decision, { reason: 'none' }>,
): Told {
  const { after, now, branches } = input
  const before = after.told
  const times = receivers.map((receiver) => [receiver, now] as const)
  const escalatedMs =
    reason === 'escalation' && before !== undefined
      ? escalationNow(input, before).afterMs
      : before?.escalatedMs
  const loud = receiversNow(input)
  const muted = branches
    .flatMap((branch) => branch.receivers)
    .filter((receiver) => !loud.includes(receiver))
  // Who was told of its end has to be told when it is open again after all.
  const isEnd = reason === 'resolved'
  const waiting = isEnd ? receivers : [...(before?.owed ?? []), ...muted]
  const owed = [...new Set(waiting)].filter((one) => isEnd || !receivers.includes(one))
  return {
    firstAt: before?.firstAt ?? now,
    lastAt: now,
    // That somebody took it on says nothing new of how much there is.
    count: reason === 'acknowledged' && before ? before.count : after.count,
    severity: reason === 'acknowledged' && before ? before.severity : after.severity,
    receivers: { ...before?.receivers, ...Object.fromEntries(times) },
    sequences: { ...before?.sequences, [reason]: (before?.sequences[reason] ?? 0) + 1 },
    ...(escalatedMs !== undefined && { escalatedMs }),
    ...(owed.length > 0 && { owed }),
  }
}

function withLook(alert: Alert, lookAt: number | undefined): Alert {
  const { lookAt: _before, ...rest } = alert
  return lookAt === undefined ? rest : { ...rest, lookAt }
}

/** The next time anything may be due; undefined when only a change can bring it. */
function lookAtOf(input: DecisionInput, decision: Decision): number | undefined {
  const { after, now } = input
  if (after.state === 'resolved') return undefined
  const times = [quietLookAt(input)]
  const mute = decision.reason === 'none' ? decision.why : undefined
  if (mute === 'maintenance' || after.told?.owed) times.push(now + MUTED_LOOK_MS)
  const isWaiting = after.state === 'open' && mute !== 'staged' && mute !== 'historical'
  // A silence's own end brings what it muted.
  if (isWaiting && mute !== 'silenced' && mute !== 'maintenance') times.push(...dueTimes(input))
  const known = times.filter((time) => time !== undefined)
  if (known.length === 0) return undefined
  // What is due and yet not told is muted on its way.
  const next = Math.min(...known)
  return next > now ? next : now + MUTED_LOOK_MS
}

function dueTimes({ after, branches }: DecisionInput): readonly number[] {
  const { told, severity } = after
  if (told === undefined) return []
  const repeats = Object.entries(told.receivers).flatMap(([receiver, at]) => {
    const branch = branchOf(branches, receiver)
    const repeatMs = branch === undefined ? 0 : repeatMsOf(branch, severity)
    return repeatMs > 0 ? [at + repeatMs] : []
  })
  const escalations = branches
    .flatMap(({ escalate }) => escalate)
    .filter(({ afterMs }) => afterMs > (told.escalatedMs ?? 0))
    .map(({ afterMs }) => told.firstAt + afterMs)
  return [...repeats, ...escalations]
}

/** Its own quiet end; the rule's word goes before the routes', which are patient together. */
export function resolveAfterOf({ after, branches }: Pick<DecisionInput, 'after' | 'branches'>) {
  if (after.resolveAfterMs !== undefined) return after.resolveAfterMs
  const times = branches.flatMap(({ resolveAfterMs }) => resolveAfterMs ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}

function quietLookAt(input: DecisionInput): number | undefined {
  const resolveAfterMs = resolveAfterOf(input)
  if (resolveAfterMs === undefined) return undefined
  return Math.max(input.after.last + resolveAfterMs, input.now + MUTED_LOOK_MS)
}

/** What two alerts that become one were told, together. */
export function uniteTold(a: Told | undefined, b: Told | undefined): Told | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const severity = severityRank(a.severity) >= severityRank(b.severity) ? a.severity : b.severity
  const escalatedMs = Math.max(a.escalatedMs ?? 0, b.escalatedMs ?? 0)
  const owed = [...new Set([...(a.owed ?? []), ...(b.owed ?? [])])]
  const receivers: Record<string, number> = { ...a.receivers }
  for (const [name, at] of Object.entries(b.receivers)) {
    receivers[name] = Math.max(receivers[name] ?? 0, at)
  }
  return {
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    count: Math.max(a.count, b.count),
    severity,
    receivers,
    sequences: a.sequences,
    ...(escalatedMs > 0 && { escalatedMs }),
    ...(owed.length > 0 && { owed }),
  }
}

// Owns who is told what and why: a named reason for every alert that changed or whose time came.
// What is written on the alert then: told.ts. Sends nothing.
import type { Alert, Reason, Told } from './alert.ts'
import { type Branch, repeatMsOf } from './route.ts'
import { severityRank } from './severity.ts'

/** What keeps people from being told; it decides before anything else. */
export type Mute = 'staged' | 'historical' | 'silenced' | 'maintenance'

/** Why nobody is told. */
export type NotTold = Mute | 'acknowledged' | 'no-change' | 'merged' | 'no-receiver'

export type Decision =
  | { readonly reason: Reason; readonly receivers: readonly string[] }
  | { readonly reason: 'none'; readonly why: NotTold }

/** All that a decision rests on; `now` is the wall clock's, ms. */
export type DecisionInput = {
  /** Undefined when it opens; the same as `after` when only time went by. */
  readonly before: Alert | undefined
  readonly after: Alert
  readonly now: number
  readonly branches: readonly Branch[]
  /** Paths of branches whose route is muted now. */
  readonly mutedBranches: ReadonlySet<string>
  readonly silenced: boolean
  readonly inMaintenance: boolean
  /** When the last silence over this alert ended, ms; undefined when none did. */
  readonly silenceEndedAt?: number | undefined
  /** Receivers where an alert is something that is closed, such as an incident. */
  readonly isStateful: (receiver: string) => boolean
}

/** What grew to this many times what was told is told again. */
const GROWTH = 10

/** Decides for one alert: a mute if one holds, else the first row of the table that does. */
export function decideNotification(input: DecisionInput): Decision {
  const mute = muteOf(input)
  if (mute !== undefined) return none(mute)
  const decision = input.after.state === 'resolved' ? decideOver(input) : decideLive(input)
  if (decision.reason !== 'none' && decision.receivers.length === 0) return none('no-receiver')
  return decision
}

function muteOf(input: DecisionInput): Mute | undefined {
  const { after, branches, mutedBranches } = input
  if (after.staged) return 'staged'
  if (after.historical) return 'historical'
  if (input.silenced) return 'silenced'
  if (input.inMaintenance) return 'maintenance'
  const isMuted = ({ path }: Branch) => mutedBranches.has(path)
  return branches.length > 0 && branches.every(isMuted) ? 'maintenance' : undefined
}

function decideOver(input: DecisionInput): Decision {
  const { before, after, branches, isStateful } = input
  const { told, resolution } = after
  const isNew = before?.state !== 'resolved' || before.resolution !== resolution
  if (!isNew || told === undefined) return none(resolution === 'merged' ? 'merged' : 'no-change')
  const everyone = Object.keys(told.receivers)
  switch (resolution) {
    case 'superseded':
      return { reason: 'withdrawn', receivers: everyone }
    case 'merged': {
      const receivers = everyone.filter(isStateful)
      return receivers.length === 0 ? none('merged') : { reason: 'resolved', receivers }
    }
    case 'quiet':
    case undefined:
      return none('no-change')
    default: {
      const asked = (receiver: string) =>
        branchOf(branches, receiver)?.sendResolved ?? isStateful(receiver)
      const receivers = everyone.filter(asked)
      return receivers.length === 0 ? none('no-change') : { reason: 'resolved', receivers }
    }
  }
}

function decideLive(input: DecisionInput): Decision {
  const { after } = input
  const receivers = receiversNow(input)
  const baseline = after.told ?? after.acknowledged
  if (baseline === undefined) return { reason: 'first', receivers }
  if (severityRank(after.severity) > severityRank(baseline.severity)) {
    return { reason: 'severity', receivers }
  }
  // Of what was never heard there is no event to count.
  if (after.count >= Math.max(1, baseline.count) * GROWTH) return { reason: 'grown', receivers }
  if (after.state === 'acknowledged') return decideTaken(input)
  return after.told === undefined ? none('no-change') : decideWaiting(input, after.told)
}

/** Taking an alert on is told where a state is kept: an incident there is acknowledged too. */
function decideTaken({ before, after, isStateful }: DecisionInput): Decision {
  if (before === undefined || before.state === 'acknowledged') return none('acknowledged')
  const receivers = Object.keys(after.told?.receivers ?? {}).filter(isStateful)
  return receivers.length === 0 ? none('acknowledged') : { reason: 'acknowledged', receivers }
}

/** What time alone brings to an alert that is open and was told. */
function decideWaiting(input: DecisionInput, told: Told): Decision {
  const { silenceEndedAt } = input
  const receivers = receiversNow(input)
  const owed = receivers.filter((receiver) => told.owed?.includes(receiver))
  if (owed.length > 0) return { reason: 'first', receivers: owed }
  // A silence that ended is over for everybody, once.
  if (silenceEndedAt !== undefined && told.lastAt < silenceEndedAt) {
    return { reason: 'repeat', receivers }
  }
  const due = receivers.filter((receiver) => isDue(input, told, receiver))
  if (due.length > 0) return { reason: 'repeat', receivers: due }
  const { escalated } = escalationNow(input, told)
  return escalated.length > 0 ? { reason: 'escalation', receivers: escalated } : none('no-change')
}

function isDue({ after, branches, now }: DecisionInput, told: Told, receiver: string): boolean {
  const at = told.receivers[receiver]
  const branch = branchOf(branches, receiver)
  if (at === undefined || branch === undefined) return false
  const repeatMs = repeatMsOf(branch, after.severity)
  return repeatMs > 0 && now >= at + repeatMs
}

/** Receivers of all stages that are due and were not told, and the longest `after` among them. */
export function escalationNow(
  { branches, mutedBranches, now }: Pick<DecisionInput, 'branches' | 'mutedBranches' | 'now'>,
  told: Told,
): { readonly escalated: readonly string[]; readonly afterMs: number } {
  const stages = branches
    .filter(({ path }) => !mutedBranches.has(path))
    .flatMap(({ escalate }) => escalate)
    .filter(({ afterMs }) => afterMs > (told.escalatedMs ?? 0) && now >= told.firstAt + afterMs)
  return {
    escalated: [...new Set(stages.flatMap(({ receivers }) => receivers))],
    afterMs: Math.max(told.escalatedMs ?? 0, ...stages.map(({ afterMs }) => afterMs)),
  }
}

/** Receivers of the branches that are not muted, each once. */
export function receiversNow({
  branches,
  mutedBranches,
}: Pick<DecisionInput, 'branches' | 'mutedBranches'>): readonly string[] {
  const loud = branches.filter(({ path }) => !mutedBranches.has(path))
  return [...new Set(loud.flatMap(({ receivers }) => receivers))]
}

/** The first branch that names a receiver says how often it is reminded. */
export function branchOf(branches: readonly Branch[], receiver: string): Branch | undefined {
  return branches.find(({ receivers }) => receivers.includes(receiver))
}

function none(why: NotTold): Decision {
  return { reason: 'none', why }
}

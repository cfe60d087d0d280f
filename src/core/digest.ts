// Owns what a digest is: one message that stands for many notifications, and how it is summed up.
// When notifications are gathered: state/redis-budgets.ts; how it looks: notify/message-digest.ts.
import type { Notification, Reason } from './alert.ts'
import { SEVERITIES, type Severity, severityRank } from './severity.ts'

/** How many notifications a receiver takes one by one in a span of time. */
export type Budget = { readonly count: number; readonly withinMs: number }

export const BUDGET_DEFAULT: Budget = { count: 20, withinMs: 600_000 }

/** An alert as far as a digest names it. */
export type DigestAlert = {
  readonly id: string
  readonly number: number
  /** As rendered, still unescaped, so hostile; cut to DIGEST_TITLE_LENGTH_MAX. */
  readonly title: string
}

/** The alerts of one rule and severity. */
export type DigestGroup = {
  readonly rule: { readonly id: string; readonly title: string }
  readonly severity: Severity
  /** Different alerts; each counts once in a digest, with its highest severity. */
  readonly count: number
  /** The first few of them, DIGEST_NAMES_MAX at most. */
  readonly alerts: readonly DigestAlert[]
}

/**
 * Why many are told in one message: the receiver's budget was used up, or reminders of several
 * alerts were due at the same time.
 */
export type DigestCause = 'budget' | 'repeat'

/** One message to one receiver about many alerts. Whoever wants to tell many at once makes one. */
export type Digest = {
  /** Deterministic: the same after a crash. Letters, digits, dashes, dots; no colon. */
  readonly id: string
  readonly receiver: string
  readonly reason: 'digest'
  readonly cause: DigestCause
  /** 1 for the receiver's first digest, then 2, 3, … */
  readonly sequence: number
  /** When it was closed, ms: nothing is gathered into it any more. */
  readonly createdAt: number
  /** When the first of what it holds was gathered, ms. */
  readonly from: number
  /** Notifications that it stands for, and the different alerts they are about. */
  readonly notifications: number
  readonly alerts: number
  /** Most severe first, then the most alerts, then by rule; DIGEST_GROUPS_MAX at most. */
  readonly groups: readonly DigestGroup[]
  /** Alerts by severity, those of groups beyond DIGEST_GROUPS_MAX included. */
  readonly severities: Readonly<Partial<Record<Severity, number>>>
  /** Why its notifications would have gone out, counted. */
  readonly reasons: Readonly<Partial<Record<Reason, number>>>
  readonly possibleRepeat?: boolean
}

/** One notification as far as a digest counts it: what is kept of it until the digest is closed. */
export type DigestEntry = Pick<Notification, 'id' | 'reason'> & {
  readonly alert: DigestAlert & {
    readonly contract: string
    readonly severity: Severity
    readonly rule: { readonly id: string; readonly title: string }
  }
}

/** What a receiver sends: a notification about one alert, or a digest of many. */
export type Notice = Notification | Digest

export const DIGEST_NAMES_MAX = 10
export const DIGEST_GROUPS_MAX = 100
export const DIGEST_TITLE_LENGTH_MAX = 200

export function isDigest(notice: Notice): notice is Digest {
  return notice.reason === 'digest'
}

/** How bad the worst is that a notice tells of. */
export function noticeSeverity(notice: Notice): Severity {
  if (!isDigest(notice)) return notice.alert.severity
  return SEVERITIES.findLast((severity) => (notice.severities[severity] ?? 0) > 0) ?? 'info'
}

/** Groups in the order they are shown: most severe first, then most alerts, then by rule. */
export function sortGroups(groups: readonly DigestGroup[]): readonly DigestGroup[] {
  return [...groups].sort(
    (a, b) =>
      severityRank(b.severity) - severityRank(a.severity) ||
      b.count - a.count ||
      (a.rule.id < b.rule.id ? -1 : 1),
  )
}

/** What a digest needs of a notification, bounded. */
export function digestEntry({ id, reason, alert }: Notification): DigestEntry {
  const { number, contract, severity, rule } = alert
  return {
    id,
    reason,
    alert: {
      id: alert.id,
      number,
      contract,
      title: alert.title.slice(0, DIGEST_TITLE_LENGTH_MAX),
      severity,
      rule: { id: rule.id, title: rule.title.slice(0, DIGEST_TITLE_LENGTH_MAX) },
    },
  }
}

/** Many notifications to one receiver as one digest. Pure; of repeated notifications one counts. */
export function digestOf(
  notifications: readonly DigestEntry[],
  head: Pick<Digest, 'id' | 'receiver' | 'cause' | 'sequence' | 'createdAt' | 'from'>,
): Digest {
  const unique = [...new Map(notifications.map((one) => [one.id, one])).values()]
  const worst = new Map<string, DigestEntry['alert']>()
  const reasons: Partial<Record<Reason, number>> = {}
  for (const { alert, reason } of unique) {
    reasons[reason] = (reasons[reason] ?? 0) + 1
    const before = worst.get(alert.id)
    if (before === undefined || severityRank(alert.severity) > severityRank(before.severity)) {
      worst.set(alert.id, alert)
    }
  }
  const alerts = [...worst.values()]
  const severities: Partial<Record<Severity, number>> = {}
  const groups = new Map<string, DigestGroup>()
  for (const { id, number, title, severity, rule } of alerts) {
    severities[severity] = (severities[severity] ?? 0) + 1
    const key = `${severity} ${rule.id}`
    const { id: ruleId, title: ruleTitle } = rule
    const fresh = { rule: { id: ruleId, title: ruleTitle }, severity, count: 0, alerts: [] }
    const group: DigestGroup = groups.get(key) ?? fresh
    const named = { id, number, title: title.slice(0, DIGEST_TITLE_LENGTH_MAX) }
    const full = group.alerts.length >= DIGEST_NAMES_MAX
    const names = full ? group.alerts : [...group.alerts, named]
    groups.set(key, { ...group, count: group.count + 1, alerts: names })
  }
  return {
    ...head,
    reason: 'digest',
    notifications: unique.length,
    alerts: alerts.length,
    groups: sortGroups([...groups.values()]).slice(0, DIGEST_GROUPS_MAX),
    severities,
    reasons,
  }
}

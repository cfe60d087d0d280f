// Owns how detections of one rule and group become alerts: pieces of time united across `quiet`.
// Storing them is state/alert-store's, telling people notify-decision.ts'.
import type { Alert, Evidence } from './alert.ts'
import { EVIDENCE_MAX } from './alert.ts'
import type { Severity } from './severity.ts'
import { severityRank } from './severity.ts'
import { uniteTold } from './told.ts'

/** One matching event as far as its alert needs it. */
export type Detection = {
  readonly id: string
  /** Event time, ms. */
  readonly time: number
  readonly evidence: Evidence
  /** Texts of the facts that the rule's templates name. */
  readonly values: Readonly<Record<string, string>>
}

export type SeverityStep = { readonly count: number; readonly severity: Severity }

/** What the rule says about grouping, and how to make and name an alert. */
export type GroupSpec = {
  /** A detection later than this after the last one starts a new alert. */
  readonly quietMs: number
  readonly severity: Severity
  readonly severitySteps: readonly SeverityStep[]
  /** A fresh alert for a first detection, with a number of its own. */
  readonly open: (detection: Detection) => Alert
  /** Title and summary for the alert as it now is. */
  readonly describe: (alert: Alert) => Pick<Alert, 'title' | 'summary'>
}

/** An alert before (undefined: it did not exist) and after new detections. */
export type AlertChange = { readonly before: Alert | undefined; readonly after: Alert }

/**
 * The alerts that change when `detections`, none of which was counted before, join those nearby.
 * The result does not depend on the order of detections but for numbers.
 */
export function applyDetections(
  near: readonly Alert[],
  detections: readonly Detection[],
  spec: GroupSpec,
): readonly AlertChange[] {
  const before = new Map(near.map((alert) => [alert.id, alert]))
  let pieces = near.filter((alert) => alert.state !== 'resolved')
  const closed: Alert[] = []
  for (const detection of [...detections].sort(byTimeAndId)) {
    const touched = pieces.filter((piece) => isNear(piece, detection.time, spec.quietMs))
    const joined = touched.length === 0 ? spec.open(detection) : join(touched, detection)
    closed.push(...touched.filter((piece) => piece.id !== joined.id))
    pieces = [...pieces.filter((piece) => !touched.includes(piece)), joined]
  }
  const after = [
    ...pieces.filter((piece) => piece !== before.get(piece.id)).map((piece) => dress(piece, spec)),
    // A piece born and united within this call was never stored: nobody needs to hear of it.
    ...closed.filter((piece) => before.has(piece.id)).map(merged),
  ]
  return after.map((alert) => ({ before: before.get(alert.id), after: alert }))
}

function isNear(alert: Alert, time: number, quietMs: number): boolean {
  return time >= alert.first - quietMs && time <= alert.last + quietMs
}

/** Unites what a detection touches under the lowest number, and adds it. */
function join(touched: readonly Alert[], detection: Detection): Alert {
  const [survivor, ...others] = [...touched].sort((a, b) => a.number - b.number) as [Alert]
  return addDetection(others.reduce(unite, survivor), detection)
}

function unite(survivor: Alert, other: Alert): Alert {
  const earliest = other.first < survivor.first ? other : survivor
  const told = uniteTold(survivor.told, other.told)
  return {
    ...survivor,
    ...(told !== undefined && { told }),
    first: Math.min(survivor.first, other.first),
    last: Math.max(survivor.last, other.last),
    count: survivor.count + other.count,
    evidence: keepEvidence([...survivor.evidence, ...other.evidence]),
    values: earliest.values,
    fields: earliest.fields,
  }
}

function addDetection(alert: Alert, detection: Detection): Alert {
  const evidence = keepEvidence([...alert.evidence, detection.evidence])
  const isEarliest = evidence[0]?.id === detection.id
  return {
    ...alert,
    first: Math.min(alert.first, detection.time),
    last: Math.max(alert.last, detection.time),
    count: alert.count + 1,
    evidence,
    values: isEarliest ? detection.values : alert.values,
    fields: isEarliest ? detection.evidence.fields : alert.fields,
  }
}

/** The first and the latest half of EVIDENCE_MAX: the same whatever the order of arrival. */
function keepEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  const sorted = [...evidence].sort(byTimeAndId)
  if (sorted.length <= EVIDENCE_MAX) return sorted
  return [...sorted.slice(0, EVIDENCE_MAX / 2), ...sorted.slice(-EVIDENCE_MAX / 2)]
}

function dress(alert: Alert, spec: GroupSpec): Alert {
  const severity = spec.severitySteps
    .filter((step) => alert.count >= step.count)
    .reduce(
      (highest, step) => higher(highest, step.severity),
      higher(spec.severity, alert.severity),
    )
  const grown = { ...alert, severity }
  return { ...grown, ...spec.describe(grown) }
}

function higher(a: Severity, b: Severity): Severity {
  return severityRank(a) >= severityRank(b) ? a : b
}

function merged(alert: Alert): Alert {
  return { ...alert, state: 'resolved', resolution: 'merged' }
}

function byTimeAndId(a: { time: number; id: string }, b: { time: number; id: string }): number {
  if (a.time !== b.time) return a.time - b.time
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

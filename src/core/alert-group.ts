// Owns how matches of a rule without `detect` become alerts: each is one, and joins what is near.
// Detections over time: alert-pieces.ts. Storing alerts is state/'s, telling notify-decision.ts'.
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

/** What every alert of a rule's group depends on. */
export type AlertSettings = {
  /** A detection later than this after the last one starts a new alert. */
  readonly quietMs: number
  readonly severity: Severity
  readonly severitySteps: readonly SeverityStep[]
  /** Where people resolved, ms, ascending: no alert goes across. */
  readonly cuts: readonly number[]
  /** Alerts that end before are history: nobody is told of them. */
  readonly liveFromMs?: number | undefined
  /** Title and summary for the alert as it now is. */
  readonly describe: (alert: Alert) => Pick<Alert, 'title' | 'summary'>
}

/** What the rule says about grouping, and how to make an alert. */
export type GroupSpec = AlertSettings & {
  /** A fresh alert for a first detection, with a number of its own. */
  readonly open: (detection: Detection) => Alert
}

/** An alert before (undefined: it did not exist) and after new detections. */
export type AlertChange = {
  readonly before: Alert | undefined
  readonly after: Alert
  /** It was a part of another alert, whose people know of it. */
  readonly isSplit?: boolean
}

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
  let pieces = near.filter(isStanding)
  const closed: Alert[] = []
  for (const detection of [...detections].sort(byTimeAndId)) {
    const touched = pieces.filter((piece) => isNear(piece, detection.time, spec))
    const joined =
      touched.length === 0 ? openBeside(pieces, detection, spec) : join(touched, detection)
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

/** Whether an alert still stands for detections: neither merged into another nor withdrawn. */
export function isStanding({ resolution }: Alert): boolean {
  return resolution !== 'merged' && resolution !== 'superseded'
}

/** Between which cuts a time lies; a cut itself lies before it. */
export function segmentOf(cuts: readonly number[], time: number): number {
  let segment = 0
  for (const cut of cuts) if (cut < time) segment += 1
  return segment
}

function isNear(alert: Alert, time: number, { quietMs, cuts }: AlertSettings): boolean {
  if (time < alert.first - quietMs || time > alert.last + quietMs) return false
  return cuts.length === 0 || segmentOf(cuts, time) === segmentOf(cuts, alert.last)
}

/** A new alert; one that only a cut keeps from the alert before it links to that. */
function openBeside(pieces: readonly Alert[], detection: Detection, spec: GroupSpec): Alert {
  const opened = spec.open(detection)
  const { time } = detection
  const before = pieces.filter(({ last }) => last < time && time - last <= spec.quietMs)
  const latest = before.sort((a, b) => b.last - a.last)[0]
  return latest === undefined ? opened : { ...opened, continues: latest.id }
}

/** Unites what a detection touches under the lowest number, and adds it. */
function join(touched: readonly Alert[], detection: Detection): Alert {
  const [survivor, ...others] = [...touched].sort((a, b) => a.number - b.number) as [Alert]
  return addDetection(withUnitedState(others.reduce(unite, survivor), touched), detection)
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

/**
 * An alert with the state of all that becomes one with it and new detections. What a person resolved
 * stays resolved: all of it lies before their cut. What resolved by itself is open again; somebody
 * has taken on the whole when they have taken on all parts.
 */
export function withUnitedState(alert: Alert, parts: readonly Alert[]): Alert {
  const byPerson = parts.find(
    ({ resolution }) => resolution === 'manual' || resolution === 'false-positive',
  )
  const { resolution: _resolution, resolved: _resolved, ...rest } = alert
  if (byPerson?.resolution !== undefined) {
    const { state, resolution, resolved } = byPerson
    return { ...rest, state, resolution, ...(resolved !== undefined && { resolved }) }
  }
  const isTaken = parts.every(
    ({ state, acknowledged }) => state === 'acknowledged' || acknowledged !== undefined,
  )
  return { ...rest, state: isTaken ? 'acknowledged' : 'open' }
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
export function keepEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  const sorted = [...evidence].sort(byTimeAndId)
  if (sorted.length <= EVIDENCE_MAX) return sorted
  return [...sorted.slice(0, EVIDENCE_MAX / 2), ...sorted.slice(-EVIDENCE_MAX / 2)]
}

/** What follows from count and times: severity, history, title. */
export function dress(alert: Alert, settings: AlertSettings): Alert {
  const { historical: _, ...rest } = alert
  const { severity, severitySteps, liveFromMs = -Infinity } = settings
  const isHistory = alert.last < liveFromMs
  const grown: Alert = {
    ...rest,
    severity: severitySteps
      .filter((step) => alert.count >= step.count)
      .reduce((highest, step) => higher(highest, step.severity), severity),
    ...(isHistory && { historical: true }),
  }
  return { ...grown, ...settings.describe(grown) }
}

function higher(a: Severity, b: Severity): Severity {
  return severityRank(a) >= severityRank(b) ? a : b
}

/** An alert whose detections belong to another now. */
export function merged(alert: Alert): Alert {
  return { ...alert, state: 'resolved', resolution: 'merged' }
}

export function byTimeAndId(
  a: { readonly time: number; readonly id: string },
  b: { readonly time: number; readonly id: string },
): number {
  if (a.time !== b.time) return a.time - b.time
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

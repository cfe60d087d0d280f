// Owns what is right: the alerts of one rule over a set of events, by definition. It keeps nothing,
// is as slow as it likes, and shares no code with src/. What a detection is: detections.ts.
import type { SeverityStep } from '../../src/core/alert-group.ts'
import type { Severity } from '../../src/core/severity.ts'
import {
  type DetectionInput,
  detectionsOf,
  distinctValues,
  factOf,
  type Group,
  type OracleDetection,
  type Timed,
} from './detections.ts'

/** A person resolved an alert of this group whose last time was `at`. */
export type Cut = { readonly group: Group; readonly at: number }

export type OracleInput = DetectionInput & {
  readonly alert: {
    readonly groupBy: readonly string[]
    readonly quietMs: number
    readonly severity: Severity
    readonly severitySteps: readonly SeverityStep[]
  }
  readonly cuts: readonly Cut[]
}

export type OracleAlert = {
  /** The contract, then the values of `alert.groupBy`. */
  readonly group: Group
  readonly first: number
  readonly last: number
  /** Different evidence events; different values among them, when the rule counts those. */
  readonly count: number
  readonly severity: Severity
}

/** The alerts of one rule, sorted by group, then time. */
export function oracle(input: OracleInput): readonly OracleAlert[] {
  const groups = new Map<string, OracleDetection[]>()
  for (const detection of detectionsOf(input)) {
    const key = JSON.stringify(alertGroupOf(input, detection))
    groups.set(key, [...(groups.get(key) ?? []), detection])
  }
  return [...groups.keys()].sort().flatMap((key) => {
    const detections = groups.get(key) ?? []
    return pieces(input, key, detections).flatMap((piece) => unite(input, piece))
  })
}

/** Values of `alert.groupBy`: of the event, or those among the values of the detection's group. */
function alertGroupOf(input: OracleInput, { group, evidence }: OracleDetection): Group {
  const { detect, alert } = input
  const [contract, ...values] = group
  const [event] = evidence
  const found = alert.groupBy.map((name) => {
    if (name === 'contract') return contract
    if (detect !== undefined) return values[detect.groupBy.indexOf(name)]
    return event === undefined ? undefined : factOf(event, name)
  })
  return [contract, ...found.map((value) => (value === undefined ? 'unknown' : value))]
}

/** A detection, or what a cut left of it. */
type Part = OracleDetection & {
  /** Where its alert begins. */
  readonly begins: number
}

/**
 * The detections of an alert group between its cuts, oldest piece first. What reaches over a cut is
 * clipped, and is in both pieces as far as it has evidence there. Times are whole milliseconds: the
 * later part reaches from cut + 1, but nothing happened then, so its alert begins with an event.
 */
function pieces(
  input: OracleInput,
  key: string,
  detections: readonly OracleDetection[],
): readonly (readonly Part[])[] {
  const cuts = input.cuts
    .filter((cut) => JSON.stringify(cut.group) === key)
    .map((cut) => cut.at)
    .sort((a, b) => a - b)
  const starts = [Number.NEGATIVE_INFINITY, ...cuts.map((at) => at + 1)]
  const ends = [...cuts, Number.POSITIVE_INFINITY]
  return starts.map((start, index) =>
    detections.flatMap((detection) => clip(detection, start, ends[index] ?? start)),
  )
}

function clip(detection: OracleDetection, start: number, end: number): readonly Part[] {
  const first = Math.max(detection.first, start)
  const last = Math.min(detection.last, end)
  if (first > last) return []
  const evidence = detection.evidence.filter(({ time }) => time >= first && time <= last)
  if (first === detection.first && last === detection.last) {
    return [{ ...detection, begins: first }]
  }
  const [earliest] = evidence
  if (earliest === undefined) return []
  const begins = first === detection.first ? first : earliest.time
  return [{ ...detection, first, last, evidence, begins }]
}

/** Unites again and again what overlaps or lies near, until nothing does. */
function unite(input: OracleInput, detections: readonly Part[]): readonly OracleAlert[] {
  let unions: readonly (readonly Part[])[] = detections.map((one) => [one])
  for (let index = 0; index < unions.length; ) {
    const union = unions[index] ?? []
    const near = unions.filter((other) => other !== union && isNear(union, other, input))
    if (near.length === 0) {
      index += 1
      continue
    }
    const far = unions.filter((other) => other !== union && !near.includes(other))
    unions = [[...union, ...near.flat()], ...far]
    index = 0
  }
  return unions.map((union) => alertOf(input, union)).sort((a, b) => a.first - b.first)
}

function isNear(a: readonly Part[], b: readonly Part[], { alert }: OracleInput): boolean {
  return firstOf(b) - lastOf(a) <= alert.quietMs && firstOf(a) - lastOf(b) <= alert.quietMs
}

function firstOf(detections: readonly Part[]): number {
  return Math.min(...detections.map(({ first }) => first))
}

function lastOf(detections: readonly Part[]): number {
  return Math.max(...detections.map(({ last }) => last))
}

function alertOf(input: OracleInput, detections: readonly Part[]): OracleAlert {
  const [some] = detections
  if (some === undefined) throw new Error('an alert has a detection')
  const evidence = [...new Set<Timed>(detections.flatMap((detection) => detection.evidence))]
  const { detect } = input
  const distinct = detect?.kind === 'threshold' ? detect.distinct : undefined
  const count = distinct === undefined ? evidence.length : distinctValues(evidence, distinct)
  return {
    group: alertGroupOf(input, some),
    first: Math.min(...detections.map(({ begins }) => begins)),
    last: lastOf(detections),
    count,
    severity: severityOf(input, count),
  }
}

const LOWEST_FIRST: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

function severityOf({ alert }: OracleInput, count: number): Severity {
  const reached = alert.severitySteps.filter((step) => count >= step.count)
  const all = [alert.severity, ...reached.map((step) => step.severity)]
  return LOWEST_FIRST.findLast((severity) => all.includes(severity)) ?? alert.severity
}

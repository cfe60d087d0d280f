// Owns what `detect` may say and its defaults. Its keys: rule-detect-keys.ts; windows: window.ts.
import type { Condition } from './condition.ts'
import {
  DAY_MS,
  DETECT_KINDS,
  type DetectKind,
  kindKey,
  kindShape,
  stepShape,
} from './rule-detect-keys.ts'
import {
  type Keys,
  type RecordOf,
  type Report,
  isObject,
  missing,
  pointerTo,
  record,
  reportError,
  reportWarning,
} from './shape.ts'

/** One step of a sequence; `count` events of it are needed, or none may occur when `absent`. */
export type SequenceStep = {
  readonly name: string
  readonly conditions: Condition
  readonly absent: boolean
  readonly count: number
}

/** What makes matches a detection, defaults applied; groups are lists of fact names. */
export type Detect =
  | {
      readonly kind: 'threshold'
      readonly groupBy: readonly string[]
      readonly count: number
      readonly withinMs: number
      readonly distinct?: string
    }
  | {
      readonly kind: 'firstSeen'
      readonly groupBy: readonly string[]
      readonly value: readonly string[]
      readonly historyMs: number
      readonly learnMs: number
    }
  | {
      readonly kind: 'sequence'
      readonly groupBy: readonly string[]
      readonly steps: readonly SequenceStep[]
      readonly withinMs: number
    }
  | {
      readonly kind: 'spike'
      readonly groupBy: readonly string[]
      readonly withinMs: number
      readonly baselineMs: number
      readonly factor: number
      readonly min: number
    }
  | { readonly kind: 'absence'; readonly groupBy: readonly string[]; readonly withinMs: number }
  | {
      readonly kind: 'travel'
      readonly groupBy: readonly string[]
      readonly maxSpeedKmh: number
      readonly minDistanceKm: number
    }

/** Reads a condition tree at a pointer; the rule gives it, with lists and schedules known. */
export type ReadCondition = (value: unknown, pointer: string) => Condition | undefined

/** A spike is judged against the mean of at least this many earlier spans. */
const BASELINE_SPANS_MIN = 3

type At = {
  readonly pointer: string
  readonly report: Report
  readonly readCondition: ReadCondition
}

/** `detect` of a rule; undefined when its kind is unknown. With other faults the rest is returned. */
export function parseDetect(value: unknown, at: At): Detect | undefined {
  const { pointer, report } = at
  if (!isObject(value)) {
    return reportError(
      report,
      pointer,
      'expected an object with "kind", such as {"kind": "threshold", …}',
    )
  }
  if (value['kind'] === undefined) {
    return reportError(report, pointer, missing('kind', kindShape.expected))
  }
  const kind = kindShape.parse(value['kind'], pointerTo(pointer, 'kind'), report)
  return kind === undefined ? undefined : READERS[kind](value, at)
}

type Reader = (value: unknown, at: At) => Detect

const READERS: Readonly<Record<DetectKind, Reader>> = {
  threshold: readThreshold,
  firstSeen(value, at) {
    const read = readKeys(DETECT_KINDS.firstSeen.keys, value, at)
    return {
      kind: 'firstSeen',
      groupBy: read.groupBy ?? ['user'],
      value: read.value ?? [],
      historyMs: read.history ?? 30 * DAY_MS,
      learnMs: read.learn ?? 7 * DAY_MS,
    }
  },
  sequence: readSequence,
  spike: readSpike,
  absence(value, at) {
    const read = readKeys(DETECT_KINDS.absence.keys, value, at)
    return { kind: 'absence', groupBy: read.groupBy ?? [], withinMs: read.within ?? 0 }
  },
  travel(value, at) {
    const read = readKeys(DETECT_KINDS.travel.keys, value, at)
    return {
      kind: 'travel',
      groupBy: read.groupBy ?? ['user'],
      maxSpeedKmh: read.maxSpeedKmh ?? 900,
      minDistanceKm: read.minDistanceKm ?? 300,
    }
  },
}

function readKeys<K extends Keys>(keys: K, value: unknown, { pointer, report }: At): RecordOf<K> {
  const shape = record({ kind: kindKey, ...keys })
  // Not undefined: parseDetect has seen that the value is an object.
  return shape.parse(value, pointer, report) as unknown as RecordOf<K>
}

function readThreshold(value: unknown, at: At): Detect {
  const read = readKeys(DETECT_KINDS.threshold.keys, value, at)
  const groupBy = read.groupBy ?? ['user']
  if (read.distinct !== undefined && groupBy.includes(read.distinct) && (read.count ?? 1) > 1) {
    const message = `${JSON.stringify(read.distinct)} is also in groupBy: a group has one value of it, so this never detects`
    reportWarning(at.report, pointerTo(at.pointer, 'distinct'), message)
  }
  return {
    kind: 'threshold',
    groupBy,
    count: read.count ?? 1,
    withinMs: read.within ?? 0,
    ...(read.distinct !== undefined && { distinct: read.distinct }),
  }
}

function readSpike(value: unknown, at: At): Detect {
  const read = readKeys(DETECT_KINDS.spike.keys, value, at)
  const withinMs = read.within ?? 0
  const baselineMs = read.baseline ?? 7 * DAY_MS
  if (baselineMs < BASELINE_SPANS_MIN * withinMs) {
    const message = `the baseline is shorter than ${BASELINE_SPANS_MIN} × within: there would be no mean to compare with`
    const place = isObject(value) && 'baseline' in value ? 'baseline' : 'within'
    reportError(at.report, pointerTo(at.pointer, place), message)
  }
  return {
    kind: 'spike',
    groupBy: read.groupBy ?? [],
    withinMs,
    baselineMs,
    factor: read.factor ?? 1,
    min: read.min ?? 1,
  }
}

function readSequence(value: unknown, at: At): Detect {
  const read = readKeys(DETECT_KINDS.sequence.keys, value, at)
  const pointer = pointerTo(at.pointer, 'steps')
  const given = read.steps ?? []
  const steps = given.flatMap((step, index) => readStep(step, pointerTo(pointer, index), at))
  // Neighbours can only be judged when no step was dropped for a fault of its own.
  if (steps.length === given.length) reportStepOrder(steps, pointer, at.report)
  return {
    kind: 'sequence',
    groupBy: read.groupBy ?? ['user'],
    steps: steps.map(({ step }) => step),
    withinMs: read.within ?? 0,
  }
}

type GivenStep = { readonly step: SequenceStep; readonly countGiven: boolean }

function readStep(value: unknown, pointer: string, at: At): readonly GivenStep[] {
  const step = stepShape.parse(value, pointer, at.report)
  if (step?.conditions === undefined) return []
  const conditions = at.readCondition(step.conditions, pointerTo(pointer, 'conditions'))
  if (step.name === undefined || conditions === undefined) return []
  const { name, absent = false, count = 1 } = step
  return [{ step: { name, conditions, absent, count }, countGiven: step.count !== undefined }]
}

function reportStepOrder(steps: readonly GivenStep[], pointer: string, report: Report): void {
  for (const [index, { step, countGiven }] of steps.entries()) {
    const place = pointerTo(pointer, index)
    const before = steps[index - 1]?.step
    if (steps.findIndex((other) => other.step.name === step.name) < index) {
      reportError(
        report,
        pointerTo(place, 'name'),
        `two steps are called ${JSON.stringify(step.name)}`,
      )
    }
    if (!step.absent) continue
    if (before === undefined) {
      reportError(report, place, 'the first step is absent: a sequence begins with an event')
    } else if (before.absent) {
      reportError(report, place, 'two absent steps are next to each other: join them with "any"')
    }
    if (countGiven) {
      reportError(
        report,
        pointerTo(place, 'count'),
        'an absent step has no count: it must not occur',
      )
    }
  }
}

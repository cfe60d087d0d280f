// Owns random `detect` parts of every kind, in both forms: as a file says it and as it is parsed.
// Rules and events around them: arbitrary-detection.ts.
import fc from 'fast-check'
import type { OracleDetect, Predicate } from './detections.ts'

export const KIND_NAMES = [
  'none',
  'threshold',
  'firstSeen',
  'sequence',
  'spike',
  'absence',
  'travel',
] as const

export type KindName = (typeof KIND_NAMES)[number]

/** `detect` and how the events must be for it to say anything. */
export type DetectParts = {
  readonly written: Readonly<Record<string, unknown>> | undefined
  readonly detect: OracleDetect | undefined
  readonly steps: readonly Predicate[]
  readonly eventsMax: number
  /** Times are multiples of it, 0 … `range`. */
  readonly unitMs: number
  readonly range: number
  /** Longest `quiet`, seconds. */
  readonly quietMax: number
}

/** The fact that conditions of steps ask for. */
export const STEP_FACT = 'resource'

const SECOND_MS = 1_000
const QUARTER_HOUR_MS = 900_000

export function detectParts(kind: KindName): fc.Arbitrary<DetectParts> {
  return ARBITRARIES[kind]
}

const seconds = (min: number, max: number) => fc.integer({ min, max })

const groupBy = fc.constantFrom([], ['user'], ['user'], ['user', 'ip'])

const SECONDS = { steps: [], unitMs: SECOND_MS, quietMax: 6 }

const threshold: fc.Arbitrary<DetectParts> = fc
  .record({
    groupBy,
    count: fc.integer({ min: 1, max: 4 }),
    within: seconds(1, 8),
    distinct: fc.constantFrom(undefined, 'country'),
  })
  .map(({ within, distinct, ...rest }) => {
    const both = {
      kind: 'threshold' as const,
      ...rest,
      ...(distinct !== undefined && { distinct }),
    }
    return {
      ...SECONDS,
      written: { ...both, within: `${within}s` },
      detect: { ...both, withinMs: within * SECOND_MS },
      eventsMax: 14,
      range: 24,
    }
  })

const firstSeen: fc.Arbitrary<DetectParts> = fc
  .record({
    groupBy,
    value: fc.constantFrom(['country'], ['country', 'service']),
    history: seconds(1, 8),
    learn: seconds(0, 10),
  })
  .map(({ history, learn, ...rest }) => {
    const both = { kind: 'firstSeen' as const, ...rest }
    return {
      ...SECONDS,
      written: { ...both, history: `${history}s`, learn: `${learn}s` },
      detect: { ...both, historyMs: history * SECOND_MS, learnMs: learn * SECOND_MS },
      eventsMax: 14,
      range: 30,
    }
  })

type StepParts = { readonly values: string[]; readonly absent: boolean; readonly count: number }

const step: fc.Arbitrary<StepParts> = fc.record({
  values: fc.subarray(['a', 'b', 'c'], { minLength: 1, maxLength: 2 }),
  absent: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, fc.constant(true)),
  count: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 3),
})

/** A first absent step and neighbours that are both absent don't load. */
function tidySteps(steps: readonly StepParts[]): readonly StepParts[] {
  const tidy: StepParts[] = []
  for (const { values, absent, count } of steps) {
    const mayBeAbsent = tidy.at(-1)?.absent === false
    const isAbsent = absent && mayBeAbsent
    tidy.push({ values, absent: isAbsent, count: isAbsent ? 1 : count })
  }
  return tidy
}

const sequence: fc.Arbitrary<DetectParts> = fc
  .record({
    groupBy: fc.constantFrom([], [], ['user'], ['user'], ['user', 'ip']),
    steps: fc.oneof(
      { weight: 3, arbitrary: fc.array(step, { minLength: 2, maxLength: 2 }) },
      { weight: 3, arbitrary: fc.array(step, { minLength: 3, maxLength: 3 }) },
      fc.array(step, { minLength: 4, maxLength: 4 }),
    ),
    within: seconds(1, 10),
  })
  .map(({ within, ...rest }) => {
    const steps = tidySteps(rest.steps)
    const both = { kind: 'sequence' as const, groupBy: rest.groupBy }
    return {
      ...SECONDS,
      written: { ...both, steps: steps.map(writtenStep), within: `${within}s` },
      detect: { ...both, steps, withinMs: within * SECOND_MS },
      steps: steps.map(({ values }): Predicate => {
        return ({ [STEP_FACT]: value }) => value !== undefined && values.includes(value)
      }),
      eventsMax: 13,
      range: 10,
    }
  })

function writtenStep({ values, absent, count }: StepParts, index: number) {
  return {
    name: `step ${index}`,
    conditions: { any: [{ fact: STEP_FACT, operator: 'in', value: values }] },
    ...(absent ? { absent } : { count }),
  }
}

const spike: fc.Arbitrary<DetectParts> = fc
  .record({
    groupBy,
    within: seconds(1, 4),
    baseline: seconds(0, 12),
    factor: fc.constantFrom(0.5, 1, 1.1, 1.5, 2, 3),
    min: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ within, baseline, ...rest }) => {
    const both = { kind: 'spike' as const, ...rest }
    const baselineOf = 3 * within + baseline
    return {
      ...SECONDS,
      written: { ...both, within: `${within}s`, baseline: `${baselineOf}s` },
      detect: { ...both, withinMs: within * SECOND_MS, baselineMs: baselineOf * SECOND_MS },
      eventsMax: 24,
      range: 36,
    }
  })

const absence: fc.Arbitrary<DetectParts> = fc
  .record({ groupBy, within: seconds(1, 8) })
  .map(({ within, ...rest }) => {
    const both = { kind: 'absence' as const, ...rest }
    return {
      ...SECONDS,
      written: { ...both, within: `${within}s` },
      detect: { ...both, withinMs: within * SECOND_MS },
      eventsMax: 10,
      range: 30,
    }
  })

const travel: fc.Arbitrary<DetectParts> = fc
  .record({
    groupBy,
    maxSpeedKmh: fc.constantFrom(300, 900, 2_000, 20_000),
    minDistanceKm: fc.constantFrom(0, 300, 700),
  })
  .map((rest) => {
    const detect = { kind: 'travel' as const, ...rest }
    return {
      written: detect,
      detect,
      steps: [],
      eventsMax: 12,
      unitMs: QUARTER_HOUR_MS,
      range: 40,
      quietMax: 7_200,
    }
  })

const none: fc.Arbitrary<DetectParts> = fc.constant({
  ...SECONDS,
  written: undefined,
  detect: undefined,
  eventsMax: 14,
  range: 40,
})

const ARBITRARIES: Readonly<Record<KindName, fc.Arbitrary<DetectParts>>> = {
  none,
  threshold,
  firstSeen,
  sequence,
  spike,
  absence,
  travel,
}

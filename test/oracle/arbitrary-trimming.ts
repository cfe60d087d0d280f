// Owns random cases that last longer than windows remember: the same rules and events, an hour where others
// have seconds, delivered while the law holds. Cases without a floor: arbitrary-detection.ts.
import fc from 'fast-check'
import type { Event } from '../../src/core/event.ts'
import type { KindName } from './arbitrary-detect.ts'
import { type DetectionCase, detectionCase, START_MS } from './arbitrary-detection.ts'
import type { OracleDetect } from './detections.ts'
import { eventAt } from './event-at.ts'
import type { OracleInput } from './oracle.ts'
import type { Course } from './through-pipeline.ts'

export type TrimmingCase = { readonly one: DetectionCase; readonly course: Course }

/** Seconds become half hours: floors move by whole hours. Speeds don't scale, and journeys take hours. */
const STRETCH = 1_800

const MINUTE_MS = 60_000

/** A rule of this kind on events of a day, of which windows remember a few hours. */
export function trimmingCase(kind: KindName): fc.Arbitrary<TrimmingCase> {
  return fc
    .record({
      one: detectionCase(kind),
      latenessMinutes: fc.integer({ min: 10, max: 180 }),
      delays: fc.array(fc.nat(999), { minLength: 50, maxLength: 50 }),
    })
    .map(({ one, latenessMinutes, delays }) => {
      const stretched = stretchCase(one, kind === 'travel' ? 1 : STRETCH)
      return inTime(stretched, latenessMinutes * MINUTE_MS, delays)
    })
}

/** Something that goes on for a day or two, with pauses now and then: far longer than its rule looks back. */
export const longThreshold: fc.Arbitrary<TrimmingCase> = fc
  .record({
    gaps: fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 50 }) }, fc.nat(200)),
      {
        minLength: 40,
        maxLength: 80,
      },
    ),
    count: fc.integer({ min: 1, max: 3 }),
    distinct: fc.constantFrom(undefined, 'country'),
    countries: fc.array(fc.constantFrom('DE', 'FR', 'US', undefined), {
      minLength: 5,
      maxLength: 5,
    }),
    quiet: fc.nat(90),
    latenessMinutes: fc.integer({ min: 10, max: 180 }),
    delays: fc.array(fc.nat(999), { minLength: 80, maxLength: 80 }),
  })
  .map(({ gaps, countries, latenessMinutes, delays, ...rule }) => {
    let minutes = 0
    const events = gaps.map((gap, at) => {
      minutes += gap
      const country = countries[at % countries.length]
      const facts = { operation: 'delete', user: 'ann', country }
      return eventAt(`e${at}`, START_MS + minutes * MINUTE_MS, facts)
    })
    return inTime(thresholdCase(events, rule), latenessMinutes * MINUTE_MS, delays)
  })

type LongRule = {
  readonly count: number
  readonly distinct: 'country' | undefined
  readonly quiet: number
}

function thresholdCase(events: readonly Event[], { count, distinct, quiet }: LongRule) {
  const both = {
    kind: 'threshold',
    groupBy: ['user'],
    count,
    ...(distinct !== undefined && { distinct }),
  } as const
  const one: DetectionCase = {
    rule: {
      id: 'long',
      title: 'Something that goes on',
      severity: 'low',
      conditions: { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] },
      detect: { ...both, within: '1h' },
      alert: { groupBy: ['user'], quiet: `${quiet}m` },
    },
    input: {
      detect: { ...both, withinMs: 60 * MINUTE_MS },
      conditions: ({ operation }) => operation === 'delete',
      steps: [],
      events,
      mark: Math.max(...events.map(timeOf)) + 24 * 60 * MINUTE_MS,
      settleMs: 0,
      gaps: [],
      alert: { groupBy: ['user'], quietMs: quiet * MINUTE_MS, severity: 'low', severitySteps: [] },
      cuts: [],
    },
    deliveries: events.map((event) => [event]),
  }
  return one
}

function timeOf({ time = 0 }: Event): number {
  return time
}

/** The same case with all that is a time so many times as long. */
function stretchCase({ rule, input, deliveries }: DetectionCase, times: number): DetectionCase {
  const at = (time: number) => START_MS + (time - START_MS) * times
  const moved = new Map(
    input.events.map((event) => [event.id, { ...event, time: at(timeOf(event)) }]),
  )
  const alert = rule['alert'] as Readonly<Record<string, unknown>>
  return {
    rule: { ...rule, detect: longer(rule['detect'], times), alert: longer(alert, times) },
    input: {
      ...input,
      detect: stretchDetect(input.detect, times),
      events: [...moved.values()],
      mark: at(input.mark),
      settleMs: input.settleMs * times,
      gaps: input.gaps.map((gap) => ({ ...gap, from: at(gap.from), to: at(gap.to) })),
      alert: { ...input.alert, quietMs: input.alert.quietMs * times },
      cuts: [],
    },
    deliveries: deliveries.map((batch) => batch.map((event) => moved.get(event.id) ?? event)),
  }
}

const SECONDS = /^(\d+)s$/

/** Durations directly in a part of a rule. */
function longer(part: unknown, times: number): unknown {
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => {
      const seconds = typeof value === 'string' ? SECONDS.exec(value)?.[1] : undefined
      return [name, seconds === undefined ? value : `${Number(seconds) * times}s`]
    }),
  )
}

function stretchDetect(detect: OracleInput['detect'], times: number): OracleInput['detect'] {
  if (detect === undefined) return undefined
  const entries = Object.entries(detect).map(([name, value]) =>
    typeof value === 'number' && name.endsWith('Ms') ? [name, value * times] : [name, value],
  )
  return Object.fromEntries(entries) as OracleDetect
}

/**
 * Deliveries in an order in which each, repeats included, comes while the mark is at most `latenessMs`
 * past it; and the marks before each batch, as far on as that allows.
 */
function inTime(one: DetectionCase, latenessMs: number, delays: readonly number[]): TrimmingCase {
  const sizes = one.deliveries.map((batch) => batch.length)
  const line = one.deliveries
    .flat()
    .map((event, at) => {
      return { event, at: timeOf(event) + ((delays[at % delays.length] ?? 0) / 500) * latenessMs }
    })
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
  const deliveries: (readonly Event[])[] = []
  for (const size of sizes) deliveries.push(line.splice(0, size))
  const marks: number[] = []
  let earliest = one.input.mark
  for (const batch of deliveries.toReversed()) {
    earliest = Math.min(earliest, ...batch.map((event) => timeOf(event) + latenessMs))
    marks.unshift(earliest)
  }
  return { one: { ...one, deliveries }, course: { latenessMs, marks } }
}

// Owns random rules of every kind and the events they are tried on: few values and short times, so
// that boundaries, ties and equal values meet often. Reused by every property test of detection.
import fc from 'fast-check'
import type { Event } from '../../src/core/event.ts'
import { type DetectParts, detectParts, type KindName, STEP_FACT } from './arbitrary-detect.ts'
import { eventAt } from './event-at.ts'
import type { Cut, OracleInput } from './oracle.ts'

/** One rule and what happens to it. */
export type DetectionCase = {
  /** The rule as a file would say it. */
  readonly rule: Readonly<Record<string, unknown>>
  /** The same rule as the oracle reads it, with the events sorted by nothing. */
  readonly input: OracleInput
  /** The events in batches as they may arrive: in another order, some of them repeatedly. */
  readonly deliveries: readonly (readonly Event[])[]
}

/** Whole seconds from 1970, and no multiple of the spans in use: spans of a spike begin anywhere. */
export const START_MS = 1_700_000_001_000

const SECOND_MS = 1_000

/** What the rule's conditions ask for; others are there to be ignored. */
const OPERATION = 'delete'

const CONDITIONS = { all: [{ fact: 'operation', operator: 'equal', value: OPERATION }] }

/** A random rule of this kind, on at most `eventsMax` events. */
export function detectionCase(kind: KindName): fc.Arbitrary<DetectionCase> {
  return detectParts(kind).chain((parts) =>
    fc
      .record({
        alert: alertParts(parts),
        events: manyEvents(parts),
        mark: markParts(parts),
        settle: fc.nat(4),
        gaps: fc.array(gapParts(parts), { maxLength: 2 }),
        cuts: fc.array(cutParts(parts), { maxLength: 2 }),
        delivery: deliveryParts(parts.eventsMax),
      })
      .map((drawn) => assemble(parts, drawn)),
  )
}

type Drawn = {
  readonly alert: AlertParts
  readonly events: readonly EventParts[]
  readonly mark: MarkParts
  readonly settle: number
  readonly gaps: readonly {
    readonly contract: string
    readonly from: number
    readonly length: number
  }[]
  readonly cuts: readonly CutParts[]
  readonly delivery: DeliveryParts
}

function assemble(parts: DetectParts, drawn: Drawn): DetectionCase {
  const { alert, settle } = drawn
  const events = drawn.events.map((event, index) => toEvent(event, index))
  const quiet = `${alert.quiet}s`
  const severity = alert.steps.map(([count, step]) => ({ when: { count }, severity: step }))
  return {
    rule: {
      id: 'random',
      title: 'A random rule',
      severity: alert.severity,
      conditions: CONDITIONS,
      ...(parts.written !== undefined && { detect: parts.written }),
      alert: { groupBy: alert.groupBy, quiet, severity },
    },
    input: {
      detect: parts.detect,
      conditions: (event) => event.operation === OPERATION,
      steps: parts.steps,
      events,
      mark: markOf(parts, drawn, events),
      settleMs: settle * SECOND_MS,
      gaps: drawn.gaps.map(({ contract, from, length }) => {
        const fromMs = START_MS + from * parts.unitMs
        return { contract, from: fromMs, to: fromMs + length * parts.unitMs }
      }),
      alert: {
        groupBy: alert.groupBy,
        quietMs: alert.quiet * SECOND_MS,
        severity: alert.severity,
        severitySteps: alert.steps.map(([count, step]) => ({ count, severity: step })),
      },
      cuts: drawn.cuts.map((cut) => toCut(cut, alert.groupBy)),
    },
    deliveries: deliver(events, drawn.delivery),
  }
}

/** Some time, or the very millisecond at which the silence after an event is believed. */
type MarkParts = { readonly after: number } | { readonly event: number }

/** Often after everything, so that what waits for it is not mostly waiting. */
function markParts({ range, eventsMax }: DetectParts): fc.Arbitrary<MarkParts> {
  return fc.oneof(
    fc.constant({ after: range + 15 }),
    fc.record({ after: fc.nat(range + 15) }),
    fc.record({ event: fc.nat(eventsMax - 1) }),
  )
}

function markOf(
  { detect, unitMs }: DetectParts,
  { mark, settle }: Drawn,
  events: readonly Event[],
): number {
  if ('after' in mark) return START_MS + mark.after * unitMs
  const withinMs = detect !== undefined && 'withinMs' in detect ? detect.withinMs : 0
  return (events[mark.event]?.time ?? START_MS) + withinMs + settle * SECOND_MS
}

type AlertParts = {
  readonly groupBy: readonly string[]
  /** Seconds. */
  readonly quiet: number
  readonly severity: 'low' | 'medium'
  readonly steps: readonly (readonly [count: number, severity: 'info' | 'medium' | 'critical'])[]
}

function alertParts({ detect, quietMax }: DetectParts): fc.Arbitrary<AlertParts> {
  const groupBy = detect === undefined ? ['user', 'ip'] : [...detect.groupBy]
  return fc.record({
    groupBy: fc.subarray([...groupBy]),
    quiet: fc.nat(quietMax),
    severity: fc.constantFrom('low' as const, 'medium' as const),
    steps: fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('info', 'medium', 'critical')),
      { maxLength: 2, selector: ([count]) => count },
    ),
  })
}

type EventParts = { readonly timeMs: number; readonly facts: Partial<Event> }

/** Mostly a value that forms the busiest group; now and then another, or none at all. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 3, arbitrary: fc.constantFrom(...others) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
}

const PLACES = [
  { latitude: 52.52, longitude: 13.405 },
  { latitude: 50.11, longitude: 8.68 },
  { latitude: 48.86, longitude: 2.35 },
  { latitude: 40.71, longitude: -74.01 },
  // Two sides of the date line: near each other.
  { latitude: -17.7, longitude: 178 },
  { latitude: -16.5, longitude: -179.4 },
  // Half a place is none.
  { latitude: 0 },
] as const

function eventParts({ unitMs, range }: DetectParts): fc.Arbitrary<EventParts> {
  const contract = fc.oneof(
    { weight: 10, arbitrary: fc.constant('1') },
    { weight: 1, arbitrary: fc.constant('2') },
  )
  return fc
    .record({
      at: fc.nat(range),
      // One millisecond beside a boundary is the other side of it.
      beside: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1)),
      contract,
      user: mostly('ann', 'bob'),
      ip: mostly('192.0.2.1', '192.0.2.2'),
      operation: mostly(OPERATION, OPERATION, OPERATION, 'read'),
      [STEP_FACT]: fc.constantFrom('a', 'a', 'b', 'b', 'c', 'c', 'd'),
      country: fc.constantFrom('DE', 'FR', 'US', undefined),
      service: mostly('DCD', 'API'),
      place: fc.option(fc.constantFrom(...PLACES), { freq: 8, nil: {} }),
    })
    .map(({ at, beside, place, ...facts }) => {
      return { timeMs: START_MS + at * unitMs + beside, facts: { ...facts, ...place } }
    })
}

/** Mostly many, as few seldom make a detection; a counterexample shrinks to few all the same. */
function manyEvents(parts: DetectParts): fc.Arbitrary<readonly EventParts[]> {
  const { eventsMax: maxLength } = parts
  const any = fc.array(eventParts(parts), { maxLength, size: 'max' })
  const minLength = Math.ceil(maxLength / 2)
  const many = fc.array(eventParts(parts), { minLength, maxLength, size: 'max' })
  return fc.oneof({ withCrossShrink: true }, any, { weight: 4, arbitrary: many })
}

/** Ids have nothing to do with the order of times. */
function toEvent({ timeMs, facts }: EventParts, index: number): Event {
  return eventAt(`e${index}`, timeMs, facts)
}

function gapParts({ range }: DetectParts) {
  return fc.record({
    contract: fc.constantFrom('1', '2'),
    from: fc.integer({ min: -5, max: range + 10 }),
    length: fc.integer({ min: 1, max: 3 }),
  })
}

type CutParts = {
  readonly atMs: number
  readonly contract: string
  readonly user: string
  readonly ip: string
}

function cutParts({ unitMs, range }: DetectParts): fc.Arbitrary<CutParts> {
  return fc.record({
    atMs: fc.nat(range).map((at) => START_MS + at * unitMs),
    contract: fc.constantFrom('1', '1', '1', '2'),
    user: fc.constantFrom('ann', 'ann', 'ann', 'bob', 'unknown'),
    ip: fc.constantFrom('192.0.2.1', '192.0.2.1', '192.0.2.2', 'unknown'),
  })
}

function toCut(cut: CutParts, groupBy: readonly string[]): Cut {
  const values = groupBy.map((name) => (name === 'user' ? cut.user : cut.ip))
  return { group: [cut.contract, ...values], at: cut.atMs }
}

type DeliveryParts = {
  /** Where each event goes; equal ones keep their order. */
  readonly places: readonly number[]
  readonly repeats: readonly (readonly [event: number, place: number])[]
  /** Sizes of batches, used over and over. */
  readonly sizes: readonly number[]
}

function deliveryParts(eventsMax: number): fc.Arbitrary<DeliveryParts> {
  const place = fc.nat(20)
  return fc.record({
    places: fc.array(place, { minLength: eventsMax, maxLength: eventsMax }),
    repeats: fc.array(fc.tuple(fc.nat(eventsMax), place), { maxLength: 5 }),
    sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  })
}

/** Every event at least once, in batches. */
function deliver(
  events: readonly Event[],
  { places, repeats, sizes }: DeliveryParts,
): readonly (readonly Event[])[] {
  const again = repeats.flatMap(([index, place]) => {
    const event = events[index]
    return event === undefined ? [] : [{ event, place }]
  })
  const line = [...events.map((event, index) => ({ event, place: places[index] ?? 0 })), ...again]
    .sort((a, b) => a.place - b.place)
    .map(({ event }) => event)
  const batches: (readonly Event[])[] = []
  for (let start = 0; start < line.length; ) {
    const size = sizes[batches.length % sizes.length] ?? 1
    batches.push(line.slice(start, start + size))
    start += size
  }
  return batches
}

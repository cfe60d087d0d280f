// Owns what a rule's test is and how it becomes a list of events with times. How a test is read:
// rule-test-parse.ts; running it is the pipeline's.
import { parseTime } from './entry-time.ts'
import { type Event, FACT_NAMES, FACTS } from './event.ts'
import { isFact } from './rule-fact.ts'
import type { Severity } from './severity.ts'

export type TestInput =
  | { readonly kind: 'facts'; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly kind: 'entry'; readonly entry: Readonly<Record<string, unknown>> }

/** Where in a fact or an entry a value goes: names and indexes from the outside in. */
export type SetPath = readonly (string | number)[]

/** One event of a test, or `repeat` of them; times are ms from the start of the test. */
export type TestStep = {
  readonly input: TestInput
  readonly repeat: number
  readonly everyMs: number
  /** Values put into each repetition; `{{ n }}` in a text is its number, from 1. */
  readonly set: readonly { readonly path: SetPath; readonly value: unknown }[]
  readonly atMs?: number
  readonly arrivesMs?: number
}

/** What one of the alerts must be; what is not given is not looked at. */
export type TestExpectation = {
  readonly severity?: Severity
  readonly title?: string
  readonly count?: number
}

export type RuleTest = {
  readonly name: string
  /** How many alerts the events must raise. */
  readonly alerts: number
  /** Earlier events that teach baselines; they must raise nothing of their own. */
  readonly given: readonly TestStep[]
  readonly events: readonly TestStep[]
  readonly expect: readonly TestExpectation[]
  /** How much time passes after the last event. */
  readonly untilMs: number
}

/** An event or an entry as it would reach the pipeline; times are ms since the epoch. */
export type TestEvent = { readonly timeMs: number; readonly arrivesMs: number } & (
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'entry'; readonly entry: Readonly<Record<string, unknown>> }
)

/** A test as events in the order of their arrival. */
export type ExpandedTest = {
  readonly given: readonly TestEvent[]
  readonly events: readonly TestEvent[]
  readonly startMs: number
  /** When the test is over: the last event or arrival, and `until` after it. */
  readonly endMs: number
}

/** When every test starts, a Monday at noon in UTC: the same each day, so that tests can't decay. */
export const TEST_START_MS = Date.UTC(2026, 0, 5, 12)

/** How far an event without a time lies after the one before it. */
export const TEST_STEP_MS = 1000

/** The events of a test with their times; the same test always gives the same. */
export function expandTest(test: Pick<RuleTest, 'given' | 'events' | 'untilMs'>): ExpandedTest {
  const given = expandSteps(test.given, TEST_START_MS, 'given')
  const lastGivenMs = Math.max(TEST_START_MS - TEST_STEP_MS, ...given.map((one) => one.timeMs))
  const events = expandSteps(test.events, lastGivenMs + TEST_STEP_MS, 'test')
  const times = [...given, ...events].map((one) => Math.max(one.timeMs, one.arrivesMs))
  return {
    given: byArrival(given),
    events: byArrival(events),
    startMs: TEST_START_MS,
    endMs: Math.max(TEST_START_MS, ...times) + test.untilMs,
  }
}

function byArrival(events: readonly TestEvent[]): readonly TestEvent[] {
  return [...events].sort((a, b) => a.arrivesMs - b.arrivesMs)
}

function expandSteps(
  steps: readonly TestStep[],
  firstMs: number,
  idPrefix: string,
): readonly TestEvent[] {
  const events: TestEvent[] = []
  let nextMs = firstMs
  for (const step of steps) {
    const baseMs = step.atMs === undefined ? (ownTimeMs(step) ?? nextMs) : TEST_START_MS + step.atMs
    for (let n = 1; n <= step.repeat; n += 1) {
      const timeMs = baseMs + (n - 1) * step.everyMs
      const id = `${idPrefix}-${events.length + 1}`
      events.push(eventOf(step, { n, timeMs, id }))
      nextMs = timeMs + TEST_STEP_MS
    }
  }
  return events
}

/** The time that facts or entry name themselves, ms since the epoch. */
function ownTimeMs({ input }: TestStep): number | undefined {
  const time = input.kind === 'facts' ? input.facts['time'] : entryTime(input.entry)
  return parseTime(time)
}

function entryTime(entry: Readonly<Record<string, unknown>>): unknown {
  const meta = entry['meta']
  return typeof meta === 'object' && meta !== null ? Reflect.get(meta, 'time') : undefined
}

type Repetition = { readonly n: number; readonly timeMs: number; readonly id: string }

function eventOf(step: TestStep, { n, timeMs, id }: Repetition): TestEvent {
  const lateMs = step.arrivesMs === undefined ? timeMs : TEST_START_MS + step.arrivesMs
  const times = { timeMs, arrivesMs: Math.max(timeMs, lateMs) }
  const { input } = step
  if (input.kind === 'entry') {
    const entry = withValues(input.entry, step, n)
    return { ...times, kind: 'entry', entry: withEntryTime(entry, timeMs) }
  }
  const facts = withValues(input.facts, step, n)
  const blank = Object.fromEntries(FACT_NAMES.map((name) => [name, undefined]))
  // The facts were checked against FACTS when the test was read.
  const event = { ...blank, id, ...facts, time: timeMs } as unknown as Event
  return { ...times, kind: 'event', event }
}

function withEntryTime(
  entry: Readonly<Record<string, unknown>>,
  timeMs: number,
): Readonly<Record<string, unknown>> {
  const meta = entry['meta']
  const rest = typeof meta === 'object' && meta !== null ? meta : {}
  return { ...entry, meta: { ...rest, time: new Date(timeMs).toISOString() } }
}

function withValues(
  target: Readonly<Record<string, unknown>>,
  step: TestStep,
  n: number,
): Readonly<Record<string, unknown>> {
  const copy = structuredClone(target)
  for (const { path, value } of step.set) {
    const isNumber = step.input.kind === 'facts' && isNumberFact(path)
    putValue(copy, path, isNumber ? Number(numbered(value, n)) : numbered(value, n))
  }
  return copy
}

function isNumberFact(path: SetPath): boolean {
  const [name] = path
  return typeof name === 'string' && isFact(name) && FACTS[name].type === 'number'
}

/** A value with `{{ n }}` in its texts replaced by the number of the repetition. */
function numbered(value: unknown, n: number): unknown {
  if (typeof value === 'string') return value.replaceAll(/\{\{\s*n\s*\}\}/g, String(n))
  if (Array.isArray(value)) return value.map((item) => numbered(item, n))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbered(item, n)]))
}

/** Puts a value at a path, making the objects on the way; only own properties are touched. */
function putValue(target: object, path: SetPath, value: unknown): void {
  let place: object = target
  for (const key of path.slice(0, -1)) {
    const inner: unknown = Object.hasOwn(place, key) ? Reflect.get(place, key) : undefined
    const next: object = typeof inner === 'object' && inner !== null ? inner : {}
    defineOwn(place, key, next)
    place = next
  }
  const last = path.at(-1)
  if (last !== undefined) defineOwn(place, last, value)
}

/** Plain assignment to `__proto__` would change the prototype instead. */
function defineOwn(target: object, key: string | number, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

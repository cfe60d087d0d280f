// Owns how the tests of a rule are read: their keys, and facts, entries and repetitions in them.
import { parseDuration } from './duration.ts'
import { durationShape, zeroDuration } from './rule-fact.ts'
import type { RuleTest, TestStep } from './rule-test.ts'
import {
  type At,
  INPUT_EXPECTED,
  parseEntry,
  parseFacts,
  parseInput,
  parseSet,
} from './rule-test-input.ts'
import { SEVERITIES } from './severity.ts'
import {
  type Keys,
  type RecordOf,
  type Report,
  type Shape,
  anything,
  choice,
  isObject,
  listOf,
  pointerTo,
  readable,
  record,
  reportError,
  text,
  whole,
} from './shape.ts'
import { describeFound } from './suggest.ts'

/** Events of one test, repetitions included: each runs through the whole pipeline on every reload. */
export const TEST_EVENTS_MAX = 10_000

const TESTS_MAX = 200

const OFFSET_PATTERN = '^[+-](0|[1-9][0-9]*)[smhdw]$'

/** `+10m`, or `-10d` for what lies before the start of the test; ms. */
const offset = readable(
  'a time from the start of the test, such as "+10m"',
  { pattern: OFFSET_PATTERN, examples: ['+10m', '-10d'] },
  readOffset,
)

function readOffset(value: string): number | undefined {
  const ms = zeroDuration(value.slice(1)) ?? parseDuration(value.slice(1))
  if (ms === undefined || (value[0] !== '+' && value[0] !== '-')) return undefined
  return value[0] === '-' ? -ms : ms
}

const afterLast = readable(
  'a time after the last event, such as "+25h"',
  { pattern: '^\\+(0|[1-9][0-9]*)[smhdw]$', examples: ['+25h'] },
  (value) => (value.startsWith('+') ? readOffset(value) : undefined),
)

export const TIME_KEYS = {
  at: { shape: offset, about: 'When it happened, from the start of the test.' },
  arrives: {
    shape: offset,
    about: 'When it arrives, from the start of the test: lets it be late.',
  },
} satisfies Keys

const factsOrEntry: Shape<unknown> = anything(INPUT_EXPECTED, {
  $ref: '#/definitions/testFacts',
})

export const REPEAT_KEYS = {
  event: { shape: factsOrEntry, about: 'Facts, or {"entry": {…}} for a raw entry.', must: true },
  repeat: { shape: whole(1, TEST_EVENTS_MAX), about: 'How many of it there are.', default: 1 },
  every: { shape: durationShape('zero'), about: 'Time between two of them.', default: '1s' },
  set: {
    shape: anything('an object of facts or paths and their values', { type: 'object' }),
    about: 'Values put into each; {{ n }} in a text is its number, from 1.',
  },
  ...TIME_KEYS,
} satisfies Keys

export const ENTRY_KEYS = {
  entry: {
    shape: anything('a raw entry', { type: 'object' }),
    about: 'A raw entry (what is inside _source), normalised as in production.',
    must: true,
  },
  ...TIME_KEYS,
} satisfies Keys

const EXPECT_KEYS = {
  severity: { shape: choice(SEVERITIES), about: 'Severity of the alert.' },
  title: { shape: text(500), about: 'Title of the alert, as rendered.' },
  count: { shape: whole(1, TEST_EVENTS_MAX), about: 'Different events in the alert.' },
} satisfies Keys

const steps = anything('a list of events', {
  type: 'array',
  items: { $ref: '#/definitions/testEvent' },
})

export const TEST_KEYS = {
  name: { shape: text(200), about: 'What the test shows, as a sentence.', must: true },
  alerts: {
    shape: whole(0, TEST_EVENTS_MAX),
    about: 'How many alerts the events must raise.',
    must: true,
  },
  given: { shape: steps, about: 'Earlier events that teach baselines and must raise nothing.' },
  events: { shape: steps, about: 'What happens, in order.', must: true },
  expect: {
    shape: listOf(record(EXPECT_KEYS, 'an object with severity, title or count')),
    about: 'What the alerts must be, in order of their first event.',
  },
  until: { shape: afterLast, about: 'Time that passes after the last event.' },
} satisfies Keys

const testShape = record(TEST_KEYS, 'a test with name, events and alerts')
const testsShape = listOf(anything(testShape.expected, testShape.schema), { max: TESTS_MAX })
const repeatShape = record(REPEAT_KEYS)
const entryShape = record(ENTRY_KEYS)
const timeShape = record(TIME_KEYS)

/** The JSON Schema of `tests`. */
export const testsSchema = testsShape.schema

/** The tests of a rule; those with a fault are reported and left out. */
export function parseTests(value: unknown, pointer: string, report: Report): readonly RuleTest[] {
  const tests = testsShape.parse(value, pointer, report) ?? []
  return tests.flatMap((test, index) => parseTest(test, pointerTo(pointer, index), report))
}

function parseTest(value: unknown, pointer: string, report: Report): readonly RuleTest[] {
  const read = testShape.parse(value, pointer, report)
  if (read === undefined) return []
  const given = parseSteps(read.given ?? [], pointerTo(pointer, 'given'), report)
  const events = parseSteps(read.events ?? [], pointerTo(pointer, 'events'), report)
  const total = [...given, ...events].reduce((sum, step) => sum + step.repeat, 0)
  if (total > TEST_EVENTS_MAX) {
    reportError(
      report,
      pointer,
      `${total} events in one test, at most ${TEST_EVENTS_MAX} are allowed`,
    )
  }
  const { name = '', alerts = 0, expect = [] } = read
  if (expect.length > alerts) {
    const message = `${expect.length} alerts are described, but "alerts" is ${alerts}`
    reportError(report, pointerTo(pointer, 'expect'), message)
  }
  const expected = expect.map(({ severity, title, count }) => ({
    ...(severity !== undefined && { severity }),
    ...(title !== undefined && { title }),
    ...(count !== undefined && { count }),
  }))
  return [{ name, alerts, given, events, expect: expected, untilMs: read.until ?? 0 }]
}

function parseSteps(value: unknown, pointer: string, report: Report): readonly TestStep[] {
  if (!Array.isArray(value)) {
    reportError(report, pointer, `found ${describeFound(value)}, expected a list of events`)
    return []
  }
  return value.flatMap((step, index) => {
    const parsed = parseStep(step, { pointer: pointerTo(pointer, index), report })
    return parsed === undefined ? [] : [parsed]
  })
}

function parseStep(value: unknown, at: At): TestStep | undefined {
  if (!isObject(value)) {
    const found = describeFound(value)
    return reportError(at.report, at.pointer, `found ${found}, expected an object of facts`)
  }
  const isRepeat = ['event', 'repeat', 'every', 'set'].some((key) => key in value)
  if (isRepeat) return parseRepeat(value, at)
  if ('entry' in value) {
    const read = entryShape.parse(value, at.pointer, at.report)
    return { input: parseEntry(value, at), repeat: 1, everyMs: 0, set: [], ...times(read, at) }
  }
  const { at: _at, arrives: _arrives, ...facts } = value
  const timeValues = Object.fromEntries(
    Object.entries(value).filter(([key]) => key === 'at' || key === 'arrives'),
  )
  const read = timeShape.parse(timeValues, at.pointer, at.report)
  return { input: parseFacts(facts, at), repeat: 1, everyMs: 0, set: [], ...times(read, at) }
}

function parseRepeat(value: Readonly<Record<string, unknown>>, at: At): TestStep | undefined {
  const read = repeatShape.parse(value, at.pointer, at.report)
  if (read?.event === undefined) return undefined
  const inner = { ...at, pointer: pointerTo(at.pointer, 'event') }
  const input = parseInput(read.event, inner)
  if (input === undefined) return undefined
  const set = parseSet(read.set ?? {}, input.kind, { ...at, pointer: pointerTo(at.pointer, 'set') })
  return {
    input,
    repeat: read.repeat ?? 1,
    everyMs: read.every ?? 1000,
    set,
    ...times(read, at),
  }
}

function times(
  read: RecordOf<typeof TIME_KEYS> | undefined,
  { pointer, report }: At,
): Pick<TestStep, 'atMs' | 'arrivesMs'> {
  const { at, arrives } = read ?? {}
  if (at !== undefined && arrives !== undefined && arrives < at) {
    reportError(report, pointerTo(pointer, 'arrives'), 'it arrives before it happened')
  }
  return {
    ...(at !== undefined && { atMs: at }),
    ...(arrives !== undefined && { arrivesMs: arrives }),
  }
}

// How the test inside a rule becomes events with times.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FACT_NAMES } from '../../src/core/event.ts'
import type { Problem } from '../../src/core/problem.ts'
import {
  type ExpandedTest,
  expandTest,
  TEST_START_MS,
  type TestEvent,
} from '../../src/core/rule-test.ts'
import { parseTests } from '../../src/core/rule-test-parse.ts'

/** Expands a test as a rule writes it; anything reported fails. */
function expand(written: object): ExpandedTest {
  const problems: Problem[] = []
  const whole = { name: 'a test', alerts: 1, ...written }
  const [parsed] = parseTests([whole], '/tests', (problem) => problems.push(problem))
  expect(problems).toEqual([])
  if (parsed === undefined) throw new Error('the test was not read')
  return expandTest(parsed)
}

/** Seconds after the start of the test. */
const seconds = (ms: number) => (ms - TEST_START_MS) / 1000

function timesOf(events: readonly TestEvent[]): readonly (readonly [number, number])[] {
  return events.map(({ timeMs, arrivesMs }) => [seconds(timeMs), seconds(arrivesMs)])
}

const e = (facts: object) => ({ user: 'ann@example.com', ...facts })

describe('times of events', () => {
  const table: [sentence: string, events: object[], times: [number, number][]][] = [
    ['the first is at the start', [e({})], [[0, 0]]],
    [
      'each is one second after the one before',
      [e({}), e({}), e({})],
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    ],
    ['"at" counts from the start', [e({ at: '+10m' })], [[600, 600]]],
    ['"at" may lie before the start', [e({ at: '-1d' })], [[-86_400, -86_400]]],
    ['"at" may be the start itself', [e({ at: '+0s' })], [[0, 0]]],
    [
      'what follows an "at" is one second after it',
      [e({ at: '+10m' }), e({})],
      [
        [600, 600],
        [601, 601],
      ],
    ],
    ['"arrives" counts from the start', [e({ arrives: '+20m' })], [[0, 1200]]],
    ['"at" and "arrives" go together', [e({ at: '+10m', arrives: '+20m' })], [[600, 1200]]],
    [
      'events come in the order of arrival',
      [e({ arrives: '+20m' }), e({}), e({ at: '+5s' })],
      [
        [1, 1],
        [5, 5],
        [0, 1200],
      ],
    ],
    [
      'repeated ones are one second apart',
      [{ repeat: 3, event: e({}) }],
      [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    ],
    [
      'or as far apart as "every" says',
      [{ repeat: 3, every: '5s', event: e({}) }],
      [
        [0, 0],
        [5, 5],
        [10, 10],
      ],
    ],
    [
      'or all at once',
      [{ repeat: 2, every: '0s', event: e({}) }],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'a repetition may begin later and arrive together',
      [{ repeat: 2, every: '1m', at: '+1h', arrives: '+2h', event: e({}) }],
      [
        [3600, 7200],
        [3660, 7200],
      ],
    ],
    [
      'nothing arrives before it happened',
      [{ repeat: 2, every: '1h', arrives: '+30m', event: e({}) }],
      [
        [0, 1800],
        [3600, 3600],
      ],
    ],
    ['a fact "time" in ms is taken', [e({ time: TEST_START_MS + 9000 })], [[9, 9]]],
    ['a fact "time" as text is taken', [e({ time: '2026-01-05T12:00:07Z' })], [[7, 7]]],
    [
      'the time of an entry is taken',
      [{ entry: { meta: { time: '2026-01-05T12:00:08Z' } } }],
      [[8, 8]],
    ],
    [
      '"at" is stronger than the time of an entry',
      [{ entry: { meta: { time: '2026-01-05T13:00:00Z' } }, at: '+3s' }],
      [[3, 3]],
    ],
    [
      'an entry without a time gets one',
      [e({}), { entry: {} }],
      [
        [0, 0],
        [1, 1],
      ],
    ],
  ]
  test.each(table)('%s', (_, events, times) => {
    expect(timesOf(expand({ events }).events)).toEqual(times)
  })

  test('given events come first, and the others go on one second after them', () => {
    const { given, events } = expand({ given: [e({}), e({})], events: [e({})] })
    expect(timesOf(given)).toEqual([
      [0, 0],
      [1, 1],
    ])
    expect(timesOf(events)).toEqual([[2, 2]])
  })

  test('given events of the past leave the start to the others', () => {
    const { given, events } = expand({ given: [e({ at: '-30d' })], events: [e({})] })
    expect(timesOf(given)).toEqual([[-2_592_000, -2_592_000]])
    expect(timesOf(events)).toEqual([[0, 0]])
  })

  test.each<[string, object, number]>([
    ['the last event', { events: [e({}), e({})] }, 1],
    ['the last arrival', { events: [e({ arrives: '+1h' }), e({})] }, 3600],
    ['"until" after the last event', { events: [e({})], until: '+25h' }, 90_000],
    ['the start when nothing happens', { events: [] }, 0],
  ])('the test ends with %s', (_, written, end) => {
    expect(seconds(expand(written).endMs)).toBe(end)
  })
})

function eventsOf(events: object[]) {
  return expand({ events }).events.map((one) => (one.kind === 'event' ? one.event : undefined))
}

function entriesOf(events: object[]) {
  return expand({ events }).events.map((one) => (one.kind === 'entry' ? one.entry : undefined))
}

describe('facts of events', () => {
  test('an event has all facts, and those not given are undefined', () => {
    const [event] = eventsOf([e({ operation: 'delete' })])
    expect(Object.keys(event ?? {}).sort()).toEqual([...FACT_NAMES].sort())
    const given = Object.entries(event ?? {}).filter(([, value]) => value !== undefined)
    expect(Object.fromEntries(given)).toEqual({
      id: 'test-1',
      time: TEST_START_MS,
      user: 'ann@example.com',
      operation: 'delete',
    })
  })

  test('each event has an id of its own, unless the test names one', () => {
    const written = { given: [e({})], events: [{ repeat: 2, event: e({}) }, e({ id: 'mine' })] }
    const { given, events } = expand(written)
    const ids = [...given, ...events].map((one) => (one.kind === 'event' ? one.event.id : ''))
    expect(ids).toEqual(['given-1', 'test-1', 'test-2', 'mine'])
  })

  test('"set" numbers what is repeated, from 1', () => {
    const set = { resourceId: 'server-{{ n }}', ip: '192.0.2.{{n}}', user: 'bob@example.com' }
    const events = eventsOf([{ repeat: 2, event: e({}), set }])
    expect(events).toMatchObject([
      { resourceId: 'server-1', ip: '192.0.2.1', user: 'bob@example.com' },
      { resourceId: 'server-2', ip: '192.0.2.2', user: 'bob@example.com' },
    ])
  })

  test('"set" gives a number to a fact that is one, and reaches into lists', () => {
    const set = { hour: '{{ n }}', actions: ['a.{{ n }}'], resources: [{ id: '{{ n }}' }] }
    const events = eventsOf([{ repeat: 2, event: e({}), set }])
    expect(events).toMatchObject([
      { hour: 1, actions: ['a.1'], resources: [{ id: '1' }] },
      { hour: 2, actions: ['a.2'], resources: [{ id: '2' }] },
    ])
  })
})

describe('raw entries', () => {
  test('an entry is kept, with its time', () => {
    const entry = { meta: { requestId: 'r' }, event: { type: 'Error' } }
    expect(entriesOf([{ entry }])).toEqual([
      { meta: { requestId: 'r', time: '2026-01-05T12:00:00.000Z' }, event: { type: 'Error' } },
    ])
  })

  test('what the API answered may be pasted', () => {
    const hit = { _source: { event: { type: 'Error' } } }
    expect(entriesOf([{ entry: hit }])).toMatchObject([{ event: { type: 'Error' } }])
  })

  test('"set" takes paths, with and without "entry.", and makes what is missing', () => {
    const entry = { event: { resources: [{ id: 'a' }, { id: 'b' }] } }
    const set = {
      'event.resources[1].id': 'x-{{ n }}',
      'entry.principal.identity.username': 'u{{ n }}',
    }
    expect(entriesOf([{ repeat: 2, event: { entry }, set }])).toMatchObject([
      {
        event: { resources: [{ id: 'a' }, { id: 'x-1' }] },
        principal: { identity: { username: 'u1' } },
      },
      {
        event: { resources: [{ id: 'a' }, { id: 'x-2' }] },
        principal: { identity: { username: 'u2' } },
      },
    ])
    expect(entry).toEqual({ event: { resources: [{ id: 'a' }, { id: 'b' }] } })
  })

  test('"set" of __proto__ makes a key and changes no prototype', () => {
    const [entry] = entriesOf([{ event: { entry: {} }, set: { '__proto__.polluted': 'yes' } }])
    expect(Object.hasOwn(entry ?? {}, '__proto__')).toBe(true)
    expect('polluted' in {}).toBe(false)
  })
})

test('every repetition is there once, in the order of arrival, and none arrives too early', () => {
  const step = fc.record({
    repeat: fc.integer({ min: 1, max: 20 }),
    every: fc.constantFrom('0s', '1s', '7m'),
    at: fc.constantFrom('-1d', '+0s', '+90s', '+3h'),
    arrives: fc.constantFrom('+4h', '+2d'),
    event: fc.constant({ operation: 'delete' }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (events) => {
      const expanded = expand({ events }).events
      expect(expanded.length).toBe(events.reduce((sum, { repeat }) => sum + repeat, 0))
      const arrivals = expanded.map(({ arrivesMs }) => arrivesMs)
      expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b))
      expect(expanded.every(({ timeMs, arrivesMs }) => arrivesMs >= timeMs)).toBe(true)
    }),
  )
})

// A backtest raises what the oracle says of rules of every kind, whatever the order, the repeats
// and the room in memory there is.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ending } from '../../src/backtest/collector.ts'
import type { RaisedAlert } from '../../src/backtest/result.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import { type Event, type LookUp, UNLOCATED } from '../../src/core/event.ts'
import { normalizeEntry } from '../../src/core/normalize.ts'
import { KIND_NAMES } from '../oracle/arbitrary-detect.ts'
import { type DetectionCase, detectionCase } from '../oracle/arbitrary-detection.ts'
import { sortedSet } from '../oracle/detections.ts'
import { oracle, type OracleAlert, type OracleInput } from '../oracle/oracle.ts'
import { backtest, READING, type Room, ruleSetOf } from './replay.ts'

/** For each kind; many more by hand, with the variable of this name. */
const CASES = Number(process.env['CASES'] ?? 80)

const TIMEOUT_MS = 30_000 + CASES * 80

const METHODS: Readonly<Record<string, string>> = { delete: 'DELETE', read: 'GET' }

/** Documentation addresses lie nowhere. */
const PUBLIC: Readonly<Record<string, string>> = { '192.0.2.1': '8.8.8.1', '192.0.2.2': '8.8.8.2' }

function entryOf({ id, time, contract, user, ip, operation, resource, service }: Event) {
  return {
    '@uuid': id,
    meta: { time },
    principal: {
      ...(ip !== undefined && { sourceIP: PUBLIC[ip] }),
      sourceService: service,
      identity: { username: user, contractNumber: contract },
    },
    event: {
      param: { action: METHODS[operation ?? ''] },
      resources: [{ type: resource }],
    },
  }
}

/** What is known of addresses: entries are normalised in order, and each asks for its own once. */
function lookUpFor(events: readonly Event[]): LookUp {
  const located = events.filter(({ ip }) => ip !== undefined)
  let at = 0
  return () => {
    const { country, latitude, longitude } = located[at] as Event
    at += 1
    return { ...UNLOCATED, country, latitude, longitude }
  }
}

/** The events as they are once they came through an entry. */
function normalized(events: readonly Event[]): readonly Event[] {
  const calendar = createCalendar(READING.timezone)
  const context = { contract: undefined, readTimeMs: 0, calendar, lookUp: lookUpFor(events) }
  return events.map((event) => {
    const found = normalizeEntry(entryOf(event), context).event
    if (found === undefined) throw new Error('an entry is an object')
    return found
  })
}

function endingOf({ mark, settleMs, gaps }: OracleInput): Ending {
  const byContract = ['1', '2'].map((contract) => {
    return [contract, gaps.filter((gap) => gap.contract === contract)] as const
  })
  return { markMs: mark, settleMs, gaps: new Map(byContract) }
}

type Shown = readonly unknown[]

function expectedOf(id: string, input: OracleInput): readonly Shown[] {
  const shown = ({ group: [, ...values], first, last, count, severity }: OracleAlert) => {
    return [id, values, first, last, count, severity]
  }
  return inOrder(oracle({ ...input, cuts: [] }).map(shown))
}

function shownOf({ rule, group, first, last, count, severity }: RaisedAlert): Shown {
  return [rule, Object.values(group), Date.parse(first), Date.parse(last), count, severity]
}

function inOrder(alerts: readonly Shown[]): readonly Shown[] {
  return alerts
    .map((alert) => JSON.stringify(alert))
    .sort()
    .map((text) => JSON.parse(text) as Shown)
}

const room: fc.Arbitrary<Room> = fc.oneof(
  fc.constant({}),
  fc.record({
    slotsMax: fc.constant(8),
    membersMax: fc.integer({ min: 1, max: 6 }),
    partMembers: fc.integer({ min: 1, max: 6 }),
    textBytesMax: fc.constant(64),
  }),
)

type Trial = { readonly one: DetectionCase; readonly other: DetectionCase; readonly room: Room }

/** Two rules on the events of the first. */
async function tryBoth({ one, other, room: space }: Trial): Promise<void> {
  const cases = [
    ['one', one],
    ['other', other],
  ] as const
  const ruleSet = ruleSetOf(cases.map(([id, { rule }]) => ({ ...rule, id })))
  const events = normalized(one.input.events)
  const inputs = cases.map(([, { input }]) => {
    const { mark, settleMs, gaps } = one.input
    return { ...input, events, mark, settleMs, gaps }
  })
  const expected = inOrder(cases.flatMap(([id], at) => expectedOf(id, inputs[at] as OracleInput)))
  const matches = sortedSet(events).filter(one.input.conditions).length
  const ending = endingOf(one.input)
  const inOneBlock = { ending, lookUp: lookUpFor(one.input.events) }
  const plain = await backtest(
    [one.input.events.map(entryOf)],
    [ruleSet],
    ({ alerts, rules }) => JSON.stringify([alerts, rules]),
    inOneBlock,
  )
  const blocks = one.deliveries.map((batch) => batch.map(entryOf))
  const lookUp = lookUpFor(one.deliveries.flat())
  await backtest(
    blocks,
    [ruleSet],
    ({ alerts, rules }) => {
      expect(JSON.stringify([alerts, rules])).toBe(plain)
      expect(inOrder((alerts[0] ?? []).map(shownOf))).toEqual(expected)
      for (const counts of rules[0] ?? []) {
        const ofRule = expected.filter(([id]) => id === counts.id).length
        expect(counts).toMatchObject({ matches, alerts: ofRule })
        expect(counts.detections).toBeGreaterThanOrEqual(counts.alerts)
      }
    },
    { ...space, ending, lookUp },
  )
}

describe('a backtest of rules with windows', () => {
  test.each(KIND_NAMES)(
    'kind %s: raises the alerts of the oracle',
    async (kind) => {
      const any = fc.constantFrom(...KIND_NAMES).chain(detectionCase)
      const trial = fc.record({ one: detectionCase(kind), other: any, room })
      await fc.assert(fc.asyncProperty(trial, tryBoth), { numRuns: CASES })
    },
    TIMEOUT_MS,
  )
})

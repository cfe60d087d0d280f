// Owns what generated entries must be: the same for the same seed, of the documented shapes, no two alike.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../src/observe/log.ts'
import { isObject } from '../../src/core/shape.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'
import { CONTRACT, handClock, readShipped, START_MS } from './harness.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const demo = readShipped('demo')

type Options = Partial<SimulatorOptions>

function simulate(options: Options = {}): Promise<Simulator> {
  return createSimulator({
    scenario: demo,
    seed: 1,
    clock: handClock(),
    log: silentLog,
    ...options,
  })
}

async function entriesOf(from: number, to: number, options: Options = {}) {
  return (await simulate(options)).entriesHeld(CONTRACT, { from, to })
}

/** The value at a dotted path, undefined where it ends early. */
function at(entry: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), entry)
}

function shareOf(entries: readonly unknown[], test: (entry: unknown) => boolean): number {
  return entries.filter(test).length / entries.length
}

describe('the same log', () => {
  test('for the same seed, scenario and start', async () => {
    const [from, to] = [START_MS - HOUR_MS, START_MS + 60_000]
    expect(await entriesOf(from, to)).toEqual(await entriesOf(from, to))
  })

  test('another one for another seed', async () => {
    const [from, to] = [START_MS - HOUR_MS, START_MS + 60_000]
    expect(await entriesOf(from, to)).not.toEqual(await entriesOf(from, to, { seed: 2 }))
  })

  test('whatever was asked before, in whatever pieces', async () => {
    const from = START_MS - 6 * HOUR_MS
    const whole = await entriesOf(from, from + 4 * HOUR_MS)
    const cut = fc.integer({ min: 0, max: 4 * HOUR_MS })
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 5 }), async (cuts) => {
        const simulator = await simulate()
        const edges = [0, ...cuts.toSorted((a, b) => a - b), 4 * HOUR_MS]
        const pieces = edges.slice(1).map((to, index) => ({
          from: from + (edges[index] ?? 0),
          to: from + to,
        }))
        const read = pieces.toReversed().map((span) => simulator.entriesHeld(CONTRACT, span))
        expect(read.toReversed().flat()).toEqual(whole)
      }),
      { numRuns: 8 },
    )
  })

  test('at real speed whenever the simulator began, so that a restart changes nothing', async () => {
    const scenario = readShipped('company')
    const silentAttacks = {
      ...scenario,
      contracts: scenario.contracts.map((contract) => ({
        ...contract,
        attacks: contract.attacks.filter(({ when }) => when.afterMs === undefined),
      })),
    }
    const [from, to] = [START_MS, START_MS + 12 * HOUR_MS]
    const before = await entriesOf(from, to, { scenario: silentAttacks, startTimeMs: from })
    const after = await entriesOf(from, to, { scenario: silentAttacks, startTimeMs: to })
    expect(before.length).toBeGreaterThan(100)
    expect(after).toEqual(before)
  })

  test('for a start that is given, whenever the process began', async () => {
    const clock = handClock(START_MS + HOUR_MS)
    const [from, to] = [START_MS - HOUR_MS, START_MS + HOUR_MS]
    const again = await entriesOf(from, to, { clock, startTimeMs: START_MS })
    expect(again).toEqual(await entriesOf(from, to))
  })

  test('nothing before its history', async () => {
    const from = START_MS - demo.historyMs
    expect(await entriesOf(from - DAY_MS, from - 10_000)).toEqual([])
    expect((await entriesOf(from, from + DAY_MS)).length).toBeGreaterThan(0)
  })
})

/** Paths of the documented model and what may stand there; `undefined` is always allowed. */
const SHAPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  '@uuid': isText,
  'meta.auditVersion': (value) => value === 0.1 || value === 1 || value === '0.1',
  'meta.time': (value) =>
    isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(value),
  'meta.requestId': isText,
  'meta.queueRefId': Number.isInteger,
  'meta.transactionId': isText,
  'principal.sourceIP': isText,
  'principal.sourceService': isText,
  'principal.serviceHost': isText,
  'principal.identity.contractNumber': (value) => value === CONTRACT || value === Number(CONTRACT),
  'principal.identity.username': isText,
  'event.type': isText,
  'event.status': (value) => isText(value) && /^(QUEUED|RUNNING|DONE|FAILED)$/.test(value),
  'event.message': isText,
  'event.param.action': (value) =>
    isText(value) && /^(GET|POST|PUT|PATCH|DELETE|http)$/.test(value),
  'event.param.uri': (value) =>
    isText(value) && /^(https:\/\/api\.ionos\.com)?\/[\w/?=.-]*$/.test(value),
  'event.param.initiator': isText,
  'event.param.sourceService': isText,
  'event.param.errorCode': isText,
  'event.param.error.httpStatus': (value) => isText(value) || Number.isInteger(value),
  'event.param.error.messages': (value) =>
    Array.isArray(value) &&
    value.every((one) => isText(at(one, 'errorCode')) && isText(at(one, 'message'))),
  'event.resources': (value) => Array.isArray(value) && value.every(isResource),
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isResource(value: unknown): boolean {
  const action = at(value, 'action')
  const actions = action === undefined || (Array.isArray(action) && action.every(isText))
  return isText(at(value, 'id')) && isText(at(value, 'type')) && actions
}

/** Objects that the documents and tests of IONOS show empty. */
const EMPTY_AT_TIMES = ['event.param', 'principal.identity']

/** Dotted paths of everything that is no object, or an empty one. */
function leaves(value: unknown, path = ''): readonly string[] {
  if (!isObject(value) || Object.keys(value).length === 0) return [path]
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, path === '' ? key : `${path}.${key}`),
  )
}

describe('the shape of an entry', () => {
  test.each(['demo', 'company'])(
    'is within the documented model, every one of %s',
    async (name) => {
      const scenario = readShipped(name)
      const entries = await entriesOf(START_MS - HOUR_MS, START_MS + 300_000, { scenario })
      const faults = entries.flatMap((entry) =>
        leaves(entry)
          .filter((path) => !EMPTY_AT_TIMES.includes(path))
          .filter((path) => !(SHAPES[path]?.(at(entry, path)) ?? false))
          .map((path) => `${path} in ${JSON.stringify(entry)}`),
      )
      expect(entries.length).toBeGreaterThan(100)
      expect(faults).toEqual([])
    },
  )

  test('holds every variety that is documented or was seen', async () => {
    const entries = await entriesOf(START_MS, START_MS + 30 * 60_000)
    const varieties: Readonly<Record<string, (entry: unknown) => boolean>> = {
      'no @uuid': (entry) => at(entry, '@uuid') === undefined,
      'a version as text': (entry) => at(entry, 'meta.auditVersion') === '0.1',
      'a contract as text': (entry) => isText(at(entry, 'principal.identity.contractNumber')),
      'a contract as number': (entry) =>
        at(entry, 'principal.identity.contractNumber') === 31720001,
      'a time on the second': (entry) =>
        /\d\dZ$/.test(String(at(entry, 'meta.time'))) &&
        !String(at(entry, 'meta.time')).includes('.'),
      'no request id': (entry) => at(entry, 'meta.requestId') === undefined,
      'no address': (entry) =>
        at(entry, 'event.type') === 'RequestAccepted' &&
        at(entry, 'principal.sourceIP') === undefined,
      'an empty identity': (entry) => leaves(entry).includes('principal.identity'),
      'no resources': (entry) =>
        at(entry, 'event.param.action') === 'PATCH' && at(entry, 'event.resources') === undefined,
      'an empty list of actions': (entry) => JSON.stringify(entry).includes('"action":[]'),
      'a data center beside a user': (entry) =>
        /"datacenter".*"type":"user"/.test(JSON.stringify(at(entry, 'event.resources'))),
      'a read': (entry) => at(entry, 'event.param.action') === 'GET',
      'a URI with host': (entry) => String(at(entry, 'event.param.uri')).startsWith('https://'),
      'a refusal with a number': (entry) => at(entry, 'event.param.error.httpStatus') === 403,
      'a refusal with a text': (entry) => at(entry, 'event.param.error.httpStatus') === '403',
      'a token': (entry) => at(entry, 'event.type') === 'GenerateToken',
      'a sign-in': (entry) => at(entry, 'event.type') === 'DCDUserEvent',
      'a hostile name': (entry) =>
        String(at(entry, 'principal.identity.username')).includes('<!channel>'),
      'a failure after acceptance': (entry) => at(entry, 'event.status') === 'FAILED',
    }
    const missing = Object.entries(varieties).filter(([, test]) => !entries.some(test))
    expect(missing.map(([name]) => name)).toEqual([])
  })

  test('uses no action string but those that IONOS documents', async () => {
    const entries = await entriesOf(START_MS, START_MS + 30 * 60_000)
    const actions = new Set<unknown>(
      entries.flatMap((entry) => {
        const resources = at(entry, 'event.resources')
        return Array.isArray(resources)
          ? resources.flatMap((one: unknown) => at(one, 'action') ?? [])
          : []
      }),
    )
    expect([...actions].map(String).sort()).toEqual([
      'ip.ipblock.reserve',
      'sec.user.create',
      'sn.snapshot.create',
      'vr.firewall.activate',
    ])
  })

  test('is told once: no two entries are equal, with or without @uuid', async () => {
    const entries = await entriesOf(START_MS, START_MS + 20_000, { entriesPerMinute: 15_000 })
    expect(entries.length).toBeGreaterThan(4000)
    expect(new Set(entries.map((entry) => JSON.stringify(entry))).size).toBe(entries.length)
    const uuids = entries.map((entry) => at(entry, '@uuid')).filter(isText)
    expect(new Set(uuids).size).toBe(uuids.length)
  })
})

describe('how much there is of what', () => {
  test('status updates are more than half, background work a tenth', async () => {
    const spans = [
      await entriesOf(START_MS - 2 * DAY_MS, START_MS),
      await entriesOf(START_MS, START_MS + HOUR_MS / 2),
      await entriesOf(START_MS, START_MS + 30_000, { entriesPerMinute: 6000 }),
    ]
    for (const entries of spans) {
      const typed = (type: string) => shareOf(entries, (entry) => at(entry, 'event.type') === type)
      expect(typed('RequestStatusUpdate')).toBeGreaterThan(0.5)
      expect(typed('RequestStatusUpdate')).toBeLessThan(0.65)
      expect(typed('Provision')).toBeGreaterThan(0.07)
      expect(typed('Provision')).toBeLessThan(0.14)
    }
  })

  test('a working day has a few thousand entries, a night far fewer an hour', async () => {
    const midnight = Date.parse('2026-11-18T23:00:00Z')
    const hourOf = async (hour: number) =>
      (await entriesOf(midnight + hour * HOUR_MS, midnight + (hour + 1) * HOUR_MS)).length
    const day = await entriesOf(midnight, midnight + DAY_MS)
    expect(day.length).toBeGreaterThan(1500)
    expect(day.length).toBeLessThan(6000)
    expect(await hourOf(10)).toBeGreaterThan(2 * (await hourOf(23)))
  })

  test('a day of the company passes in a day divided by the speed', async () => {
    const real = await entriesOf(START_MS, START_MS + DAY_MS, { speed: 1 })
    const fast = await entriesOf(START_MS, START_MS + DAY_MS / 60, { speed: 60 })
    expect(fast.length / real.length).toBeGreaterThan(0.85)
    expect(fast.length / real.length).toBeLessThan(1.15)
  })

  test.each([60, 1200])(
    '%i entries a minute are that many, by day and by night',
    async (entriesPerMinute) => {
      for (const from of [START_MS - 6 * DAY_MS, START_MS - 12 * HOUR_MS]) {
        const scenario = {
          ...demo,
          contracts: demo.contracts.map((one) => ({ ...one, attacks: [] })),
        }
        const entries = await entriesOf(from, from + 10 * 60_000, { scenario, entriesPerMinute })
        expect(entries.length / (10 * entriesPerMinute)).toBeGreaterThan(0.75)
        expect(entries.length / (10 * entriesPerMinute)).toBeLessThan(1.25)
      }
    },
  )
})

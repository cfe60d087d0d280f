// Owns the tests of core/normalize.ts: the facts of known entries, and that damage never harms.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCalendar } from '../../src/core/calendar.ts'
import { ACTIONS_MAX, RESOURCES_MAX } from '../../src/core/entry-resources.ts'
import { type Event, FACT_NAMES, FACTS, type GeoFacts, UNLOCATED } from '../../src/core/event.ts'
import { FACT_LENGTH_MAX, fieldsOf } from '../../src/core/fields.ts'
import {
  EMPTY_EVENT,
  entrySource,
  type NormalizeContext,
  normalizeEntry,
} from '../../src/core/normalize.ts'
import examples from '../fixtures/entries.json' with { type: 'json' }

const READ_MS = Date.UTC(2027, 0, 1)
const CONTEXT: NormalizeContext = {
  contract: '31720001',
  readTimeMs: READ_MS,
  calendar: createCalendar('Europe/Berlin'),
}
const UNPOLLED: NormalizeContext = { ...CONTEXT, contract: undefined }

function eventOf(entry: unknown, context = CONTEXT): Event {
  const { event } = normalizeEntry(entry, context)
  if (event === undefined) throw new Error('no event')
  return event
}

/** The facts an entry tells, without the entry, the id and what follows from the time. */
function factsOf(entry: unknown): Partial<Event> {
  const {
    entry: _entry,
    id: _id,
    weekday: _day,
    hour: _hour,
    date: _date,
    ...facts
  } = eventOf(entry)
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

const exampleOf = (number: number): unknown => examples[number - 1]?.hit

const KNOWN: readonly (readonly [number, Partial<Event>])[] = [
  [
    1,
    {
      time: Date.UTC(2026, 10, 20, 9, 14, 7, 394),
      contract: '31720001',
      type: 'RequestAccepted',
      operation: 'create',
      resource: 'user',
      resourceId: '1466',
      resources: [{ type: 'user', id: '1466', actions: ['sec.user.create'] }],
      resourceTypes: ['user'],
      actions: ['sec.user.create'],
      user: 'admin@example.com',
      ip: '203.0.113.42',
      service: 'DCD',
      outcome: 'accepted',
      ipKind: 'reserved',
    },
  ],
  [
    2,
    {
      time: Date.UTC(2026, 10, 20, 9, 15, 20, 530),
      contract: '31720001',
      type: 'RequestAccepted',
      method: 'GET',
      operation: 'read',
      user: 'ionosctl-bot@example.com',
      service: 'PUBLIC_REST_V6',
      requestId: '0d2b6a3e-0c8e-4f77-9d5b-0b0f6a3c1a02',
      outcome: 'accepted',
    },
  ],
  [
    3,
    {
      time: Date.UTC(2026, 10, 20, 9, 16),
      contract: '31720001',
      type: 'RequestAccepted',
      method: 'POST',
      uri: '/cloudapi/v6/um/users',
      path: '/cloudapi/v6/um/users',
      operation: 'create',
      resource: 'user',
      resourceId: '9e1f0c77-6d1b-4f6c-9a2e-55c9f4d20e03',
      resources: [
        { type: 'datacenter', id: '7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d03', actions: [] },
        { type: 'user', id: '9e1f0c77-6d1b-4f6c-9a2e-55c9f4d20e03', actions: ['sec.user.create'] },
      ],
      resourceTypes: ['datacenter', 'user'],
      actions: ['sec.user.create'],
      user: 'admin@example.com',
      ip: '198.51.100.7',
      service: 'PUBLIC_REST_V6',
      initiator: 'PUBLIC_REST_V6',
      requestId: 'c4f2c5a1-97d6-4d0c-8a1a-2f6f4d5b3c03',
      outcome: 'accepted',
      ipKind: 'reserved',
    },
  ],
  [
    4,
    {
      time: Date.UTC(2026, 10, 20, 9, 17, 41, 2),
      contract: '31720001',
      type: 'RequestStatusUpdate',
      status: 'DONE',
      message: 'Request has been successfully executed',
      service: 'PUBLIC_REST_V6',
      initiator: 'PUBLIC_REST',
      requestId: 'c4f2c5a1-97d6-4d0c-8a1a-2f6f4d5b3c03',
      queueRefId: '884211',
      outcome: 'succeeded',
    },
  ],
  [
    5,
    {
      time: Date.UTC(2026, 10, 20, 9, 18, 3, 118),
      contract: '31720001',
      type: 'Error',
      method: 'DELETE',
      uri: '/cloudapi/v6/datacenters/7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d03',
      path: '/cloudapi/v6/datacenters/7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d03',
      operation: 'delete',
      resource: 'datacenter',
      resourceId: '7a0c9a1e-2f11-4b3a-8e77-3c5d1a9b0d03',
      user: 'intern@example.com',
      ip: '192.0.2.200',
      service: 'PUBLIC_REST_V6',
      requestId: '1f5f6f83-6a0d-4a06-8d5a-8c1a7a2f1e05',
      outcome: 'failed',
      errorStatus: 401,
      errorCode: '315',
      errorMessage: 'Unauthorized',
      ipKind: 'reserved',
    },
  ],
  [
    6,
    {
      time: Date.UTC(2026, 10, 20, 9, 19, 55, 640),
      contract: '31720001',
      type: 'GenerateToken',
      method: 'HTTP',
      operation: 'create',
      user: 'admin@example.com',
      ip: '203.0.113.42',
      outcome: 'unknown',
      ipKind: 'reserved',
    },
  ],
  [
    7,
    {
      time: Date.UTC(2026, 10, 20, 9, 21, 12, 7),
      contract: '31720001',
      type: 'DCDUserEvent',
      resource: 'user',
      resourceId: '1467',
      resources: [{ type: 'user', id: '1467', actions: [] }],
      resourceTypes: ['user'],
      actions: [],
      user: 'owner@example.com',
      ip: '203.0.113.99',
      service: 'DCD',
      outcome: 'unknown',
      ipKind: 'reserved',
    },
  ],
  [
    8,
    {
      time: Date.UTC(2026, 10, 20, 9, 23, 30, 871),
      contract: '31720001',
      type: 'Provision',
      status: 'RUNNING',
      operation: 'activate',
      resource: 'firewallrule',
      resourceId: 'e5a6c1d4-5b18-49a4-8e6b-57d7b90a4c08',
      resources: [
        {
          type: 'firewallrule',
          id: 'e5a6c1d4-5b18-49a4-8e6b-57d7b90a4c08',
          actions: ['vr.firewall.activate'],
        },
      ],
      resourceTypes: ['firewallrule'],
      actions: ['vr.firewall.activate'],
      user: 'terraform@example.com',
      service: 'PUBLIC_REST_V6',
      requestId: '6f8a2b0c-5d32-4a5c-90d4-0f1be2f53e08',
      queueRefId: '884230',
      transactionId: '4b1de2c2-3e0a-4b57-8a57-f5b3d1c40b08',
      outcome: 'pending',
    },
  ],
  [
    9,
    {
      time: Date.UTC(2026, 10, 20, 9, 25, 2, 219),
      contract: '31720001',
      type: 'RequestAccepted',
      method: 'POST',
      uri: '/cloudapi/v6/ipblocks',
      path: '/cloudapi/v6/ipblocks',
      operation: 'reserve',
      resource: 'ipblock',
      resourceId: '3a4b2a17-8c2e-4a8f-b6a8-7b2f1f4b6a09',
      resources: [
        {
          type: 'ipblock',
          id: '3a4b2a17-8c2e-4a8f-b6a8-7b2f1f4b6a09',
          actions: ['ip.ipblock.reserve'],
        },
      ],
      resourceTypes: ['ipblock'],
      actions: ['ip.ipblock.reserve'],
      user: 'terraform@example.com',
      ip: '198.51.100.7',
      service: 'PUBLIC_REST_V6',
      requestId: 'aa3f4d7b-2c64-4c22-b9b3-6c9a7e0d2f09',
      outcome: 'accepted',
      ipKind: 'reserved',
    },
  ],
  [
    10,
    {
      time: Date.UTC(2026, 10, 20, 9, 27, 45, 500),
      contract: '31720001',
      type: 'RequestAccepted',
      method: 'POST',
      operation: 'create',
      resource: 'snapshot',
      resourceId: '2d7a9f60-1a5d-4b3e-9f58-8b6f0a1c2d10',
      resources: [
        {
          type: 'snapshot',
          id: '2d7a9f60-1a5d-4b3e-9f58-8b6f0a1c2d10',
          actions: ['sn.snapshot.create'],
        },
      ],
      resourceTypes: ['snapshot'],
      actions: ['sn.snapshot.create'],
      user: 'partner@example.net',
      service: 'Reseller_V1',
      requestId: 'd0b5e6a9-7d4f-43b5-8a16-2d1c5d6e7f10',
      outcome: 'accepted',
    },
  ],
]

describe('the facts of known entries', () => {
  test.each(KNOWN)('entry %d', (number, facts) => {
    expect(factsOf(exampleOf(number))).toEqual(facts)
    expect(eventOf(exampleOf(number)).entry).toBe(entrySource(exampleOf(number)))
  })

  test('the wall clock is that of the time zone', () => {
    expect(eventOf(exampleOf(1))).toMatchObject({ weekday: 'fri', hour: 10, date: '2026-11-20' })
  })

  test.each([
    ['the contract polled comes first', CONTEXT, { contractNumber: 31720099 }, '31720001'],
    ['else the one stated, as a number', UNPOLLED, { contractNumber: 31720099 }, '31720099'],
    ['or as a text', UNPOLLED, { contractNumber: '31720099' }, '31720099'],
    ['else none', UNPOLLED, {}, undefined],
  ])('%s', (_name, context, identity, expected) => {
    expect(eventOf({ principal: { identity } }, context).contract).toBe(expected)
  })

  test('an entry is the same wrapped or not', () => {
    for (const { hit } of examples) {
      expect(eventOf(hit)).toEqual(eventOf(entrySource(hit)))
    }
  })
})

const param = (fields: object): object => ({ event: { param: fields } })
const list = (...resources: unknown[]): object => ({ event: { resources } })

describe('single facts', () => {
  test.each<readonly [string, object, Partial<Event>]>([
    ['an error status in digits', param({ error: { httpStatus: '403' } }), { errorStatus: 403 }],
    [
      'an error status in words',
      param({ error: { httpStatus: 'forbidden' } }),
      { errorStatus: undefined },
    ],
    [
      'an error status out of range',
      param({ error: { httpStatus: 5_000 } }),
      { errorStatus: undefined },
    ],
    ['an error code as a number', param({ errorCode: 315 }), { errorCode: '315' }],
    [
      'an error code in a message',
      param({
        error: { messages: [null, { message: 'No' }, { errorCode: '309', message: 'Not' }] },
      }),
      { errorCode: '309', errorMessage: 'No' },
    ],
    [
      'a failed update',
      { event: { type: 'RequestStatusUpdate', status: 'failed' } },
      { status: 'FAILED', outcome: 'failed' },
    ],
    [
      'a method in lower case',
      param({ action: 'delete' }),
      { method: 'DELETE', operation: 'delete' },
    ],
    [
      'a verb in the path',
      param({
        action: 'POST',
        uri: 'https://api.ionos.com/cloudapi/v6/datacenters/d-1/servers/s-1/stop?x',
      }),
      {
        path: '/cloudapi/v6/datacenters/d-1/servers/s-1/stop',
        operation: 'stop',
        resource: 'server',
        resourceId: 's-1',
      },
    ],
    [
      'a type with a hyphen',
      list({ type: 'firewall-rule', id: 7, action: ['vr.firewallrule.delete'] }),
      { resource: 'firewallrule', resourceId: '7', operation: 'delete' },
    ],
    [
      'a type with capitals',
      list({ type: 'backupUnit' }),
      { resource: 'backupunit', resourceId: undefined },
    ],
    ['a single action', list({ type: 'user', action: 'sec.user.delete' }), { operation: 'delete' }],
    [
      'a single resource',
      { event: { resources: { type: 'user', id: '1' } } },
      { resource: 'user', resourceId: '1' },
    ],
    ['no resources', list(), { resources: [], actions: [], resource: undefined }],
    [
      'odd resources',
      list(null, 7, 'user', [], { type: 3, id: {}, action: [null, {}] }),
      {
        resources: [{ type: undefined, id: undefined, actions: [] }],
        resource: undefined,
      },
    ],
    [
      'a mapped address',
      { principal: { sourceIP: '::ffff:8.8.8.8' } },
      { ip: '8.8.8.8', ipKind: 'public' },
    ],
    [
      'an address with spaces',
      { principal: { sourceIP: ' 10.0.0.1 ' } },
      { ip: '10.0.0.1', ipKind: 'private' },
    ],
    ['no address', { principal: { sourceIP: 'unknown' } }, { ip: undefined, ipKind: undefined }],
    ['an empty user', { principal: { identity: { username: '' } } }, { user: undefined }],
    ['a reference in digits', { meta: { queueRefId: '884211' } }, { queueRefId: '884211' }],
  ])('%s', (_name, entry, facts) => {
    expect(eventOf(entry)).toMatchObject(facts)
  })
})

describe('where an address lies', () => {
  const place: GeoFacts = {
    country: 'KR',
    asn: 4766,
    asOrg: 'Korea Telecom',
    city: 'Seoul',
    latitude: 37.57,
    longitude: 126.98,
    coarse: false,
  }
  const context: NormalizeContext = { ...CONTEXT, lookUp: () => place }
  const { coarse: _coarse, ...facts } = place
  const { coarse: _unlocated, ...nothing } = UNLOCATED

  test.each<readonly [string, string, Partial<Event>]>([
    ['all that is known of a public one', '168.126.63.1', { ip: '168.126.63.1', ...facts }],
    ['of one that is mapped into IPv6', '::ffff:168.126.63.1', { ip: '168.126.63.1', ...facts }],
    ['nothing of a private one, whatever the data says', '10.0.0.1', nothing],
    ['nothing of what is no address', 'unknown', nothing],
  ])('%s', (_name, sourceIP, expected) => {
    expect(eventOf({ principal: { sourceIP } }, context)).toMatchObject(expected)
  })
})

describe('damage', () => {
  test.each([[undefined], [null], [7], ['{}'], [true], [[]], [[{}]]])('%j is no entry', (entry) => {
    expect(normalizeEntry(entry, CONTEXT)).toEqual({ event: undefined, damage: 'not-an-object' })
  })

  test.each([
    ['no-time', {}],
    ['no-time', { meta: { time: null } }],
    ['no-time', { meta: { time: '' } }],
    ['no-time', { meta: [] }],
    ['bad-time', { meta: { time: 'yesterday' } }],
    ['bad-time', { meta: { time: { at: 7 } } }],
  ])('%s: the event has the time it was read', (damage, entry) => {
    const normalized = normalizeEntry(entry, CONTEXT)
    expect(normalized.damage).toBe(damage)
    expect(normalized.event).toMatchObject({ time: READ_MS, date: '2027-01-01', hour: 1 })
  })

  test('long texts are cut, between characters', () => {
    const long = '😀'.repeat(FACT_LENGTH_MAX)
    const event = eventOf({ event: { message: `a${long}`, param: { uri: long } } })
    expect(event.message).toHaveLength(FACT_LENGTH_MAX - 1)
    expect(event.message?.at(-1)).toBe('\ude00')
    expect(event.uri).toHaveLength(FACT_LENGTH_MAX)
  })

  test('endless lists are cut', () => {
    const action = Array.from({ length: 5_000 }, () => 'a.b.c')
    const resources = Array.from({ length: 50_000 }, () => ({ type: 'user', id: '1' }))
    expect(eventOf({ event: { resources } }).resources).toHaveLength(RESOURCES_MAX)
    expect(eventOf({ event: { resources: [{ action }] } }).actions).toHaveLength(ACTIONS_MAX)
  })

  test('keys of prototypes do nothing', () => {
    const entry: unknown = JSON.parse(
      '{"__proto__":{"event":{"type":"Error"}},"constructor":{"prototype":{"type":"x"}},' +
        '"event":{"__proto__":{"type":"Error"},"resources":[{"type":"__proto__","id":"constructor"}]}}',
    )
    expect(eventOf(entry)).toMatchObject({ type: undefined, resource: 'proto', outcome: 'unknown' })
    expect(Object.hasOwn(Object.prototype, 'type')).toBe(false)
  })

  test('whatever is removed or retyped, there is an event with the right facts', () => {
    const paths = examples.map(({ hit }) => pathsOf(hit))
    const damaged = fc.nat(examples.length - 1).chain((index) =>
      fc.record({
        entry: fc.constant(examples[index]?.hit),
        edits: fc.array(
          fc.record({ path: fc.constantFrom(...(paths[index] ?? [])), value: fc.anything() }),
          { minLength: 1, maxLength: 4 },
        ),
      }),
    )
    fc.assert(
      fc.property(damaged, ({ entry, edits }) => {
        const hit = structuredClone(entry)
        for (const { path, value } of edits) put(hit, path, value)
        expectFacts(hit)
      }),
      { numRuns: 1_000 },
    )
  })

  test('any JSON at all gives an event or says why not', () => {
    fc.assert(fc.property(fc.jsonValue(), expectFacts), { numRuns: 500 })
    fc.assert(fc.property(fc.anything(), expectFacts), { numRuns: 500 })
  })
})

const timePath = (entry: unknown): unknown => fieldsOf(entry).at
const idPath = (entry: unknown): unknown => fieldsOf(entry).no

describe('other logs', () => {
  const entry = {
    event: { type: 'Error' },
    principal: { sourceIP: '8.8.8.8' },
    at: 1_795_166_160,
    no: 17,
  }

  test('only id, time and the entry are filled', () => {
    expect(normalizeEntry(entry, { ...UNPOLLED, timePath, idPath })).toEqual({
      event: {
        ...EMPTY_EVENT,
        id: '17',
        time: 1_795_166_160_000,
        weekday: 'fri',
        hour: 10,
        date: '2026-11-20',
        entry,
      },
    })
  })

  test('a time that is not found stays away', () => {
    const normalized = normalizeEntry({ no: 1 }, { ...UNPOLLED, timePath })
    expect(normalized.damage).toBe('no-time')
    expect(normalized.event).toMatchObject({ time: undefined, hour: undefined, entry: { no: 1 } })
    expect(normalized.event?.id).toMatch(/^h/)
  })
})

type Path = readonly (string | number)[]

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  const below = Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...at, key]))
  return at.length === 0 ? below : [at, ...below]
}

function put(target: unknown, path: Path, value: unknown): void {
  const [key, ...rest] = path
  if (typeof target !== 'object' || target === null || key === undefined) return
  if (rest.length > 0) put(Reflect.get(target, key), rest, value)
  else if (value === undefined) Reflect.deleteProperty(target, key)
  else Reflect.set(target, key, value)
}

/** An event has all keys, in their order, and each holds what the fact table says, or nothing. */
function expectFacts(entry: unknown): void {
  const { event, damage } = normalizeEntry(entry, CONTEXT)
  if (event === undefined) {
    expect(damage).toBe('not-an-object')
    return
  }
  expect(Object.keys(event)).toEqual(FACT_NAMES)
  for (const name of FACT_NAMES) {
    const value = event[name]
    const { type, optional, values, range } = FACTS[name]
    if (value === undefined) {
      expect(optional).toBe(true)
      continue
    }
    if (type === 'string' || type === 'number') expect(typeof value).toBe(type)
    if (type === 'strings') expect(value).toSatisfy(areStrings)
    if (type === 'resources') expect(Array.isArray(value)).toBe(true)
    if (values && typeof value === 'string') expect(values).toContain(value)
    if (typeof value === 'string') expect(value.length).toBeLessThanOrEqual(FACT_LENGTH_MAX + 1)
    if (range && typeof value === 'number') {
      expect(value).toBeGreaterThanOrEqual(range[0])
      expect(value).toBeLessThanOrEqual(range[1])
    }
  }
}

function areStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

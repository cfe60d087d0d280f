// Owns what an event is: the facts rules may speak about. How an entry becomes one: normalize.ts.
import type { Address } from './address.ts'

/** What became of the operation an entry tells about. */
export type Outcome = 'accepted' | 'succeeded' | 'failed' | 'pending' | 'unknown'

/** The kind of an address, from the address alone. */
export type IpKind = 'public' | 'private' | 'loopback' | 'linklocal' | 'multicast' | 'reserved'

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'

/** One thing an operation touched; `type` is lower case without `-` and `_`. */
export type Resource = {
  readonly type: string | undefined
  readonly id: string | undefined
  readonly actions: readonly string[]
}

/**
 * One normalised entry. Every key is always present, so that all events share one hidden class;
 * a fact that the entry does not tell is `undefined`. Times are milliseconds since the epoch.
 */
export type Event = {
  readonly id: string
  readonly time: number | undefined
  readonly contract: string | undefined
  readonly type: string | undefined
  readonly status: string | undefined
  readonly message: string | undefined
  readonly method: string | undefined
  readonly uri: string | undefined
  readonly path: string | undefined
  readonly operation: string | undefined
  readonly resource: string | undefined
  readonly resourceId: string | undefined
  readonly resources: readonly Resource[] | undefined
  readonly resourceTypes: readonly string[] | undefined
  readonly actions: readonly string[] | undefined
  readonly user: string | undefined
  readonly ip: string | undefined
  readonly service: string | undefined
  readonly initiator: string | undefined
  readonly requestId: string | undefined
  readonly queueRefId: string | undefined
  readonly transactionId: string | undefined
  readonly outcome: Outcome | undefined
  readonly errorStatus: number | undefined
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly country: string | undefined
  readonly asn: number | undefined
  readonly asOrg: string | undefined
  readonly city: string | undefined
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly ipKind: IpKind | undefined
  readonly weekday: Weekday | undefined
  readonly hour: number | undefined
  readonly date: string | undefined
  readonly entry: unknown
}

/**
 * What is known of where an address lies. `coarse`: the coordinates are those of the country's
 * middle, or of an area without a name; an event shows it by coordinates without a city.
 */
export type GeoFacts = Pick<
  Event,
  'country' | 'asn' | 'asOrg' | 'city' | 'latitude' | 'longitude'
> & { readonly coarse: boolean }

/** Of an address that is not public, or that no data knows. */
export const UNLOCATED: GeoFacts = Object.freeze({
  country: undefined,
  asn: undefined,
  asOrg: undefined,
  city: undefined,
  latitude: undefined,
  longitude: undefined,
  coarse: false,
})

/** Finds what is known of an address. Never throws. */
export type LookUp = (address: Address) => GeoFacts

export type FactName = keyof Event

/** What a fact holds: decides which comparisons can hold, and what editors show. */
export type FactType = 'string' | 'number' | 'strings' | 'resources' | 'any'

export type FactSpec = {
  readonly type: FactType
  /** Whether an event may lack it: a negated condition on it then holds without it. */
  readonly optional: boolean
  readonly about: string
  readonly values?: readonly string[]
  /** Inclusive range a number can have; a comparison outside of it can't hold. */
  readonly range?: readonly [number, number]
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const OUTCOMES = ['accepted', 'succeeded', 'failed', 'pending', 'unknown'] as const
const IP_KINDS = ['public', 'private', 'loopback', 'linklocal', 'multicast', 'reserved'] as const

const text = (about: string): FactSpec => ({ type: 'string', optional: true, about })
const number = (about: string): FactSpec => ({ type: 'number', optional: true, about })

/** Every fact, in the order documentation shows them. A name that is not here is a load error. */
export const FACTS: Readonly<Record<FactName, FactSpec>> = {
  id: { type: 'string', optional: false, about: 'identity of the entry' },
  time: { type: 'number', optional: false, about: 'when it happened, ms since the epoch' },
  contract: text('contract number, as a string'),
  type: text('kind of entry, e.g. RequestAccepted, RequestStatusUpdate, Provision, Error'),
  status: text('status in upper case: QUEUED, RUNNING, DONE, FAILED'),
  message: text('message on the status'),
  method: text('HTTP method in upper case'),
  uri: text('URI of the request as logged'),
  path: text('path of the URI: no host, no query, no trailing slash'),
  operation: text('create, read, update, delete, or another verb such as stop'),
  resource: text('type of the main resource, lower case without - and _'),
  resourceId: text('id of the main resource'),
  resources: { type: 'resources', optional: true, about: 'all resources: type, id, actions' },
  resourceTypes: { type: 'strings', optional: true, about: 'types of all resources' },
  actions: { type: 'strings', optional: true, about: 'all action strings, e.g. sec.user.create' },
  user: text('login name of who acted'),
  ip: text('source address in canonical form'),
  service: text('service used: PUBLIC_REST_V6, DCD, Reseller_V1, …'),
  initiator: text('component that started the operation'),
  requestId: text('id of the request, shared by all entries about it'),
  queueRefId: text('provisioning queue reference'),
  transactionId: text('transaction id'),
  outcome: { type: 'string', optional: false, about: 'what became of it', values: OUTCOMES },
  errorStatus: {
    type: 'number',
    optional: true,
    about: 'HTTP status of the error',
    range: [0, 999],
  },
  errorCode: text('internal error code'),
  errorMessage: text('text of the error'),
  country: text('ISO 3166 country of the address'),
  asn: number('number of the network the address belongs to'),
  asOrg: text('organisation of that network'),
  city: text('city of the address'),
  latitude: { type: 'number', optional: true, about: 'latitude of the address', range: [-90, 90] },
  longitude: { type: 'number', optional: true, about: 'longitude', range: [-180, 180] },
  ipKind: { type: 'string', optional: true, about: 'kind of address', values: IP_KINDS },
  weekday: { type: 'string', optional: false, about: 'day in the time zone', values: WEEKDAYS },
  hour: { type: 'number', optional: false, about: 'hour in the time zone, 0–23', range: [0, 23] },
  date: { type: 'string', optional: false, about: 'date in the time zone, e.g. 2026-11-20' },
  entry: { type: 'any', optional: false, about: 'the raw entry, for what has no fact of its own' },
}

export const FACT_NAMES = Object.keys(FACTS) as readonly FactName[]

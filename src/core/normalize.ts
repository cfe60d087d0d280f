// Owns how an entry becomes an event. What is known of its address is looked up by whoever knows
// (enrich/), and put in here, so that an event is made once and never changed.
import { addressKind, formatAddress, parseAddress } from './address.ts'
import type { Calendar } from './calendar.ts'
import { entryId, namedId, ownId, ownNamedId } from './entry-id.ts'
import { readResources } from './entry-resources.ts'
import { parseTime } from './entry-time.ts'
import { type Event, type GeoFacts, type IpKind, type LookUp, UNLOCATED } from './event.ts'
import { type Fields, fieldsOf, isFields, scalarOf, textOf, wholeOf } from './fields.ts'
import { operationOf, outcomeOf } from './operation.ts'
import { pathOf, resourceOfPath } from './resource-path.ts'

/**
 * What was wrong with an entry. `not-an-object`: no event comes of it. `no-time`, `bad-time`: the
 * entry states none, or none that can be read; the event then has the time it was read, or, in a
 * log that isn't IONOS's, none.
 */
export type Damage = 'not-an-object' | 'no-time' | 'bad-time'

export type Normalized =
  | { readonly event: Event; readonly damage?: Damage }
  | { readonly event: undefined; readonly damage: Damage }

export type NormalizeContext = {
  /** The contract that was polled; undefined takes the one the entry states. */
  readonly contract: string | undefined
  readonly readTimeMs: number
  readonly calendar: Calendar
  /**
   * Where a log that is not the IONOS Activity Log keeps its time and id. When one of them is
   * given, nothing but `id`, `entry`, the contract polled and, where found, the time is filled:
   * fields that happen to be named as ours mean something else there.
   */
  readonly timePath?: (entry: unknown) => unknown
  readonly idPath?: (entry: unknown) => unknown
  /**
   * False leaves `id` empty. Where the log gives none, working it out costs more than all other
   * facts together: who reads millions of entries asks `eventId` for the few that matter.
   */
  readonly identify?: boolean
  /** Asked for public addresses; without it events don't tell where theirs lies. */
  readonly lookUp?: LookUp | undefined
}

/** Where a hit of the API keeps its entry. */
const SOURCE_KEY = '_source'

/** Messages of one error that are searched for its code and text. */
const MESSAGES_MAX = 20

/** Facts speak of HTTP statuses as 0 to 999. */
const STATUS_MAX = 999

/** The entry itself, when it comes as the API's `{"_source": {…}}`. */
export function entrySource(value: unknown): unknown {
  if (!isFields(value)) return value
  const inner = Object.hasOwn(value, SOURCE_KEY) ? value[SOURCE_KEY] : undefined
  return isFields(inner) ? inner : value
}

/** The event of one entry, wrapped in `_source` or not. Never throws, whatever the entry holds. */
export function normalizeEntry(entry: unknown, context: NormalizeContext): Normalized {
  const source = entrySource(entry)
  if (!isFields(source)) return { event: undefined, damage: 'not-an-object' }
  if (context.timePath || context.idPath) return normalizeForeign(source, context)
  const meta = fieldsOf(source.meta)
  const time = parseTime(meta.time)
  const event = readEvent(source, {
    meta,
    time: time ?? context.readTimeMs,
    context,
  })
  return time === undefined ? { event, damage: timeDamage(meta.time) } : { event }
}

/** The id of an event that was normalised in this context with `identify: false`. */
export function eventId({ entry, contract }: Event, context: NormalizeContext): string {
  const source = isFields(entry) ? entry : {}
  if (!context.timePath && !context.idPath) return entryId(source, contract)
  return namedId(source, context.idPath?.(source), contract)
}

/** The id that the entry of an event states; undefined where one has to be worked out. */
export function statedId({ entry }: Event, context: NormalizeContext): string | undefined {
  const source = isFields(entry) ? entry : {}
  if (!context.timePath && !context.idPath) return ownId(source)
  return ownNamedId(context.idPath?.(source))
}

type Reading = {
  readonly meta: Fields
  readonly time: number
  readonly context: NormalizeContext
}

function readEvent(source: Fields, { meta, time, context }: Reading): Event {
  const principal = fieldsOf(source.principal)
  const identity = fieldsOf(principal.identity)
  const event = fieldsOf(source.event)
  const param = fieldsOf(event.param)
  const error = readError(param)
  const type = textOf(event.type)
  const status = textOf(event.status)?.toUpperCase()
  const method = textOf(param.action)?.toUpperCase()
  const uri = textOf(param.uri)
  const path = uri === undefined ? undefined : pathOf(uri)
  const contract = context.contract ?? scalarOf(identity.contractNumber)
  const { resources, resourceTypes, actions, main } = readResources(event.resources)
  const action = actions?.[0]
  const named = path !== undefined && (!main || !action) ? resourceOfPath(path) : undefined
  const target = main ?? named
  const address = readAddress(principal.sourceIP, context.lookUp)
  const geo = address?.geo ?? UNLOCATED
  const at = context.calendar.at(time)
  return {
    id: context.identify === false ? '' : entryId(source, contract),
    time,
    contract,
    type,
    status,
    message: textOf(event.message),
    method,
    uri,
    path,
    operation: operationOf({ type, method, tail: named?.tail, action }),
    resource: target?.type,
    resourceId: target?.id,
    resources,
    resourceTypes,
    actions,
    user: textOf(identity.username),
    ip: address?.ip,
    service: textOf(principal.sourceService),
    initiator: textOf(param.initiator),
    requestId: scalarOf(meta.requestId),
    queueRefId: scalarOf(meta.queueRefId),
    transactionId: scalarOf(meta.transactionId),
    outcome: outcomeOf(type, status),
    errorStatus: error?.status,
    errorCode: error?.code,
    errorMessage: error?.message,
    country: geo.country,
    asn: geo.asn,
    asOrg: geo.asOrg,
    city: geo.city,
    latitude: geo.latitude,
    longitude: geo.longitude,
    ipKind: address?.kind,
    weekday: at.weekday,
    hour: at.hour,
    date: at.date,
    entry: source,
  }
}

/** An event without any fact: the keys and their order that every event has. */
export const EMPTY_EVENT: Event = Object.freeze({
  id: '',
  time: undefined,
  contract: undefined,
  type: undefined,
  status: undefined,
  message: undefined,
  method: undefined,
  uri: undefined,
  path: undefined,
  operation: undefined,
  resource: undefined,
  resourceId: undefined,
  resources: undefined,
  resourceTypes: undefined,
  actions: undefined,
  user: undefined,
  ip: undefined,
  service: undefined,
  initiator: undefined,
  requestId: undefined,
  queueRefId: undefined,
  transactionId: undefined,
  outcome: undefined,
  errorStatus: undefined,
  errorCode: undefined,
  errorMessage: undefined,
  country: undefined,
  asn: undefined,
  asOrg: undefined,
  city: undefined,
  latitude: undefined,
  longitude: undefined,
  ipKind: undefined,
  weekday: undefined,
  hour: undefined,
  date: undefined,
  entry: undefined,
})

function normalizeForeign(source: Fields, context: NormalizeContext): Normalized {
  const stated = context.timePath?.(source)
  const time = parseTime(stated)
  const unnamed: Event = {
    ...EMPTY_EVENT,
    contract: context.contract,
    entry: source,
  }
  const id = context.identify === false ? '' : eventId(unnamed, context)
  const event = { ...unnamed, id }
  if (time === undefined) return { event, damage: timeDamage(stated) }
  const { weekday, hour, date } = context.calendar.at(time)
  return { event: { ...event, time, weekday, hour, date } }
}

function timeDamage(stated: unknown): Damage {
  return stated === undefined || stated === null || stated === '' ? 'no-time' : 'bad-time'
}

type SourceAddress = {
  /** In canonical form. */
  readonly ip: string
  readonly kind: IpKind
  readonly geo: GeoFacts | undefined
}

/** The source address; undefined when what is stated is none. */
function readAddress(value: unknown, lookUp: LookUp | undefined): SourceAddress | undefined {
  const stated = textOf(value)?.trim()
  const address = stated === undefined ? undefined : parseAddress(stated)
  if (address === undefined) return undefined
  const kind = addressKind(address)
  const geo = kind === 'public' ? lookUp?.(address) : undefined
  // Dotted IPv4 is read in one spelling only; a text of its own would have to be hashed again.
  const isCanonical = address.version === 4 && stated !== undefined && /^[\d.]+$/.test(stated)
  return { ip: isCanonical ? stated : formatAddress(address), kind, geo }
}

type EntryError = {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly message: string | undefined
}

function readError(param: Fields): EntryError | undefined {
  if (param.error === undefined && param.errorCode === undefined) return undefined
  const error = fieldsOf(param.error)
  let code = scalarOf(param.errorCode) ?? scalarOf(error.errorCode)
  let message = textOf(error.message)
  const messages: readonly unknown[] = Array.isArray(error.messages) ? error.messages : []
  for (const item of messages.slice(0, MESSAGES_MAX)) {
    const found = fieldsOf(item)
    code ??= scalarOf(found.errorCode)
    message ??= textOf(found.message)
  }
  return { status: wholeOf(error.httpStatus, STATUS_MAX), code, message }
}

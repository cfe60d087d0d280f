// Owns what entries look like: one operation in, the entries the log tells about it out. Shapes as in the API's public documents.
import { ACTIVITIES } from './activities.ts'
import type { Activity, ActivityName, Thing } from './activities.ts'
import type { Random } from './random.ts'
import type { Mess } from './scenario.ts'

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** One entry and when it happened; `key` is the same in every run with this seed. */
export type Entry = {
  readonly timeMs: number
  readonly key: string
  /** What stands under `_source`. */
  readonly source: JsonObject
}

/** Somebody does something at a time. */
export type Operation = {
  readonly timeMs: number
  readonly key: string
  readonly contract: string
  readonly activity: ActivityName
  readonly user: string
  readonly address: string
  readonly service: string
  /** HTTP status when it is refused or fails. */
  readonly refused: number | undefined
  readonly ids: (thing: Thing) => string
  readonly random: Random
  readonly mess: Mess
}

/** The longest time from a request to its last echo: how far one operation reaches. */
export const ECHO_MS_MAX = 45_000

const PREFIX = '/cloudapi/v6'
/** Share of URIs with host, because the documents leave open which form the log has. */
const ABSOLUTE_URI_SHARE = 0.1
const WHOLE_SECOND_SHARE = 0.05
const FAILED_SHARE = 0.01
const RUNNING_SHARE = 0.9
/** With `RUNNING_SHARE` this keeps Provision at a tenth and status updates above half of a log. */
const PROVISION_SHARE = 0.6

const MESSAGES: Readonly<Record<string, string>> = {
  QUEUED: 'Request has been queued',
  RUNNING: 'Request is being executed',
  DONE: 'Request has been successfully executed',
  FAILED: 'Request could not be executed',
}

const ERRORS: Readonly<Record<number, readonly [string, string]>> = {
  401: ['315', 'Unauthorized'],
  403: ['310', 'Access denied'],
  404: ['309', 'Resource does not exist'],
  422: ['100', 'Validation error'],
  423: ['334', 'Resource is locked'],
}

/** What all entries of one operation share. */
type Common = {
  readonly operation: Operation
  readonly requestId: string
  readonly queueRefId: number
  readonly textNumbers: boolean
}

/** The entries of one operation, times strictly increasing, so that no two are equal. */
export function describeOperation(operation: Operation): readonly Entry[] {
  const { random, mess } = operation
  const activity: Activity = ACTIVITIES[operation.activity]
  const common: Common = {
    operation,
    requestId: random.uuid(),
    queueRefId: 800_000 + random.int(200_000),
    textNumbers: random.chance(mess.textNumbers),
  }
  const timeMs = random.chance(WHOLE_SECOND_SHARE)
    ? Math.floor(operation.timeMs / 1000) * 1000
    : operation.timeMs
  const first = describeRequest(common, activity, timeMs)
  const echoes = operation.refused === undefined ? describeEchoes(common, activity, timeMs) : []
  return [first, ...echoes].map((draft, index) => finish(common, draft, index))
}

type Draft = {
  readonly timeMs: number
  readonly event: JsonObject
  readonly principal: JsonObject
  readonly meta: JsonObject
}

function describeRequest(common: Common, activity: Activity, timeMs: number): Draft {
  const { operation } = common
  if (operation.refused !== undefined) return describeError(common, activity, timeMs)
  if (activity.type === 'GenerateToken') return describeToken(common, timeMs)
  if (activity.type === 'DCDUserEvent') return describeSignIn(common, timeMs)
  const { random, mess } = operation
  const resources = listResources(common, activity)
  if (activity.action !== undefined && random.chance(mess.sampleStyle)) {
    return {
      timeMs,
      meta: {},
      principal: principalOf(common, { ...operation, service: 'DCD' }),
      event: { param: {}, resources, type: 'RequestAccepted' },
    }
  }
  const silent = activity.touches === undefined || random.chance(mess.resourcesMissing)
  return {
    timeMs,
    meta: { requestId: common.requestId },
    principal: principalOf(common, operation),
    event: {
      type: 'RequestAccepted',
      param: { ...paramOf(operation, activity) },
      ...(!silent && { resources }),
    },
  }
}

function describeError(common: Common, activity: Activity, timeMs: number): Draft {
  const { operation, textNumbers } = common
  const status = operation.refused ?? 500
  const [errorCode, message] = ERRORS[status] ?? ['500', 'Request failed']
  const httpStatus = textNumbers ? String(status) : status
  return {
    timeMs,
    meta: { requestId: common.requestId },
    principal: principalOf(common, operation),
    event: {
      type: 'Error',
      param: {
        ...paramOf(operation, activity),
        errorCode,
        error: { httpStatus, messages: [{ errorCode, message }] },
      },
    },
  }
}

function describeToken(common: Common, timeMs: number): Draft {
  const { operation } = common
  const bare = operation.random.chance(0.7)
  return {
    timeMs,
    meta: bare ? {} : { requestId: common.requestId },
    principal: principalOf(common, operation),
    event: {
      type: 'GenerateToken',
      param: bare ? { action: 'http' } : { action: 'GET', uri: '/auth/v1/tokens/generate' },
    },
  }
}

function describeSignIn(common: Common, timeMs: number): Draft {
  const { operation } = common
  return {
    timeMs,
    meta: {},
    principal: principalOf(common, { ...operation, service: 'DCD' }),
    event: {
      type: 'DCDUserEvent',
      param: {},
      resources: [{ type: 'user', id: operation.ids('user') }],
    },
  }
}

/** Status updates and background work that follow an accepted request. */
function describeEchoes(common: Common, activity: Activity, timeMs: number): readonly Draft[] {
  const { random } = common.operation
  if (activity.method === 'GET' || activity.type !== undefined) return []
  const drafts: Draft[] = []
  let at = timeMs + 20 + random.int(400)
  drafts.push(statusUpdate(common, 'QUEUED', at))
  if (activity.provisions === true && random.chance(PROVISION_SHARE)) {
    at += 100 + random.int(2000)
    drafts.push(provision(common, activity, at))
  }
  if (random.chance(RUNNING_SHARE)) {
    at += 100 + random.int(3000)
    drafts.push(statusUpdate(common, 'RUNNING', at))
  }
  at += 500 + random.int(activity.provisions === true ? 30_000 : 3000)
  drafts.push(statusUpdate(common, random.chance(FAILED_SHARE) ? 'FAILED' : 'DONE', at))
  return drafts
}

function statusUpdate(common: Common, status: string, timeMs: number): Draft {
  const { operation, requestId, queueRefId } = common
  return {
    timeMs,
    meta: { requestId, queueRefId },
    principal: { sourceService: operation.service, identity: {} },
    event: {
      type: 'RequestStatusUpdate',
      status,
      message: MESSAGES[status] ?? status,
      param: { initiator: 'PUBLIC_REST', sourceService: 'PUBLIC_REST' },
    },
  }
}

function provision(common: Common, activity: Activity, timeMs: number): Draft {
  const { operation, requestId, queueRefId } = common
  const { random } = operation
  return {
    timeMs,
    meta: {
      requestId,
      queueRefId,
      ...(random.chance(0.2) && { transactionId: random.uuid() }),
    },
    principal: {
      sourceService: operation.service,
      serviceHost: `svc${String(1 + random.int(9)).padStart(2, '0')}.example.internal`,
      identity: identityOf(common),
    },
    event: {
      type: 'Provision',
      status: 'RUNNING',
      param: { sourceService: 'Provisioning' },
      resources: listResources(common, activity),
    },
  }
}

/** Fills in what is the same for every type, and what tells two entries apart. */
function finish(common: Common, draft: Draft, index: number): Entry {
  const { operation, textNumbers } = common
  const { random, mess } = operation
  const version = random.chance(0.5) ? 0.1 : 1
  const named = !random.chance(mess.uuidMissing)
  const uuid = random.uuid()
  const told = draft.meta['requestId'] !== undefined
  const meta = {
    auditVersion: textNumbers ? '0.1' : version,
    time: formatTime(draft.timeMs),
    ...draft.meta,
    // Without @uuid and requestId two sign-ins in one millisecond would be one entry.
    ...(!named && !told && { transactionId: uuid }),
  }
  return {
    timeMs: draft.timeMs,
    key: `${operation.key}.${index}`,
    source: {
      ...(named && { '@uuid': uuid }),
      meta,
      principal: draft.principal,
      event: draft.event,
    },
  }
}

function principalOf(
  common: Common,
  { service, address, random, mess }: Pick<Operation, 'service' | 'address' | 'random' | 'mess'>,
): JsonObject {
  return {
    ...(!random.chance(mess.ipMissing) && { sourceIP: address }),
    sourceService: service,
    identity: identityOf(common),
  }
}

function identityOf({ operation, textNumbers }: Common): JsonObject {
  const number = Number(operation.contract)
  const asText = textNumbers || !Number.isSafeInteger(number)
  return { contractNumber: asText ? operation.contract : number, username: operation.user }
}

function paramOf(operation: Operation, activity: Activity): JsonObject {
  const { random, service } = operation
  const path = random
    .pick(activity.paths)
    .replaceAll(/\{(\w+)\}/g, (_, thing: string) => operation.ids(thing as Thing))
  const full = path.startsWith('/auth') ? path : `${PREFIX}${path}`
  const query = activity.method === 'GET' && random.chance(0.3) ? '?depth=1' : ''
  const host = random.chance(ABSOLUTE_URI_SHARE) ? 'https://api.ionos.com' : ''
  const named = service.startsWith('PUBLIC_REST')
  return {
    action: activity.method,
    uri: `${host}${full}${query}`,
    ...(named && { initiator: service, sourceService: service }),
  }
}

function listResources({ operation }: Common, activity: Activity): readonly JsonObject[] {
  const { touches, action } = activity
  if (touches === undefined) return []
  const touched = {
    type: touches.type,
    id: operation.ids(touches.thing),
    action: action === undefined ? [] : [action],
  }
  // Users stand beside a data center that nothing happened to, as in IONOS's own tests.
  if (touches.thing !== 'user' || !operation.random.chance(0.3)) return [touched]
  return [{ type: 'datacenter', id: operation.ids('datacenter'), action: [] }, touched]
}

/** Milliseconds as the log writes them, none on a whole second: both forms are seen. */
function formatTime(ms: number): string {
  const written = new Date(ms).toISOString()
  return written.endsWith('.000Z') ? `${written.slice(0, -5)}Z` : written
}

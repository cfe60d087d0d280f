// Owns the entry a request itself makes: accepted, refused, a token generated, a sign-in. What follows it: echoes.ts.
import { isThing } from './activities.ts'
import type { Activity } from './activities.ts'
import { listResources, principalOf } from './operation.ts'
import type { Common, Draft, JsonObject, Operation } from './operation.ts'

const PREFIX = '/cloudapi/v6'
/** Share of URIs with host, because the documents leave open which form the log has. */
const ABSOLUTE_URI_SHARE = 0.1
const QUERY_SHARE = 0.3
/** Share of tokens whose entry tells nothing but its type. */
const BARE_TOKEN_SHARE = 0.7

const ERRORS: Readonly<Record<number, readonly [string, string]>> = {
  401: ['315', 'Unauthorized'],
  403: ['310', 'Access denied'],
  404: ['309', 'Resource does not exist'],
  422: ['100', 'Validation error'],
  423: ['334', 'Resource is locked'],
}

/** The entry of the request, as its activity and its fate want. */
export function describeRequest(common: Common, activity: Activity, timeMs: number): Draft {
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
      principal: principalOf(common, operation),
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
  const bare = operation.random.chance(BARE_TOKEN_SHARE)
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

function paramOf(operation: Operation, activity: Activity): JsonObject {
  const { random, service } = operation
  const path = random
    .pick(activity.paths)
    .replaceAll(/\{(\w+)\}/g, (place, thing: string) =>
      isThing(thing) ? operation.ids(thing) : place,
    )
  const full = /^\/(auth|reseller)\//.test(path) ? path : `${PREFIX}${path}`
  const query = activity.method === 'GET' && random.chance(QUERY_SHARE) ? '?depth=1' : ''
  const host = random.chance(ABSOLUTE_URI_SHARE) ? 'https://api.ionos.com' : ''
  const named = service.startsWith('PUBLIC_REST')
  return {
    action: activity.method,
    uri: `${host}${full}${query}`,
    ...(named && { initiator: service, sourceService: service }),
  }
}

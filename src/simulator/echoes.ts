// Owns what follows an accepted request: status updates and background work, over half of a log. The request itself: requests.ts.
import type { Activity } from './activities.ts'
import { identityOf, listResources } from './operation.ts'
import type { Common, Draft } from './operation.ts'

const FAILED_SHARE = 0.01
const RUNNING_SHARE = 0.9
/** With `RUNNING_SHARE` this keeps Provision at a tenth and status updates above half of a log. */
const PROVISION_SHARE = 0.6
const TRANSACTION_SHARE = 0.2
/** The longest waits before each echo; their sum is how far one operation reaches. */
const QUEUED_MS_MAX = 420
const PROVISION_MS_MAX = 2100
const RUNNING_MS_MAX = 3100
const DONE_MS_MAX = 30_500
const QUICK_DONE_MS_MAX = 3500

/** The longest time from a request to its last echo. */
export const ECHO_MS_MAX = QUEUED_MS_MAX + PROVISION_MS_MAX + RUNNING_MS_MAX + DONE_MS_MAX

const MESSAGES: Readonly<Record<string, string>> = {
  QUEUED: 'Request has been queued',
  RUNNING: 'Request is being executed',
  DONE: 'Request has been successfully executed',
  FAILED: 'Request could not be executed',
}

/** Status updates and background work that follow an accepted request. */
export function describeEchoes(
  common: Common,
  activity: Activity,
  timeMs: number,
): readonly Draft[] {
  const { random } = common.operation
  if (activity.method === 'GET' || activity.type !== undefined) return []
  const drafts: Draft[] = []
  let at = timeMs + 20 + random.int(QUEUED_MS_MAX - 20)
  drafts.push(statusUpdate(common, 'QUEUED', at))
  if (activity.provisions === true && random.chance(PROVISION_SHARE)) {
    at += 100 + random.int(PROVISION_MS_MAX - 100)
    drafts.push(provision(common, activity, at))
  }
  if (random.chance(RUNNING_SHARE)) {
    at += 100 + random.int(RUNNING_MS_MAX - 100)
    drafts.push(statusUpdate(common, 'RUNNING', at))
  }
  at += 500 + random.int((activity.provisions === true ? DONE_MS_MAX : QUICK_DONE_MS_MAX) - 500)
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
      ...(random.chance(TRANSACTION_SHARE) && { transactionId: random.uuid() }),
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

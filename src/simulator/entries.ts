// Owns turning an operation into the entries the log tells about it. Their parts: requests.ts, echoes.ts.
import { ACTIVITIES } from './activities.ts'
import type { Activity } from './activities.ts'
import { describeEchoes } from './echoes.ts'
import type { Common, Draft, JsonObject, Operation } from './operation.ts'
import { describeRequest } from './requests.ts'

/** One entry and when it happened; `key` is the same in every run with this seed. */
export type Entry = {
  readonly timeMs: number
  readonly key: string
  /** What stands under `_source`. */
  readonly source: JsonObject
}

const WHOLE_SECOND_SHARE = 0.05

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

/** Milliseconds as the log writes them, none on a whole second: both forms are seen. */
function formatTime(ms: number): string {
  const written = new Date(ms).toISOString()
  return written.endsWith('.000Z') ? `${written.slice(0, -5)}Z` : written
}

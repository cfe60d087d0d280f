// Owns the frame: the facts of one event by number, so that thousands of conditions read an array
// element each instead of looking a name up. Which facts there are: event.ts.
import { type Event, FACT_NAMES, type FactName } from './event.ts'

/**
 * The facts of the event being matched, in the order of FACT_NAMES, and behind them its turn: a
 * number that differs from one event to the next, by which conditions remember their verdict.
 */
export type Frame = unknown[]

const TURN = FACT_NAMES.length

const PLACES: ReadonlyMap<FactName, number> = new Map(
  FACT_NAMES.map((name, index) => [name, index] as const),
)

export function createFrame(): Frame {
  const frame = Array.from<unknown>({ length: TURN }).fill(undefined)
  frame.push(0)
  return frame
}

/** Where a fact is in a frame. */
export function placeOf(fact: FactName): number {
  return PLACES.get(fact) ?? TURN
}

/** Counts events; never comes round. */
export function turnOf(frame: Frame): number {
  const turn = frame[TURN]
  return typeof turn === 'number' ? turn : 0
}

/** Makes conditions forget what they remember of the event in the frame. */
export function beginTurn(frame: Frame): void {
  frame[TURN] = turnOf(frame) + 1
}

/**
 * Puts an event into the frame and begins a new turn. Written out because reading properties by a
 * variable name takes ten times as long; a test compares it with FACT_NAMES.
 */
export function fillFrame(frame: Frame, event: Event): void {
  frame[0] = event.id
  frame[1] = event.time
  frame[2] = event.contract
  frame[3] = event.type
  frame[4] = event.status
  frame[5] = event.message
  frame[6] = event.method
  frame[7] = event.uri
  frame[8] = event.path
  frame[9] = event.operation
  frame[10] = event.resource
  frame[11] = event.resourceId
  frame[12] = event.resources
  frame[13] = event.resourceTypes
  frame[14] = event.actions
  frame[15] = event.user
  frame[16] = event.ip
  frame[17] = event.service
  frame[18] = event.initiator
  frame[19] = event.requestId
  frame[20] = event.queueRefId
  frame[21] = event.transactionId
  frame[22] = event.outcome
  frame[23] = event.errorStatus
  frame[24] = event.errorCode
  frame[25] = event.errorMessage
  frame[26] = event.country
  frame[27] = event.asn
  frame[28] = event.asOrg
  frame[29] = event.city
  frame[30] = event.latitude
  frame[31] = event.longitude
  frame[32] = event.ipKind
  frame[33] = event.weekday
  frame[34] = event.hour
  frame[35] = event.date
  frame[36] = event.entry
  frame[TURN] = turnOf(frame) + 1
}

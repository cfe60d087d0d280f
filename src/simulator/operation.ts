// Owns what an operation is, and the parts all entries about it share. Whole entries: entries.ts.
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

/** Somebody does something at a time. Described once only: `random` moves on as it is used. */
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

/** What all entries of one operation share. */
export type Common = {
  readonly operation: Operation
  readonly requestId: string
  readonly queueRefId: number
  readonly textNumbers: boolean
}

/** An entry before what is the same for every type is filled in. */
export type Draft = {
  readonly timeMs: number
  readonly event: JsonObject
  readonly principal: JsonObject
  readonly meta: JsonObject
}

export function principalOf(
  common: Common,
  { service, address, random, mess }: Pick<Operation, 'service' | 'address' | 'random' | 'mess'>,
): JsonObject {
  return {
    ...(!random.chance(mess.ipMissing) && { sourceIP: address }),
    sourceService: service,
    identity: identityOf(common),
  }
}

export function identityOf({ operation, textNumbers }: Common): JsonObject {
  const number = Number(operation.contract)
  const asText = textNumbers || !Number.isSafeInteger(number)
  return { contractNumber: asText ? operation.contract : number, username: operation.user }
}

export function listResources({ operation }: Common, activity: Activity): readonly JsonObject[] {
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

// Owns doing what a person asks of an alert: find it, apply the action, decide who hears of it, and
// store all of it as one transition. What an action means: core/alert-action.ts.
import type { Alert } from './core/alert.ts'
import {
  type AlertAction,
  type AlertTurn,
  applyAction,
  type Refusal,
  type TrailEntry,
} from './core/alert-action.ts'
import type { Origin } from './core/alert.ts'
import type { Clock } from './core/clock.ts'
import type { Log } from './observe/log.ts'
import type { AlertActionStore, AlertStore, ContractStore } from './state/stores.ts'
import type { Teller } from './teller.ts'

export type ActionOutcome =
  | { readonly alert: Alert; readonly entry: TrailEntry }
  | Refusal
  | { readonly refused: 'not-found'; readonly message: string }

/** Who asks, and from where. */
export type Actor = { readonly by: string; readonly from: Origin }

export type ActionRequest = {
  readonly contract: string
  readonly id: string
  readonly action: AlertAction
  readonly actor: Actor
  /** The alert's `revision` the person had before them: of two at once, the second is refused. */
  readonly seen?: number | undefined
}

export type AlertActions = {
  /** Throws only when a store does. */
  act(request: ActionRequest): Promise<ActionOutcome>
  /** An alert by `A-1042`, `1042` or its id, whatever its contract; undefined: there is none. */
  find(name: string): Promise<Alert | undefined>
}

export type AlertActionParts = {
  readonly alerts: AlertStore
  readonly actions: AlertActionStore
  readonly contracts: ContractStore
  readonly teller: Teller
  /** Told when notifications wait in a contract's outbox. */
  readonly announce: (contract: string) => void
  readonly clock: Clock
  readonly log: Log
}

/** Tries before an action fails: detections changed the alert's group in between. */
const TRIES_MAX = 50

export function createAlertActions(parts: AlertActionParts): AlertActions {
  const { alerts, actions, contracts } = parts
  return {
    act: (request) => turnAlert(request, parts),

    async find(name) {
      const number = alertNumber(name)
      for (const contract of await contracts.list()) {
        const place = number === undefined ? undefined : await actions.find(contract, number)
        const id = place?.id ?? (number === undefined ? name : undefined)
        const alert = id === undefined ? undefined : await alerts.alert(contract, id)
        if (alert !== undefined) return alert
      }
      return undefined
    },
  }
}

/** The number in `A-1042`, `a-1042` or `1042`; undefined for an id. */
export function alertNumber(name: string): number | undefined {
  const digits = /^(?:A-)?(\d{1,15})$/i.exec(name.trim())?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Also for what happens by itself: `quiet`, and its taking back. */
export async function turnAlert(
  request: Omit<ActionRequest, 'action'> & { readonly action: AlertTurn },
  parts: Omit<AlertActionParts, 'alerts' | 'contracts'>,
): Promise<ActionOutcome> {
  const { contract, id, action, actor, seen } = request
  const { actions, teller, announce, clock, log } = parts
  const group = id.slice(0, id.lastIndexOf('-'))
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const { version, alerts } = await actions.group(contract, group, id)
    const before = alerts.find((alert) => alert.id === id)
    if (before === undefined) return { refused: 'not-found', message: `there is no alert ${id}` }
    const at = clock.now()
    const result = applyAction(before, action, { ...actor, at }, seen)
    if ('refused' in result) return result
    const tell = await teller(at)
    const { alert, notifications } = tell(before, result.alert)
    const trail = [{ alertId: id, entry: result.entry }]
    const change = { group, version, alerts: [alert], trail, notifications }
    if ((await actions.change(contract, change)) === 'conflict') continue
    if (notifications.length > 0) announce(contract)
    const { by, from } = actor
    log.info({ alert: `A-${alert.number}`, action: action.kind, by, from }, 'alert changed')
    return { alert, entry: result.entry }
  }
  throw new Error(`alert ${id} kept changing under the action`)
}

// Owns the alerts that the stores in memory share: memory-alerts.ts,
// memory-alert-actions.ts and memory-windows.ts.
import type { Alert, Notification } from '../core/alert.ts'
import type { TrailEntry } from '../core/alert-action.ts'
import type { OutboxItem } from './stores.ts'

export type MemoryGroup = {
  version: number
  readonly members: Map<string, number>
  readonly alerts: Map<string, Alert>
  /** Stored detections with the time of their last event. */
  readonly extents: Map<string, number>
  /** Where people resolved, ms, ascending. */
  cuts: readonly number[]
}

type TrimWindow = (contract: string, window: string, belowMs: number) => void

export type MemoryAlertState = {
  readonly group: (contract: string, key: string) => MemoryGroup
  /** To look only: an empty one where nothing was stored. */
  readonly look: (contract: string, key: string) => MemoryGroup
  readonly outbox: (contract: string) => OutboxItem[]
  /** Puts a notification at the end of a contract's outbox. */
  readonly send: (contract: string, notification: Notification) => void
  readonly all: (contract: string) => Alert[]
  readonly trail: (contract: string, alertId: string) => TrailEntry[]
  /** Takes members before a time out of a window, whose store listens. */
  readonly trim: TrimWindow
  readonly onTrim: (listen: TrimWindow) => void
}

export function createMemoryAlertState(): MemoryAlertState {
  const groups = new Map<string, MemoryGroup>()
  const outboxes = new Map<string, OutboxItem[]>()
  const trails = new Map<string, TrailEntry[]>()
  let place = 0
  let trimmed: TrimWindow = () => {}

  const outbox = (contract: string) => found(outboxes, contract, () => [])
  return {
    group: (contract, key) => found(groups, `${contract}/${key}`, createGroup),
    look: (contract, key) =>
      (groups.size === 0 ? NO_GROUP : groups.get(`${contract}/${key}`)) ?? NO_GROUP,
    outbox,
    send(contract, notification) {
      place += 1
      outbox(contract).push({ place: `${place}`, notification })
    },
    all: (contract) =>
      [...groups].flatMap(([name, { alerts }]) =>
        name.startsWith(`${contract}/`) ? [...alerts.values()] : [],
      ),
    trail: (contract, alertId) => found(trails, `${contract}/${alertId}`, () => []),
    trim: (...what) => trimmed(...what),
    onTrim(listen) {
      trimmed = listen
    },
  }
}

function createGroup(): MemoryGroup {
  return { version: 0, members: new Map(), alerts: new Map(), extents: new Map(), cuts: [] }
}

const NO_GROUP = createGroup()

function found<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

// Owns in memory what people and time do to alerts; the same contract as redis-alert-actions.ts.
import type { Alert } from '../core/alert.ts'
import { cutsOf } from './cuts.ts'
import type { MemoryAlertState } from './memory-alert-state.ts'
import type { AlertActionStore, AlertPlace } from './stores.ts'

export function createMemoryAlertActionStore(state: MemoryAlertState): AlertActionStore {
  /** Times to look that `touch` made earlier than the alert says. */
  const touched = new Map<string, number>()
  const lookAt = (alert: Alert) =>
    Math.min(touched.get(alert.id) ?? Infinity, alert.lookAt ?? Infinity)
  const open = (contract: string) =>
    state
      .all(contract)
      .filter((alert) => alert.state !== 'resolved')
      .sort((a, b) => lookAt(a) - lookAt(b))

  return {
    async group(contract, key) {
      const { version, alerts } = state.group(contract, key)
      return { version, alerts: [...alerts.values()].sort((a, b) => a.last - b.last) }
    },

    async change(contract, change) {
      const group = state.group(contract, change.group)
      if (group.version !== change.version) return 'conflict'
      group.version += 1
      for (const alert of change.alerts) {
        group.alerts.set(alert.id, alert)
        touched.delete(alert.id)
      }
      group.cuts = [...new Set([...group.cuts, ...cutsOf(change)])].sort((a, b) => a - b)
      for (const { alertId, entry } of change.trail) state.trail(contract, alertId).push(entry)
      for (const notification of change.notifications) state.send(contract, notification)
      return 'committed'
    },

    async find(contract, number) {
      const found = state.all(contract).find((alert) => alert.number === number)
      return found === undefined ? undefined : placeOf(found)
    },

    async open(contract, limit) {
      return open(contract).slice(0, limit)
    },

    async due(contract, now, limit) {
      return open(contract)
        .filter((alert) => lookAt(alert) <= now)
        .slice(0, limit)
        .map(placeOf)
    },

    // Here the index is the alerts themselves.
    async forget() {},

    async touch(contract, now) {
      for (const alert of open(contract)) touched.set(alert.id, now)
    },

    async trail(contract, alertId) {
      return [...state.trail(contract, alertId)]
    },
  }
}

function placeOf(alert: Alert): AlertPlace {
  return { group: alert.id.slice(0, alert.id.lastIndexOf('-')), id: alert.id }
}

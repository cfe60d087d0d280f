// Owns alerts in memory, for rule tests and backtests; the same contract as redis-alerts.ts.
import type { Alert } from '../core/alert.ts'
import { createMemoryAlertState } from './memory-alert-state.ts'
import type { AlertStore, GroupQuestion, NumberStore } from './stores.ts'

export function createMemoryAlertStore(state = createMemoryAlertState()): AlertStore {
  const { group, outbox, all } = state

  return {
    async read(contract, questions) {
      return questions.map((question) => {
        const { version, members, alerts, cuts } = group(contract, question.key)
        return {
          version,
          known: question.events.map((event) => members.has(event.id)),
          alerts: [...alerts.values()].filter((alert) => isWithinReach(alert, question)),
          cuts,
        }
      })
    },

    async commit(contract, commits) {
      return commits.map((commit) => {
        const { key, version, events, alerts } = commit
        const changed = group(contract, key)
        if (changed.version !== version) return 'conflict'
        changed.version += 1
        for (const { id, time } of events) changed.members.set(id, time)
        for (const alert of alerts) changed.alerts.set(alert.id, alert)
        for (const text of commit.extents?.removed ?? []) changed.extents.delete(text)
        for (const { text, last } of commit.extents?.added ?? []) changed.extents.set(text, last)
        for (const { window, belowMs } of commit.trims ?? []) state.trim(contract, window, belowMs)
        for (const notification of commit.notifications) state.send(contract, notification)
        return 'committed'
      })
    },

    async alert(contract, id) {
      return all(contract).find((alert) => alert.id === id)
    },

    async latest(contract, limit) {
      return all(contract)
        .sort((a, b) => b.last - a.last)
        .slice(0, limit)
    },

    async outbox(contract, limit) {
      return outbox(contract).slice(0, limit)
    },

    async clearOutbox(contract, places) {
      const items = outbox(contract)
      const rest = items.filter((item) => !places.includes(item.place))
      items.splice(0, items.length, ...rest)
    },
  }
}

function isWithinReach(alert: Alert, question: GroupQuestion): boolean {
  const times = question.events.map((event) => event.time)
  const from = Math.min(...times) - question.reachMs
  const to = Math.max(...times) + question.reachMs
  return alert.last >= from && alert.first <= to
}

/** Numbers from 1, for tests and backtests. */
export function createMemoryNumberStore(): NumberStore {
  let next = 1
  return {
    async take(count) {
      const numbers = Array.from({ length: count }, (_, at) => next + at)
      next += count
      return numbers
    },
    giveBack() {},
  }
}

// Owns alerts in memory, for rule tests and backtests; the same contract as redis-alerts.ts.
import type { Alert } from '../core/alert.ts'
import type { AlertStore, GroupQuestion, NumberStore, OutboxItem } from './stores.ts'

type Group = { version: number; members: Map<string, number>; alerts: Map<string, Alert> }

export function createMemoryAlertStore(): AlertStore {
  const groups = new Map<string, Group>()
  const outboxes = new Map<string, OutboxItem[]>()
  let place = 0

  const group = (contract: string, key: string): Group => {
    const name = `${contract}/${key}`
    const found = groups.get(name)
    if (found !== undefined) return found
    const made: Group = { version: 0, members: new Map(), alerts: new Map() }
    groups.set(name, made)
    return made
  }
  const outbox = (contract: string): OutboxItem[] => {
    const items = outboxes.get(contract) ?? []
    outboxes.set(contract, items)
    return items
  }
  const all = (contract: string): Alert[] =>
    [...groups].flatMap(([name, { alerts }]) =>
      name.startsWith(`${contract}/`) ? [...alerts.values()] : [],
    )

  return {
    async read(contract, questions) {
      return questions.map((question) => {
        const { version, members, alerts } = group(contract, question.key)
        return {
          version,
          known: question.events.map((event) => members.has(event.id)),
          alerts: [...alerts.values()].filter((alert) => isWithinReach(alert, question)),
        }
      })
    },

    async commit(contract, commits) {
      return commits.map((commit) => {
        const state = group(contract, commit.key)
        if (state.version !== commit.version) return 'conflict'
        state.version += 1
        for (const { id, time } of commit.events) state.members.set(id, time)
        for (const alert of commit.alerts) state.alerts.set(alert.id, alert)
        for (const notification of commit.notifications) {
          place += 1
          outbox(contract).push({ place: `${place}`, notification })
        }
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
      const gone = new Set(places)
      outboxes.set(
        contract,
        outbox(contract).filter((item) => !gone.has(item.place)),
      )
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

// Owns windows of events in memory, for rule tests and proofs; the same contract as redis-windows.ts.
import { createMemoryAlertState, type MemoryAlertState } from './memory-alert-state.ts'
import { indexAfter } from '../core/detection/member.ts'
import { add, createWindow, dropBefore, type Window } from './memory-window.ts'
import { answer, isEarly } from './memory-window-answer.ts'
import type { DueWindow, WindowStore } from './stores.ts'

/** `groups` are those of the alerts that follow. */
export function createMemoryWindowStore(
  groups: MemoryAlertState = createMemoryAlertState(),
): WindowStore {
  const contracts = new Map<string, Map<string, Window>>()
  const timers = new Map<string, Map<string, number>>()

  const timersOf = (contract: string): Map<string, number> => {
    const found = timers.get(contract) ?? new Map<string, number>()
    timers.set(contract, found)
    return found
  }
  const windowOf = (contract: string, key: string): Window => {
    let windows = contracts.get(contract)
    if (windows === undefined) contracts.set(contract, (windows = new Map<string, Window>()))
    const found = windows.get(key)
    if (found !== undefined) return found
    const made = createWindow()
    windows.set(key, made)
    return made
  }
  groups.onTrim((contract, key, belowMs) => dropBefore(windowOf(contract, key), belowMs))

  return {
    async ask(contract, questions) {
      return questions.map((question) => {
        const window = windowOf(contract, question.window)
        const isNew = window.first === undefined
        // Another evaluator may be about to store what was true without this: it has to ask again.
        if (add(window, question, groups.look(contract, question.group))) {
          groups.group(contract, question.group).version += 1
        }
        const group = groups.look(contract, question.group)
        const { wakeAtMs, about = '' } = question
        if (wakeAtMs !== undefined) {
          const due = timersOf(contract)
          window.about = about
          due.set(question.window, Math.min(due.get(question.window) ?? Infinity, wakeAtMs))
        }
        return isEarly(window, question, isNew) && group.version === 0
          ? undefined
          : answer(window, question, group)
      })
    },

    async newest(contract, windows) {
      return windows.map((window) => windowOf(contract, window).members.at(-1)?.time)
    },

    async nextDue(contract) {
      let next: number | undefined
      for (const dueMs of timersOf(contract).values()) next = Math.min(next ?? dueMs, dueMs)
      return next
    },

    async due(contract, markMs, limit) {
      return [...timersOf(contract)]
        .filter(([, dueMs]) => dueMs <= markMs)
        .sort((a, b) => a[1] - b[1])
        .slice(0, limit)
        .map(([window, dueMs]): DueWindow => {
          return { window, dueMs, about: windowOf(contract, window).about }
        })
    },

    async finishDue(contract, { window, dueMs, uptoMs, waitMs }) {
      const due = timersOf(contract)
      if ((due.get(window) ?? -Infinity) < dueMs) return
      const { members } = windowOf(contract, window)
      const next = members[indexAfter(members, uptoMs)]
      if (next === undefined) due.delete(window)
      else due.set(window, next.time + waitMs)
    },
  }
}

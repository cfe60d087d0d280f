// Owns stores of a process that dies at one of its writes: before it reached Redis, or after it did
// and before anybody knew.
import type { Stores } from '../../src/state/redis.ts'

export class Crash extends Error {
  override readonly name = 'Crash'
}

type Count = { writes: number }

type Call = (...args: readonly unknown[]) => Promise<unknown>

/** `dieAt` counts writes twice: even numbers die before a write, odd ones after it. */
export function dying(stores: Stores, count: Count, dieAt: number | undefined): Stores {
  const writes = <S extends object>(store: S, names: readonly (keyof S)[]): S => {
    const copy = { ...store }
    for (const name of names) {
      const call = store[name] as Call
      const counted: Call = async (...args) => {
        const at = count.writes
        count.writes += 1
        if (dieAt === 2 * at) throw new Crash(`before write ${at}`)
        const answer = await call.apply(store, [...args])
        if (dieAt === 2 * at + 1) throw new Crash(`after write ${at}`)
        return answer
      }
      copy[name] = counted as S[typeof name]
    }
    return copy
  }
  return {
    ...stores,
    alerts: writes(stores.alerts, ['commit']),
    actions: writes(stores.actions, ['change', 'touch']),
    silences: writes(stores.silences, ['add', 'expire', 'handleEnds']),
  }
}

// Owns stores of a process that dies at one of its writes: before it reached Redis, or after it did
// and before anybody knew.
import type { Stores } from '../../src/state/redis.ts'

export class Crash extends Error {
  override readonly name = 'Crash'
}

type Count = { writes: number }

type Call = (...args: never[]) => Promise<unknown>

/** `dieAt` counts writes twice: even numbers die before a write, odd ones after it. */
export function dying(stores: Stores, count: Count, dieAt: number | undefined): Stores {
  const write = <F extends Call>(call: F): F => {
    const wrapped = async (...args: never[]): Promise<unknown> => {
      const at = count.writes
      count.writes += 1
      if (dieAt === 2 * at) throw new Crash(`before write ${at}`)
      const answer = await call(...args)
      if (dieAt === 2 * at + 1) throw new Crash(`after write ${at}`)
      return answer
    }
    return wrapped as F
  }
  const { alerts, actions, silences } = stores
  return {
    ...stores,
    alerts: { ...alerts, commit: write(alerts.commit) },
    actions: { ...actions, change: write(actions.change), touch: write(actions.touch) },
    silences: {
      ...silences,
      add: write(silences.add),
      expire: write(silences.expire),
      handleEnds: write(silences.handleEnds),
    },
  }
}

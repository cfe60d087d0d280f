// Owns the real clock: the only place that reads the time or waits for it to pass.
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './core/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? undefined : { signal })
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  },
}

/** Seconds since some moment, for measuring short times; not moved when the clock is set. */
export function stopwatch(): number {
  return performance.now() / 1_000
}

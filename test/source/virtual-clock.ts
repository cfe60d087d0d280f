// Owns a clock for tests whose time passes only when nobody has anything left to do.
import type { Clock } from '../../src/core/clock.ts'

export type VirtualClock = Clock & {
  /** Runs `work`, during which time stands still: a real request, say. */
  busy<T>(work: () => Promise<T>): Promise<T>
  /** Moves the time at once, without waking anybody before its time. */
  set(nowMs: number): void
}

/** Turns of the event loop without work before time jumps to the next sleeper's end. */
const QUIET_TURNS = 3

type Sleeper = { readonly until: number; readonly wake: () => void }

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let working = 0
  let quietTurns = 0
  let ticking = false
  const sleepers = new Set<Sleeper>()

  const tick = (): void => {
    if (sleepers.size === 0) {
      ticking = false
      return
    }
    quietTurns = working > 0 ? 0 : quietTurns + 1
    if (quietTurns > QUIET_TURNS) {
      quietTurns = 0
      const next = [...sleepers].reduce((a, b) => (b.until < a.until ? b : a))
      nowMs = Math.max(nowMs, next.until)
      next.wake()
    }
    setImmediate(tick)
  }

  return {
    now: () => nowMs,
    set: (ms) => {
      nowMs = ms
    },
    async busy(work) {
      working += 1
      try {
        return await work()
      } finally {
        working -= 1
      }
    },
    async sleep(ms, signal) {
      if (signal?.aborted) return
      quietTurns = 0
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { until: nowMs + ms, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake, { once: true })
        if (!ticking) {
          ticking = true
          setImmediate(tick)
        }
      })
    },
  }
}

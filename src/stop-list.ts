// Owns the order of stopping: what was started last stops first, each part by name and in time.
import { setMaxListeners } from 'node:events'
import type { Clock } from './core/clock.ts'
import type { Log } from './observe/log.ts'

export type StopList = {
  /** Adds a part; `timeoutMs` is how long stopping it may take before the next one is stopped. */
  add(name: string, stop: () => unknown, timeoutMs?: number): void
  /**
   * Adds a loop that ends when `signal` aborts. All loops are told at once, and their time counts
   * from then: with Redis away each may wait for it, and together they would wait too long.
   */
  addLoop(name: string, ended: Promise<void>): void
  /** Aborts when stopping begins. */
  readonly signal: AbortSignal
  /** Stops everything once, in reverse; never throws. */
  run(): Promise<void>
}

const STOP_TIMEOUT_MS = 4_000
/** Loops that may listen for the end; Node warns of a leak at more than ten. */
const LISTENERS_MAX = 100

export function createStopList(clock: Clock, log: Log): StopList {
  const parts: { name: string; stop: () => unknown; timeoutMs: number; isLoop?: true }[] = []
  const stopping = new AbortController()
  setMaxListeners(LISTENERS_MAX, stopping.signal)
  let running: Promise<void> | undefined

  const runAll = async () => {
    const begunAt = clock.now()
    stopping.abort()
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const passedMs = part.isLoop ? Math.max(0, clock.now() - begunAt) : 0
      await stopPart({ ...part, timeoutMs: Math.max(0, part.timeoutMs - passedMs) }, clock, log)
    }
  }
  return {
    add: (name, stop, timeoutMs = STOP_TIMEOUT_MS) => void parts.push({ name, stop, timeoutMs }),
    addLoop(name, ended) {
      parts.push({ name, stop: () => ended, timeoutMs: STOP_TIMEOUT_MS, isLoop: true })
    },
    signal: stopping.signal,
    run: () => {
      running ??= runAll()
      return running
    },
  }
}

async function stopPart(
  { name, stop, timeoutMs }: { name: string; stop: () => unknown; timeoutMs: number },
  clock: Clock,
  log: Log,
): Promise<void> {
  const stopped = new AbortController()
  try {
    const late = clock.sleep(timeoutMs, stopped.signal).then(() => 'late' as const)
    const result = await Promise.race([
      Promise.resolve(stop()).then(() => 'stopped' as const),
      late,
    ])
    if (result === 'late')
      log.warn({ part: name, timeoutMs }, 'part did not stop in time: going on')
    else log.debug({ part: name }, 'stopped')
  } catch (error) {
    log.warn({ part: name, error }, 'part failed to stop')
  } finally {
    stopped.abort()
  }
}

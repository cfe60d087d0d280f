// Owns calling the stores and the queue until they take it: while Redis is down the reader waits.
import type { Clock } from '../core/clock.ts'
import type { Health } from './health.ts'
import { growingWaitMs } from './waits.ts'

/** Redis comes back within seconds as a rule; half a minute more is lost at worst. */
const STORE_WAIT_MS_MAX = 30_000

export type StorePatience = {
  readonly clock: Clock
  readonly random: () => number
  readonly health: Pick<Health, 'storeFailed' | 'storeWorked'>
  /** After every failure. */
  readonly onFailure?: (() => void) | undefined
}

/** Calls until it succeeds. Throws only the signal's reason. `name` is for the log. */
export async function untilTaken<T>(
  name: string,
  call: () => Promise<T>,
  patience: StorePatience,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted()
    try {
      const value = await call()
      patience.health.storeWorked()
      return value
    } catch (error) {
      signal.throwIfAborted()
      patience.health.storeFailed(name, error)
      patience.onFailure?.()
      const waitMs = growingWaitMs(failures, patience.random(), STORE_WAIT_MS_MAX)
      await patience.clock.sleep(waitMs, signal)
    }
  }
}

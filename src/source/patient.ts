// Owns repeating a request until it succeeds: the waits, the budget, and telling a window that
// can't be read from an API that is down. Which requests there are is for others.
import type { Clock } from '../core/clock.ts'
import type { Budget, Urgency } from './budget.ts'
import type { ActivityLogClient } from './client.ts'
import { SourceError, type SourceFailure } from './errors.ts'
import type { PageSource } from './page-reader.ts'
import { retryWaitMs } from './waits.ts'
import { floorSecond } from './window.ts'

export type Patience = {
  readonly budget: Budget
  readonly urgency: Urgency
  readonly clock: Clock
  /** In [0, 1): the jitter of waits. */
  readonly random: () => number
  /** Whether to throw the error instead of trying again, after so many failures; else never. */
  readonly givesUp?: (error: SourceError, failures: number) => boolean
  /** After every failure, before the wait for the next try. */
  readonly onFailure?: (error: SourceError, waitMs: number) => void
  readonly onSuccess?: () => void
  /** Whether the API answers something else of the same kind right now. */
  readonly answersElsewhere?: (signal: AbortSignal) => Promise<boolean>
}

/** From this many failures on it is asked whether only this one window can't be read. */
const SUSPECT_FAILURES = 4

/** Failures that one window alone can cause: too slow to search, or it breaks the server. */
const SUSPECT: ReadonlySet<SourceFailure> = new Set([
  'server-error',
  'bad-answer',
  'timeout',
  'bad-request',
])

/**
 * Runs `call` until it succeeds. Throws what can't be helped by trying again: `refused-window`,
 * also when everything but this call works; the last error when `givesUp` says so; the signal's
 * reason when it aborts.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  patience: Patience,
  signal: AbortSignal,
): Promise<T> {
  const { budget, clock } = patience
  for (let failures = 0; ; ) {
    const ended = await budget.take(patience.urgency, signal)
    try {
      const value = await call()
      patience.onSuccess?.()
      return value
    } catch (error) {
      // Before the wait, which is no request.
      ended()
      signal.throwIfAborted()
      if (!(error instanceof SourceError) || error.reason === 'refused-window') throw error
      failures += 1
      const waitMs = retryWaitMs(error, failures, patience.random())
      if (error.retryAfterMs !== undefined) budget.pause(waitMs)
      patience.onFailure?.(error, waitMs)
      if (patience.givesUp?.(error, failures) === true) throw error
      if (await isOnlyHere(error, failures, patience, signal)) throw unreadable(error)
      await clock.sleep(waitMs, signal)
      signal.throwIfAborted()
    } finally {
      ended()
    }
  }
}

async function isOnlyHere(
  error: SourceError,
  failures: number,
  patience: Patience,
  signal: AbortSignal,
): Promise<boolean> {
  if (failures < SUSPECT_FAILURES || !SUSPECT.has(error.reason)) return false
  if (patience.answersElsewhere === undefined) return false
  const ended = await patience.budget.take(patience.urgency, signal)
  if (!(await patience.answersElsewhere(signal).finally(ended))) return false
  patience.onSuccess?.()
  return true
}

function unreadable(error: SourceError): SourceError {
  return new SourceError(`${error.message}; the API answers for other windows`, {
    reason: 'refused-window',
    status: error.status,
    cause: error,
  })
}

/** The window that is asked for instead: recent and short, so that it is cheap and likely fine. */
const ELSEWHERE_MS = 60_000

/** Pages that are asked for again until they come. */
export function patientPages(
  client: Pick<ActivityLogClient, 'page'>,
  patience: Omit<Patience, 'answersElsewhere'>,
): PageSource {
  return {
    async page(contract, at, signal) {
      const answersElsewhere = async (): Promise<boolean> => {
        const toMs = floorSecond(patience.clock.now())
        const elsewhere = { fromMs: toMs - ELSEWHERE_MS, toMs, offset: 0, limit: 1 }
        try {
          await client.page(contract, elsewhere, signal)
          return true
        } catch {
          return false
        }
      }
      const call = async () => await client.page(contract, at, signal)
      return await patiently(call, { ...patience, answersElsewhere }, signal)
    },
  }
}

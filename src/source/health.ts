// Owns whether one contract can be read right now, and says so when that changes: one line a change.
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type { SourceError, SourceFailure } from './errors.ts'

export type LastError = {
  readonly at: number
  /** What failed and how, without secrets. */
  readonly message: string
  readonly reason: SourceFailure | 'store'
  readonly status: number | undefined
  /** What a person should check. */
  readonly hint: string | undefined
}

/**
 * `blind`: the API can't be read. `store-down`: what was read can't be put anywhere. `standby`:
 * another process reads this contract.
 */
export type HealthState = 'starting' | 'reading' | 'blind' | 'queue-full' | 'store-down' | 'standby'

export type Health = {
  /** A request failed; it will be tried again in `waitMs`. */
  failed(error: SourceError, waitMs: number): void
  worked(): void
  /** A call of a store or the queue failed. */
  storeFailed(call: string, error: unknown): void
  storeWorked(): void
  /** The queue has more than it should; reading waits. */
  queueFull(waiting: number): void
  queueFine(): void
  status(): {
    readonly state: HealthState
    /** Since when it has been in this state (ms). */
    readonly since: number
    readonly lastSuccess: number | undefined
    readonly lastError: LastError | undefined
  }
}

/** A gateway hiccup is no news; a refusal that a second try confirms is. */
const FAILURES_UNTIL_BLIND = 3
const REFUSALS_UNTIL_BLIND = 2

function isNews(reason: SourceFailure, failures: number): boolean {
  const refused = reason === 'unauthorized' || reason === 'forbidden'
  return failures >= (refused ? REFUSALS_UNTIL_BLIND : FAILURES_UNTIL_BLIND)
}

export function createHealth(contract: string, clock: Clock, log: Log): Health {
  let blind: { readonly reason: SourceFailure; readonly since: number } | undefined
  let storeDownSince: number | undefined
  let queueFullSince: number | undefined
  let failures = 0
  let lastSuccess: number | undefined
  let lastError: LastError | undefined
  let readingSince = clock.now()

  const failed = (error: SourceError, waitMs: number): void => {
    const { reason, status, hint, message } = error
    failures += 1
    lastError = { at: clock.now(), message, reason, status, hint }
    const fields = { contract, reason, status, failures, waitMs }
    if (!isNews(reason, failures) || blind?.reason === reason) return log.debug(fields, message)
    blind = { reason, since: blind?.since ?? clock.now() }
    log.warn(fields, `cannot read the Activity Log: ${message}${hint ? `; ${hint}` : ''}`)
  }

  const worked = (): void => {
    failures = 0
    if (lastSuccess === undefined) readingSince = clock.now()
    lastSuccess = clock.now()
    if (blind === undefined) return
    log.info({ contract, blindMs: clock.now() - blind.since }, 'reading again')
    blind = undefined
    readingSince = clock.now()
  }

  const storeFailed = (call: string, error: unknown): void => {
    const text = error instanceof Error ? error.message : String(error)
    const message = `${call}: ${text}`
    const hint = 'check Redis; nothing is read until it takes what was read before'
    lastError = { at: clock.now(), message, reason: 'store', status: undefined, hint }
    if (storeDownSince !== undefined) return log.debug({ contract }, message)
    storeDownSince = clock.now()
    log.warn({ contract }, `reading waits: ${message}; ${hint}`)
  }

  const storeWorked = (): void => {
    if (storeDownSince === undefined) return
    log.info({ contract, downMs: clock.now() - storeDownSince }, 'the store answers again')
    storeDownSince = undefined
    readingSince = clock.now()
  }

  const queueFull = (waiting: number): void => {
    if (queueFullSince !== undefined) return
    queueFullSince = clock.now()
    log.info({ contract, waiting }, 'reading waits until the queue is shorter')
  }

  const queueFine = (): void => {
    if (queueFullSince === undefined) return
    log.info({ contract, waitedMs: clock.now() - queueFullSince }, 'the queue is shorter')
    queueFullSince = undefined
    readingSince = clock.now()
  }

  const state = (): { state: HealthState; since: number } => {
    if (storeDownSince !== undefined) return { state: 'store-down', since: storeDownSince }
    if (queueFullSince !== undefined) return { state: 'queue-full', since: queueFullSince }
    if (blind !== undefined) return { state: 'blind', since: blind.since }
    return { state: lastSuccess === undefined ? 'starting' : 'reading', since: readingSince }
  }

  const status = () => ({ ...state(), lastSuccess, lastError })
  return { failed, worked, storeFailed, storeWorked, queueFull, queueFine, status }
}

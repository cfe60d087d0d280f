// Owns how many requests a minute all readers together may send, how many of them at once, and who
// goes first.
import type { Clock } from '../core/clock.ts'

/** Hot reads go before sweeps: alerts wait for the first, only stragglers for the second. */
export type Urgency = 'hot' | 'sweep'

export type Budget = {
  /**
   * Resolves when one request may be sent, with what is to be called once when it has ended, however
   * it did; rejects with the signal's reason when that aborts.
   */
  take(urgency: Urgency, signal: AbortSignal): Promise<() => void>
  /** Nobody sends anything for `ms`: the API said that it is too much, and means us all. */
  pause(ms: number): void
}

const MINUTE_MS = 60_000

/** This share of a minute's requests may go out at once, the rest evenly over the minute. */
const BURST_SHARE = 1 / 6

/**
 * A sweep lets hot reads pass so long, and no longer: a contract that waits for its sweep reads
 * nothing else, and where others' hot reads use up the budget it would be left behind.
 */
const SWEEP_YIELDS_MS = 30_000

type Waiter = {
  /** Who has the earliest turn goes first, ms. */
  readonly turn: number
  readonly grant: () => void
}

/** First come, first served, hot reads before sweeps. */
export function createBudget(options: {
  readonly requestsPerMinuteMax: number
  /** Requests under way at once; absent: any number. */
  readonly underWayMax?: number
  readonly clock: Clock
}): Budget {
  const { clock, underWayMax = Number.POSITIVE_INFINITY } = options
  const bucket = createBucket(options.requestsPerMinuteMax, clock)
  const queues: Record<Urgency, Set<Waiter>> = { hot: new Set(), sweep: new Set() }
  // Ends the pump's sleep when nobody waits any more, so that a stop is not held up by a pause.
  let wake: AbortController | undefined
  let underWay = 0

  const next = (): Waiter | undefined => earlier(firstOf(queues.hot), firstOf(queues.sweep))

  const pump = async (): Promise<void> => {
    if (wake !== undefined) return
    wake = new AbortController()
    for (let waiter = next(); waiter !== undefined && underWay < underWayMax; waiter = next()) {
      const ms = bucket.waitMs()
      if (ms > 0) {
        await clock.sleep(ms, wake.signal)
        if (wake.signal.aborted) wake = new AbortController()
        continue
      }
      bucket.take()
      underWay += 1
      queues.hot.delete(waiter)
      queues.sweep.delete(waiter)
      waiter.grant()
    }
    wake = undefined
  }

  /** Only the first call counts: a request ends once. */
  const ender = (): (() => void) => {
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      underWay -= 1
      void pump()
    }
  }

  const take = async (urgency: Urgency, signal: AbortSignal): Promise<() => void> => {
    signal.throwIfAborted()
    const queue = queues[urgency]
    await new Promise<void>((resolve, reject) => {
      const grant = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const turn = clock.now() + (urgency === 'sweep' ? SWEEP_YIELDS_MS : 0)
      const waiter: Waiter = { turn, grant }
      const giveUp = (): void => {
        queue.delete(waiter)
        if (next() === undefined) wake?.abort()
        reject(abortError(signal))
      }
      signal.addEventListener('abort', giveUp, { once: true })
      queue.add(waiter)
      void pump()
    })
    return ender()
  }

  return { take, pause: (ms) => bucket.pause(ms) }
}

type Bucket = {
  /** How long until one more request may be sent. */
  waitMs(): number
  take(): void
  pause(ms: number): void
}

/**
 * A token bucket. Within any 60 s no more than `perMinute` requests are granted: the burst and
 * what trickles in add up to it.
 */
function createBucket(perMinute: number, clock: Clock): Bucket {
  const burst = Math.max(1, Math.floor(perMinute * BURST_SHARE))
  const perMs = Math.max(1, perMinute - burst) / MINUTE_MS
  let tokens = burst
  let countedAt = clock.now()
  let pausedUntil = 0
  return {
    waitMs() {
      const now = clock.now()
      // A clock that was set back must neither take tokens away nor stretch a pause.
      if (now < countedAt) pausedUntil -= countedAt - now
      tokens = Math.min(burst, tokens + Math.max(0, now - countedAt) * perMs)
      countedAt = now
      const forToken = tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs)
      return Math.max(forToken, pausedUntil - now, 0)
    },
    take: () => {
      tokens -= 1
    },
    pause: (ms) => {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms)
    },
  }
}

function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError')
}

function firstOf(queue: ReadonlySet<Waiter>): Waiter | undefined {
  return queue.values().next().value
}

function earlier(hot: Waiter | undefined, sweep: Waiter | undefined): Waiter | undefined {
  if (hot === undefined || sweep === undefined) return hot ?? sweep
  return sweep.turn < hot.turn ? sweep : hot
}

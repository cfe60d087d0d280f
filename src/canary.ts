// Owns sending the canary now and then, by one process of all, and the alert when one does not
// arrive. What it is: core/canary.ts; the line it goes through: canary-line.ts.
import { CANARY_CONTRACT, canaryEntry, isCanaryDue, judgeCanary } from './core/canary.ts'
import type { Clock } from './core/clock.ts'
import { SYSTEM_CONTRACT } from './core/system-rule.ts'
import type { Log } from './observe/log.ts'
import type { EntriesJob } from './queue/queues.ts'
import type { CanaryStore, LeaseStore } from './state/stores.ts'
import type { SystemAlerts } from './system-alerts.ts'

export type CanaryParts = {
  /** From one to the next. */
  readonly everyMs: number
  /** Puts it on the queue that entries go through. */
  readonly send: (job: EntriesJob) => Promise<void>
  readonly store: CanaryStore
  readonly leases: LeaseStore
  readonly alerts: SystemAlerts
  readonly clock: Clock
  readonly log: Log
  /** Names this process among those that could send it. */
  readonly owner: string
}

export type Canary = {
  /** Looks once. Throws when a store does. */
  look(): Promise<void>
  /** Looks now and then until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

const LOOK_MS = 10_000
/** A process that dies holds it up so long. */
const LEASE_MS = 30_000
/** An alert that lasts is brought up to date this often. */
const REFRESH_MS = 600_000

const CAUSE = { rule: 'tocsin-canary-late', contract: SYSTEM_CONTRACT } as const

export function createCanary(parts: CanaryParts): Canary {
  const { everyMs, send, store, leases, alerts, clock, log, owner } = parts
  const since = clock.now()
  // What an earlier holder of the lease left open is unknown: the first look says so in any case.
  let told: { readonly isLate: boolean; readonly at: number } | undefined

  const tell = async (text: string | undefined, at: number) => {
    const isLate = text !== undefined
    const isDue = isLate && told !== undefined && at - told.at >= REFRESH_MS
    if (told?.isLate === isLate && !isDue) return
    if (isLate) await alerts.raise({ ...CAUSE, text, at })
    else await alerts.clear({ ...CAUSE, at })
    told = { isLate, at }
  }

  const look = async () => {
    if (!(await leases.hold('canary', owner, LEASE_MS))) {
      told = undefined
      return
    }
    const now = clock.now()
    const state = await store.state()
    await tell(judgeCanary(state, since, now), now)
    if (!isCanaryDue(state, everyMs, now)) return
    // First of all that it is on its way: one that can't even be put on the queue is late, too.
    await store.send(now)
    await send(canaryJob(now))
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(LOOK_MS, signal)
        if (signal.aborted) return
        await look().catch((error: unknown) => log.debug({ error }, 'the canary waits for Redis'))
      }
    },
  }
}

/** Its job has always the same name, so that never more than one waits on the queue. */
function canaryJob(at: number): EntriesJob {
  const window = { from: at, to: at + 1 }
  return { id: 'canary', contract: CANARY_CONTRACT, window, readAt: at, entries: [canaryEntry(at)] }
}

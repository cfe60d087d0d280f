// Owns looking at windows that wait for the evaluated mark: every few seconds, by one process for each
// contract at a time. What a window then becomes: raise/due.ts.
import type { Clock } from './core/clock.ts'
import type { Log } from './observe/log.ts'
import type { Pipeline } from './pipeline.ts'
import type {
  AlertStore,
  ContractStore,
  HistoryStore,
  LeaseStore,
  MarkStore,
} from './state/stores.ts'

/** The mark moves with the reads, every half a minute. */
const WATCH_INTERVAL_MS = 5_000
/** A process that dies holds a contract up so long; looking twice does no harm. */
const LEASE_MS = 30_000

/** Alerts looked through for those of the past. */
const HISTORY_ALERTS_MAX = 10_000

export type WindowWatch = {
  /** Looks until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createWindowWatch(parts: {
  readonly contracts: ContractStore
  readonly leases: LeaseStore
  readonly marks: MarkStore
  readonly history: HistoryStore
  readonly alerts: AlertStore
  readonly pipeline: Pick<Pipeline, 'advance'>
  readonly clock: Clock
  readonly log: Log
  /** Names this process among those that look. */
  readonly owner: string
}): WindowWatch {
  const { contracts, leases, pipeline, clock, log, owner } = parts

  const told = new Set<string>()

  const look = async (contract: string) => {
    const name = `windows:${contract}`
    if (!(await leases.hold(name, owner, LEASE_MS))) return
    await pipeline.advance(contract)
    if (!told.has(contract)) await tellHistory(contract)
  }

  /** Once the mark has passed what was history, one line says what was found there. */
  const tellHistory = async (contract: string) => {
    const liveFromMs = await parts.history.liveFrom(contract)
    const markMs = await parts.marks.evaluated(contract)
    if (liveFromMs !== undefined && (markMs === undefined || markMs < liveFromMs)) return
    told.add(contract)
    if (liveFromMs === undefined || !(await parts.history.tell(contract))) return
    const latest = await parts.alerts.latest(contract, HISTORY_ALERTS_MAX)
    const alerts = latest.filter(({ historical }) => historical === true).length
    log.info(
      { contract, alerts },
      'history was read: these alerts are of the past, nobody was told',
    )
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        try {
          for (const contract of await contracts.list()) {
            if (signal.aborted) return
            await look(contract)
          }
        } catch (error) {
          if (!signal.aborted) log.warn({ error }, 'looking at windows failed: tried again')
        }
        await clock.sleep(WATCH_INTERVAL_MS, signal).catch(() => {})
      }
    },
  }
}

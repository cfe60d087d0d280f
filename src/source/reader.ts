// Owns which contracts are read, each by a loop of its own (contract-reader.ts), and what they
// share: the budget of requests. Which of several processes reads which: lease-keeper.ts.
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type {
  BatchStore,
  DeadLetterStore,
  Fence,
  ReadLeaseStore,
  HistoryStore,
  ReadStore,
  SeenStore,
} from '../state/stores.ts'
import { createBudget } from './budget.ts'
import type { ActivityLogClient } from './client.ts'
import type { ContractSource } from './contracts.ts'
import {
  createContractReader,
  type ContractReader,
  type ContractStatus,
} from './contract-reader.ts'
import type { EntryQueue } from './delivery.ts'
import type { SourceError } from './errors.ts'
import { createHealth } from './health.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import { LeaseLostError } from './lease.ts'
import { patiently } from './patient.ts'
import type { ReaderConfig, ReaderHooks } from './reader-config.ts'

export type ReaderOptions = {
  readonly client: Pick<ActivityLogClient, 'page'>
  readonly contracts: ContractSource
  readonly reads: ReadStore
  readonly history?: HistoryStore | undefined
  readonly batches: BatchStore
  readonly leases: ReadLeaseStore
  readonly seen: SeenStore
  readonly queue: EntryQueue
  readonly deadLetters?: Pick<DeadLetterStore, 'add'> | undefined
  readonly clock: Clock
  readonly log: Log
  readonly config: ReaderConfig
  readonly hooks?: ReaderHooks
  /** In [0, 1): the jitter of waits. */
  readonly random: () => number
}

export type Reader = {
  /**
   * Reads those contracts that no other process reads, until the signal aborts; then it resolves,
   * in the middle of a window if need be: the next run begins at the mark. Rejects on a fault of
   * ours only. To be called once.
   */
  run(signal: AbortSignal): Promise<void>
  /** By contract number. */
  status(): Readonly<Record<string, ContractStatus>>
}

/**
 * Requests under way at once, for all contracts: enough for 60 a second when each takes half a
 * second, few enough that their answers fit in memory.
 */
export const REQUESTS_UNDER_WAY_MAX = 32

/** From so many contracts on they don't all begin at the same moment. */
const SPREAD_CONTRACTS_MIN = 20
/** Short enough that a contract is read by another process within 15 s of a crash. */
const SPREAD_MS_MAX = 5_000

/** Stands for the contract number where the list of contracts itself is asked for. */
const ALL_CONTRACTS = 'all'

export function createReader(options: ReaderOptions): Reader {
  const { clock, config } = options
  const { requestsPerMinuteMax } = config
  const underWayMax = REQUESTS_UNDER_WAY_MAX
  const budget = createBudget({ requestsPerMinuteMax, underWayMax, clock })
  const shared = {
    ...options,
    budget,
    history: options.history,
    deadLetters: options.deadLetters,
    hooks: options.hooks ?? {},
  }
  const slots = new Map<string, Slot>()
  let stopping = false

  const read = async (contract: string, fence: Fence, signal: AbortSignal): Promise<void> => {
    const reader = createContractReader({ contract, fence }, shared)
    slots.set(contract, { reader, since: clock.now() })
    try {
      if (slots.size >= SPREAD_CONTRACTS_MIN) await clock.sleep(spreadMs(contract), signal)
      await reader.run(signal)
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error
    }
    if (!stopping) slots.set(contract, { reader: undefined, since: clock.now() })
  }

  const run = async (signal: AbortSignal): Promise<void> => {
    const stop = new AbortController()
    const abort = (): void => {
      stopping = true
      stop.abort(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    const keeper = createLeaseKeeper({ ...options, read })
    const follow = (contracts: readonly string[]): void => {
      for (const contract of contracts) {
        if (!slots.has(contract)) slots.set(contract, { reader: undefined, since: clock.now() })
      }
      keeper.follow(contracts)
    }
    // One part that fails by a fault of ours ends the other, and run() tells it.
    const faults: unknown[] = []
    const fail = (error: unknown): void => {
      faults.push(error)
      stop.abort(error)
    }
    const following = followContracts({ ...shared, follow, signal: stop.signal }).catch(fail)
    await Promise.all([following, keeper.run(stop.signal).catch(fail)])
    signal.removeEventListener('abort', abort)
    if (faults.length > 0) throw faults[0]
  }

  const status = () =>
    Object.fromEntries(
      [...slots].map(([id, { reader, since }]) => [id, reader?.status() ?? standby(since)]),
    )
  return { run, status }
}

/** A contract, and its reader while this process has the lease. */
type Slot = { readonly reader: ContractReader | undefined; readonly since: number }

/** The same for a contract in every process: FNV-1a of its number, as a share of the spread. */
export function spreadMs(contract: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < contract.length; at += 1) {
    hash = Math.imul(hash ^ contract.charCodeAt(at), 0x01000193) >>> 0
  }
  return hash % SPREAD_MS_MAX
}

function standby(since: number): ContractStatus {
  const nothing = { lastSuccess: undefined, lastError: undefined, mark: undefined }
  return { state: 'standby', since, ...nothing, probe: undefined, begunAt: undefined, liveFrom: 0 }
}

type Following = Omit<ReaderOptions, 'hooks'> & {
  readonly hooks: ReaderHooks
  readonly budget: ReturnType<typeof createBudget>
  /** Reads these from now on, too. */
  readonly follow: (contracts: readonly string[]) => void
  readonly signal: AbortSignal
}

/** Lists the contracts now and then, until the signal aborts. */
async function followContracts(following: Following): Promise<void> {
  const { contracts, clock, log, signal, hooks } = following
  const health = createHealth(ALL_CONTRACTS, clock, log)
  const onFailure = (error: SourceError, waitMs: number): void => {
    health.failed(error, waitMs)
    hooks.failed?.(ALL_CONTRACTS, error.reason)
  }
  const patience = {
    ...following,
    urgency: 'hot',
    onFailure,
    onSuccess: () => health.worked(),
  } as const
  let known: readonly string[] = []
  try {
    for (;;) {
      const list = await patiently(async () => await contracts.list(signal), patience, signal)
      tellChanges(log, known, list)
      known = list
      following.follow(list)
      if (contracts.refreshMs === undefined) return
      await clock.sleep(contracts.refreshMs, signal)
      signal.throwIfAborted()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/**
 * A contract that is no longer listed is read on: when that fails, it shows, while a reader that
 * ended by itself would be silence that looks like peace.
 */
function tellChanges(log: Log, before: readonly string[], now: readonly string[]): void {
  const opened = now.filter((contract) => !before.includes(contract))
  const gone = before.filter((contract) => !now.includes(contract))
  if (opened.length > 0) log.info({ contracts: opened }, 'reading contracts')
  if (now.length === 0) log.warn({}, 'the credentials reach no contract: there is nothing to read')
  if (gone.length > 0) {
    log.warn({ contracts: gone }, 'contracts are no longer listed: check the access of the token')
  }
}

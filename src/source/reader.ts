// Owns which contracts are read, each by a loop of its own (contract-reader.ts), and what they
// share: the budget of requests. Not the leases between several processes.
import { setMaxListeners } from 'node:events'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type { BatchStore, DeadLetterStore, ReadStore, SeenStore } from '../state/stores.ts'
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
import { patiently } from './patient.ts'
import type { ReaderConfig, ReaderHooks } from './reader-config.ts'

export type ReaderOptions = {
  readonly client: Pick<ActivityLogClient, 'page'>
  readonly contracts: ContractSource
  readonly reads: ReadStore
  readonly batches: BatchStore
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
   * Reads all contracts until the signal aborts; then it resolves, in the middle of a window if
   * need be: the next run begins at the mark. Rejects on a fault of ours only. To be called once.
   */
  run(signal: AbortSignal): Promise<void>
  /** By contract number. */
  status(): Readonly<Record<string, ContractStatus>>
}

/** Stands for the contract number where the list of contracts itself is asked for. */
const ALL_CONTRACTS = 'all'

export function createReader(options: ReaderOptions): Reader {
  const { clock, config } = options
  const budget = createBudget({ requestsPerMinuteMax: config.requestsPerMinuteMax, clock })
  const shared = {
    ...options,
    budget,
    deadLetters: options.deadLetters,
    hooks: options.hooks ?? {},
  }
  const readers = new Map<string, ContractReader>()

  const run = async (signal: AbortSignal): Promise<void> => {
    const stop = new AbortController()
    const abort = (): void => stop.abort(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    // Every contract waits with this one signal: that is no leak, however many there are.
    setMaxListeners(0, stop.signal)
    // One loop that fails by a fault of ours ends the others, and run() tells it.
    const faults: unknown[] = []
    const fail = (error: unknown): void => {
      faults.push(error)
      stop.abort(error)
    }
    const loops = new Set<Promise<void>>()
    const startReaders = (contracts: readonly string[]): void => {
      for (const contract of contracts) {
        if (readers.has(contract)) continue
        const reader = createContractReader(contract, shared)
        readers.set(contract, reader)
        loops.add(reader.run(stop.signal).catch(fail))
      }
    }
    await followContracts({ ...shared, startReaders, signal: stop.signal }).catch(fail)
    await Promise.all(loops)
    signal.removeEventListener('abort', abort)
    if (faults.length > 0) throw faults[0]
  }

  const status = () => Object.fromEntries([...readers].map(([id, reader]) => [id, reader.status()]))
  return { run, status }
}

type Following = Omit<ReaderOptions, 'hooks'> & {
  readonly hooks: ReaderHooks
  readonly budget: ReturnType<typeof createBudget>
  readonly startReaders: (contracts: readonly string[]) => void
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
      following.startReaders(list)
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

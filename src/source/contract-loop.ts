// Owns what one run of reading a contract holds: its stores, pages, progress and health. What it does with them:
// contract-reader.ts and contract-piece.ts.
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type {
  BatchStore,
  DeadLetterStore,
  HistoryStore,
  ReadLease,
  ReadStore,
  SeenStore,
} from '../state/stores.ts'
import type { Budget, Urgency } from './budget.ts'
import type { ActivityLogClient } from './client.ts'
import { createDelivery, type Delivery, type EntryQueue, type Persist } from './delivery.ts'
import type { Health } from './health.ts'
import type { PageSource } from './page-reader.ts'
import { patientPages } from './patient.ts'
import type { ProbeResult } from './probe.ts'
import { createProgress, type Progress } from './progress.ts'
import type { ReaderConfig, ReaderHooks } from './reader-config.ts'
import { untilTaken } from './store-patience.ts'

/** What all contracts' readers share. */
export type Shared = {
  readonly client: Pick<ActivityLogClient, 'page'>
  readonly reads: ReadStore
  readonly history?: HistoryStore | undefined
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly queue: EntryQueue
  readonly deadLetters: Pick<DeadLetterStore, 'add'> | undefined
  readonly budget: Budget
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly hooks: ReaderHooks
  readonly config: ReaderConfig
}

/** A sweep that fails is left to its next round, so that it can't hold up the hot reads. */
const SWEEP_TRIES = 3

type Owner = ReadLease & {
  readonly shared: Shared
  readonly health: Health
  readonly signal: AbortSignal
}

/** All that one run holds. */
export type Loop = Owner & {
  readonly persist: Persist
  readonly progress: Progress
  readonly delivery: Delivery
  readonly hotPages: PageSource
  readonly sweepPages: PageSource
  probe: ProbeResult | undefined
  probeDueMs: number
  /** Before it (ms) nobody was here to read, which says nothing of how late entries come. */
  liveFrom: number
  settleDueMs: number
}

export function createLoop(owner: Owner): Loop {
  const { contract, fence, shared, health, signal } = owner
  const { clock, random, hooks, log, reads } = shared
  const patience = { clock, random, health, onFailure: () => hooks.failed?.(contract, 'store') }
  const persist: Persist = async (name, call) => await untilTaken(name, call, patience, signal)
  return {
    ...owner,
    persist,
    progress: createProgress({ contract, fence, reads, clock, log, persist }),
    delivery: createDelivery({ ...shared, contract, fence, persist }),
    hotPages: createPages(owner, 'hot'),
    sweepPages: createPages(owner, 'sweep'),
    probe: undefined,
    probeDueMs: 0,
    liveFrom: 0,
    settleDueMs: 0,
  }
}

function createPages({ contract, shared, health }: Owner, urgency: Urgency): PageSource {
  const { client, budget, clock, random, hooks } = shared
  return patientPages(client, {
    budget,
    urgency,
    clock,
    random,
    onSuccess: () => health.worked(),
    onFailure: (error, waitMs) => {
      health.failed(error, waitMs)
      hooks.failed?.(contract, error.reason)
    },
    givesUp: (_error, failures) => urgency === 'sweep' && failures >= SWEEP_TRIES,
  })
}

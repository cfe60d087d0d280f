// Owns what all of BullMQ's queues share, and the one of entries: names, options, limits. Those of
// deliveries: delivery-queue.ts. What jobs do: the two workers.
import { type ConnectionOptions, type JobsOptions, Queue, type WorkerOptions } from 'bullmq'
import type { Log } from '../observe/log.ts'
import type { Span } from '../state/stores.ts'

/** A batch: entries of one contract that are evaluated together. */
export type EntriesJob = {
  /** The batch's name, under which it was announced; also the job's id. */
  readonly id: string
  /** The window they were read from. */
  readonly window: Span
  readonly contract: string
  /** When they were read from the API, ms. */
  readonly readAt: number
  readonly entries: readonly unknown[]
}

/** Redis connections of the three kinds BullMQ needs, and the names queues have there. */
export type QueueConnections = {
  /** Fails at once while Redis is down, so that a reader can wait and say so. */
  readonly producer: ConnectionOptions
  /** Waits for Redis without limit. */
  readonly worker: ConnectionOptions
  readonly prefixOf: (queue: string) => string
}

const DAY_SECONDS = 86_400

/** A job of entries that fails this often is a poisoned one: it goes to the dead letters. */
export const ENTRIES_ATTEMPTS_MAX = 10
/** Waits between them: 1 s, 2 s, 4 s, … as BullMQ's exponential backoff doubles. */
const ENTRIES_BACKOFF_MS = 1_000
/** Poisoned jobs kept for a look. */
const ENTRIES_FAILED_MAX = 1_000
/**
 * What every worker needs so that a killed one is replaced within 15 s: its lock expires after
 * 10 s, and others look every 5 s. A job may be met by many kills before it counts as poisoned.
 */
export const WORKER_OPTIONS = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 20,
  runRetryDelay: 1_000,
  // Seconds. After a rate limit a worker may look again only when this wait is over.
  drainDelay: 1,
} satisfies Partial<WorkerOptions>

const ENTRIES_JOB: JobsOptions = {
  attempts: ENTRIES_ATTEMPTS_MAX,
  backoff: { type: 'exponential', delay: ENTRIES_BACKOFF_MS },
  removeOnComplete: true,
  removeOnFail: { count: ENTRIES_FAILED_MAX, age: 14 * DAY_SECONDS },
}

/** One that failed makes way for the next: that it does not arrive says enough. */
const CANARY_JOB: JobsOptions = { ...ENTRIES_JOB, attempts: 3, removeOnFail: true }

export const ENTRIES_QUEUE = 'entries'

export type EntriesQueue = {
  /**
   * Resolves when Redis has the job; throws at once when Redis is down. A batch that is there
   * already is not added again.
   */
  enqueue(batch: EntriesJob): Promise<void>
  /** Puts the canary there, unless one waits: nothing is counted, a lost one is no loss. */
  enqueueCanary(batch: EntriesJob): Promise<void>
  /**
   * Of batches that were announced, those that are not here: never added, or done. Those that
   * failed for good, and yet were not taken out by who takes care of that, are tried once more.
   */
  missing(ids: readonly string[]): Promise<readonly string[]>
  /** Jobs not yet begun: what back-pressure looks at. */
  waiting(): Promise<number>
  /** Jobs by state. */
  counts(): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export type QueueOptions = {
  readonly connections: QueueConnections
  readonly log: Log
}

export function createEntriesQueue(options: QueueOptions): EntriesQueue {
  const queue = openQueue<EntriesJob>(ENTRIES_QUEUE, options)
  return {
    async enqueue(batch) {
      if (batch.entries.length === 0) return
      await queue.add('entries', batch, { ...ENTRIES_JOB, jobId: batch.id })
    },
    async enqueueCanary(batch) {
      await queue.add('canary', batch, { ...CANARY_JOB, jobId: batch.id })
    },
    async missing(ids) {
      const states = await Promise.all(ids.map(async (id) => await queue.getJobState(id)))
      for (const [at, state] of states.entries()) {
        if (state === 'failed') await (await queue.getJob(ids[at] as string))?.retry('failed')
      }
      return ids.filter((_, at) => states[at] === 'unknown')
    },
    waiting: () => queue.getWaitingCount(),
    counts: () => queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
    close: () => queue.close(),
  }
}

/** A queue of BullMQ's; what is put on it while Redis is down fails at once. */
export function openQueue<Data>(name: string, { connections, log }: QueueOptions): Queue<Data> {
  const queue = new Queue<Data>(name, {
    connection: connections.producer,
    prefix: connections.prefixOf(name),
    // Metrics and events of BullMQ's own would cost a stream per queue that nobody reads.
    streams: { events: { maxLen: 100 } },
  })
  queue.on('error', (error) => log.debug({ queue: name, error }, 'queue connection'))
  return queue
}

// Owns BullMQ's queues: their names, options and limits. What jobs do: the two workers.
import { type ConnectionOptions, type JobsOptions, Queue, type WorkerOptions } from 'bullmq'
import type { Notification } from '../core/alert.ts'
import { severityRank } from '../core/severity.ts'
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

const HOUR_SECONDS = 3_600
const DAY_SECONDS = 24 * HOUR_SECONDS

/** A job of entries that fails this often is a poisoned one: it goes to the dead letters. */
export const ENTRIES_ATTEMPTS_MAX = 10
/** Waits between them: 1 s, 2 s, 4 s, … as BullMQ's exponential backoff doubles. */
const ENTRIES_BACKOFF_MS = 1_000
/** Poisoned jobs kept for a look. */
const ENTRIES_FAILED_MAX = 1_000
/** Deliveries end by age, not by count; this only satisfies BullMQ. */
const DELIVERY_ATTEMPTS_MAX = 1_000_000
/** Finished deliveries kept so that a repeated publication finds its job id taken. */
const DELIVERY_DONE_MAX = 1_000
/** Dead deliveries kept, to be sent again by hand. */
const DELIVERY_DEAD_MAX = 10_000

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

const DELIVERY_JOB: JobsOptions = {
  attempts: DELIVERY_ATTEMPTS_MAX,
  backoff: { type: 'custom' },
  removeOnComplete: { count: DELIVERY_DONE_MAX, age: HOUR_SECONDS },
  removeOnFail: { count: DELIVERY_DEAD_MAX, age: 90 * DAY_SECONDS },
}

export const ENTRIES_QUEUE = 'entries'

export function deliveryQueueName(receiver: string): string {
  return `deliver-${receiver}`
}

export type EntriesQueue = {
  /**
   * Resolves when Redis has the job; throws at once when Redis is down. A batch that is there
   * already is not added again.
   */
  enqueue(batch: EntriesJob): Promise<void>
  /**
   * Of batches that were announced, those that are not here: never added, or done. Those that
   * failed for good, and yet were not taken out by who takes care of that, are tried once more.
   */
  missing(ids: readonly string[]): Promise<readonly string[]>
  /** Jobs not yet begun: what back-pressure looks at. */
  waiting(): Promise<number>
  close(): Promise<void>
}

export type DeliveryQueue = {
  readonly receiver: string
  /** Adding the same notification again is no second job while BullMQ knows the first. */
  publish(notifications: readonly Notification[]): Promise<void>
  /** Nothing is taken from this queue for so long: the other side asked for it. */
  pause(ms: number): Promise<void>
  waiting(): Promise<number>
  close(): Promise<void>
}

type QueueOptions = {
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
    async missing(ids) {
      const states = await Promise.all(ids.map(async (id) => await queue.getJobState(id)))
      for (const [at, state] of states.entries()) {
        if (state === 'failed') await (await queue.getJob(ids[at] as string))?.retry('failed')
      }
      return ids.filter((_, at) => states[at] === 'unknown')
    },
    waiting: () => queue.getWaitingCount(),
    close: () => queue.close(),
  }
}

export function createDeliveryQueue(receiver: string, options: QueueOptions): DeliveryQueue {
  const queue = openQueue<Notification>(deliveryQueueName(receiver), options)
  return {
    receiver,
    async publish(notifications) {
      await queue.addBulk(
        notifications.map((notification) => ({
          name: notification.reason,
          data: notification,
          opts: { ...DELIVERY_JOB, jobId: notification.id, priority: priorityOf(notification) },
        })),
      )
    },
    pause: (ms) => queue.rateLimit(ms),
    waiting: () => queue.getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active'),
    close: () => queue.close(),
  }
}

/** BullMQ's 1 is the most urgent: critical 1 … info 5. */
function priorityOf({ alert }: Notification): number {
  return 5 - severityRank(alert.severity)
}

function openQueue<Data>(name: string, { connections, log }: QueueOptions): Queue<Data> {
  const queue = new Queue<Data>(name, {
    connection: connections.producer,
    prefix: connections.prefixOf(name),
    // Metrics and events of BullMQ's own would cost a stream per queue that nobody reads.
    streams: { events: { maxLen: 100 } },
  })
  queue.on('error', (error) => log.debug({ queue: name, error }, 'queue connection'))
  return queue
}

// Owns the queue of one receiver: its jobs, their order, what became of them, and sending dead ones
// again. What an attempt does: delivery-worker.ts.
import type { Job, JobsOptions, JobType, Queue } from 'bullmq'
import { type Notice, noticeSeverity } from '../core/digest.ts'
import { severityRank } from '../core/severity.ts'
import { openQueue, type QueueOptions } from './queues.ts'

const HOUR_SECONDS = 3_600
const DAY_SECONDS = 24 * HOUR_SECONDS

/** Deliveries end by age, not by count; this only satisfies BullMQ. */
const DELIVERY_ATTEMPTS_MAX = 1_000_000
/** Finished deliveries kept so that a repeated publication finds its job id taken. */
const DELIVERY_DONE_MAX = 1_000
/** Dead deliveries kept, to be sent again by hand. */
const DELIVERY_DEAD_MAX = 10_000

const DELIVERY_JOB: JobsOptions = {
  attempts: DELIVERY_ATTEMPTS_MAX,
  backoff: { type: 'custom' },
  removeOnComplete: { count: DELIVERY_DONE_MAX, age: HOUR_SECONDS },
  removeOnFail: { count: DELIVERY_DEAD_MAX, age: 90 * DAY_SECONDS },
}

/** What a job carries; `retriedAt` is when somebody asked for it again: its age starts anew. */
export type DeliveryJob = { readonly notice: Notice; readonly retriedAt?: number }

export function deliveryQueueName(receiver: string): string {
  return `deliver-${receiver}`
}

/** Where a delivery is; BullMQ's words for it are its own matter. */
export type QueuedState = 'sending' | 'waiting' | 'dead'

/** One delivery of a queue, for people. */
export type QueuedDelivery = {
  readonly id: string
  readonly receiver: string
  readonly state: QueuedState
  readonly notice: Notice
  readonly attempts: number
  /** When it was given up, ms. */
  readonly endedAt?: number
  /** When it is tried again, ms, where that is known. */
  readonly nextAt?: number
  /** What the last attempt met. */
  readonly failure?: string
}

export type DeliveryCounts = Readonly<Record<QueuedState, number>>

export type DeliveryQueue = {
  readonly receiver: string
  /** Adding the same notice again is no second job while BullMQ knows the first. */
  publish(notices: readonly Notice[]): Promise<void>
  /** Nothing is taken from this queue for so long: the other side asked for it. */
  pause(ms: number): Promise<void>
  counts(): Promise<DeliveryCounts>
  /** Deliveries that are not done, dead ones first, then those under way; at most `limit`. */
  list(states: readonly QueuedState[], limit: number): Promise<readonly QueuedDelivery[]>
  /**
   * Puts dead deliveries back on the queue, all or the ones named, with a full `maxAge` to come.
   * Returns the ids of those that were.
   */
  retryDead(ids: readonly string[] | 'all', at: number): Promise<readonly string[]>
  close(): Promise<void>
}

export function createDeliveryQueue(receiver: string, options: QueueOptions): DeliveryQueue {
  const queue = openQueue<DeliveryJob>(deliveryQueueName(receiver), options)
  return {
    receiver,
    async publish(notices) {
      if (notices.length === 0) return
      await queue.addBulk(
        notices.map((notice) => ({
          name: notice.reason,
          data: { notice },
          opts: { ...DELIVERY_JOB, jobId: notice.id, priority: priorityOf(notice) },
        })),
      )
    },
    async pause(ms) {
      await queue.rateLimit(ms)
    },
    async counts() {
      const found = await queue.getJobCounts(...Object.values(BULL_STATES).flat())
      const sum = (state: QueuedState) =>
        BULL_STATES[state].reduce((total, name) => total + (found[name] ?? 0), 0)
      return { sending: sum('sending'), waiting: sum('waiting'), dead: sum('dead') }
    },
    list: (states, limit) => listDeliveries(queue, receiver, states, limit),
    retryDead: (ids, at) => retryDead(queue, ids, at),
    close: () => queue.close(),
  }
}

const BULL_STATES = {
  dead: ['failed'],
  sending: ['active'],
  waiting: ['prioritized', 'waiting', 'delayed'],
} as const satisfies Readonly<Record<QueuedState, readonly JobType[]>>

/** BullMQ's 1 is the most urgent: critical 1 … info 5. */
function priorityOf(notice: Notice): number {
  return 5 - severityRank(noticeSeverity(notice))
}

async function listDeliveries(
  queue: Queue<DeliveryJob>,
  receiver: string,
  states: readonly QueuedState[],
  limit: number,
): Promise<readonly QueuedDelivery[]> {
  const found: QueuedDelivery[] = []
  for (const state of states) {
    for (const name of BULL_STATES[state]) {
      if (found.length >= limit) return found
      const jobs = await queue.getJobs([name], 0, limit - found.length - 1, name !== 'failed')
      found.push(...jobs.flatMap((job) => (isJob(job) ? [describeJob(job, receiver, state)] : [])))
    }
  }
  return found
}

/** A job that ends while it is looked at is not there any more. */
function isJob(job: Job<DeliveryJob> | undefined): job is Job<DeliveryJob> {
  return job?.id !== undefined && job.data?.notice !== undefined
}

function describeJob(job: Job<DeliveryJob>, receiver: string, state: QueuedState): QueuedDelivery {
  const { delay, timestamp, finishedOn, failedReason } = job
  const isDelayed = state === 'waiting' && delay > 0
  return {
    id: job.data.notice.id,
    receiver,
    state,
    notice: job.data.notice,
    attempts: job.attemptsMade,
    ...(state === 'dead' && finishedOn !== undefined ? { endedAt: finishedOn } : {}),
    ...(isDelayed ? { nextAt: (job.processedOn ?? timestamp) + delay } : {}),
    ...(failedReason ? { failure: failedReason } : {}),
  }
}

async function retryDead(
  queue: Queue<DeliveryJob>,
  ids: readonly string[] | 'all',
  at: number,
): Promise<readonly string[]> {
  const dead = await queue.getJobs(['failed'], 0, DELIVERY_DEAD_MAX - 1, true)
  const wanted = dead.filter(
    (job) => isJob(job) && (ids === 'all' || ids.includes(job.data.notice.id)),
  )
  const retried: string[] = []
  for (const job of wanted) {
    await job.updateData({ ...job.data, retriedAt: at })
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    retried.push(job.data.notice.id)
  }
  return retried
}

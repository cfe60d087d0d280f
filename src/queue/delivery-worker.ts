// Owns the delivery of notifications to one receiver: attempts, retries, waits, the record of each.
import { type Job, RateLimitError, UnrecoverableError, Worker } from 'bullmq'
import type { Notification } from '../core/alert.ts'
import type { Clock } from '../core/clock.ts'
import { DeliveryError, type Receiver } from '../notify/receiver.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { DeliveryStore } from '../state/stores.ts'
import {
  type DeliveryQueue,
  deliveryQueueName,
  type QueueConnections,
  WORKER_OPTIONS,
} from './queues.ts'

/** Messages under way at once where no pace is set. */
const DELIVERY_CONCURRENCY = 4
/** BullMQ looks whether a queue is paused by a rate limit only for workers that have a limiter. */
const NO_PACE = { max: 1_000_000, duration: 1_000 }
/** Waits between attempts: they double from the first to the longest, with jitter. */
const RETRY_WAIT_FIRST_MS = 1_000
const RETRY_WAIT_MAX_MS = 300_000
/** A rate limit without `Retry-After`. */
const RATE_LIMIT_WAIT_MS = 30_000
/** On stop, sends under way may still end by themselves for so long; then they are handed back. */
const SEND_GRACE_MS = 2_500

export type DeliveryWorker = { close(): Promise<void> }

export type DeliveryWorkerOptions = {
  readonly connections: QueueConnections
  readonly queue: DeliveryQueue
  readonly receiver: Receiver
  /** The least time between two sends, over all replicas; 0 for none. */
  readonly paceMs: number
  /** After so long a notification is dead. */
  readonly ageMaxMs: number
  readonly deliveries: DeliveryStore
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** Between 0 and 1: spreads retries. */
  readonly random: () => number
}

export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const { connections, receiver, paceMs, log } = options
  const stopping = new AbortController()
  const name = deliveryQueueName(receiver.name)

  const worker = new Worker<Notification>(name, (job) => deliver(job, options, stopping.signal), {
    ...WORKER_OPTIONS,
    connection: connections.worker,
    prefix: connections.prefixOf(name),
    concurrency: paceMs > 0 ? 1 : DELIVERY_CONCURRENCY,
    limiter: paceMs > 0 ? { max: 1, duration: paceMs } : NO_PACE,
    settings: { backoffStrategy: (attempts) => retryWaitMs(attempts, options.random()) },
  })
  worker.on('error', (error) => log.debug({ receiver: receiver.name, error }, 'delivery worker'))

  return {
    async close() {
      const grace = setTimeout(() => stopping.abort(), SEND_GRACE_MS)
      await worker.close().finally(() => clearTimeout(grace))
    },
  }
}

/** 1 s, 2 s, 4 s … 5 min, each between half and the whole of it. */
export function retryWaitMs(attempts: number, random: number): number {
  const doublings = Math.min(attempts - 1, 20)
  const wait = Math.min(RETRY_WAIT_FIRST_MS * 2 ** doublings, RETRY_WAIT_MAX_MS)
  return Math.round(wait * (0.5 + random / 2))
}

/** One attempt. Returns what happened; throws what makes BullMQ try again or give up. */
async function deliver(
  job: Job<Notification>,
  options: DeliveryWorkerOptions,
  signal: AbortSignal,
): Promise<string> {
  const { deliveries, clock, receiver, log, metrics } = options
  const notification = job.data
  const start = await deliveries.begin(notification, clock.now())
  if (start === 'delivered') return 'delivered-before'
  const fields = describe(notification)
  const possibleRepeat = start === 'possible-repeat'
  try {
    if (clock.now() - notification.createdAt > options.ageMaxMs) throw expired(notification)
    await receiver.send(possibleRepeat ? { ...notification, possibleRepeat } : notification, signal)
  } catch (error) {
    return fail(notification, asDeliveryError(error), options)
  }
  await deliveries.finish(notification, { result: 'delivered', at: clock.now() })
  metrics.notifications.inc({ ...labels(notification), result: 'delivered' })
  metrics.notifySeconds.observe((clock.now() - notification.createdAt) / 1_000)
  log.info({ ...fields, possibleRepeat }, 'notification delivered')
  return 'delivered'
}

/** Records a failed attempt and throws what the queue needs to know. */
async function fail(
  notification: Notification,
  error: DeliveryError,
  options: DeliveryWorkerOptions,
): Promise<never> {
  const { deliveries, clock, log, metrics, queue } = options
  const { reason, retryable } = error
  const result = !retryable ? 'dead' : error.maybeAccepted ? 'unknown' : 'not-accepted'
  await deliveries.finish(notification, { result, reason, at: clock.now() })
  metrics.errors.inc({ stage: 'delivery', reason })
  const fields = { ...describe(notification), failure: reason, error }
  if (!retryable) {
    metrics.notifications.inc({ ...labels(notification), result: 'dead' })
    log.error(fields, 'notification given up: see the dead letters of its queue')
    throw new UnrecoverableError(error.message)
  }
  log.warn(fields, 'notification not delivered, will be tried again')
  if (reason === 'rate-limited') {
    await queue.pause(error.retryAfterMs ?? RATE_LIMIT_WAIT_MS)
    throw new RateLimitError()
  }
  throw error
}

function expired(notification: Notification): DeliveryError {
  const message = `notification ${notification.id} found no way to ${notification.receiver} in time`
  return new DeliveryError(message, { reason: 'expired', retryable: false })
}

/** A fault of ours inside a receiver must not look delivered, nor be told as an outside one. */
function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new DeliveryError(message, {
    reason: 'network',
    retryable: true,
    maybeAccepted: true,
    cause: error,
  })
}

function labels({ receiver, reason }: Notification) {
  return { receiver, reason }
}

function describe({ id, receiver, reason, alert }: Notification) {
  return { notification: id, receiver, reason, alert: `A-${alert.number}`, rule: alert.rule.id }
}

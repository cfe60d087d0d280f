// Owns the delivery of notices to one receiver: attempts, retries, waits, the record of each.
import { type Job, RateLimitError, UnrecoverableError, Worker } from 'bullmq'
import type { Clock } from '../core/clock.ts'
import { isDigest, type Notice } from '../core/digest.ts'
import { DeliveryError, type Receiver } from '../notify/receiver.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { DeliveryStore } from '../state/delivery-stores.ts'
import { type DeliveryJob, type DeliveryQueue, deliveryQueueName } from './delivery-queue.ts'
import { type QueueConnections, WORKER_OPTIONS } from './queues.ts'

/** Messages under way at once to a program: it knows a repeat by its id. */
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
  /** One after the other, so that a crash can repeat but one. */
  readonly oneByOne: boolean
  /** After so long a notice is dead. */
  readonly ageMaxMs: number
  readonly deliveries: DeliveryStore
  /** Called when a notice is given up, before that is final; when it throws, it is tried again. */
  readonly onDead: (notice: Notice, error: DeliveryError) => Promise<void>
  /** Called when the receiver has accepted a notice, and that is recorded. */
  readonly onDelivered: (notice: Notice) => void
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** Between 0 and 1: spreads retries. */
  readonly random: () => number
}

export function createDeliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  const { connections, receiver, paceMs, oneByOne, log } = options
  const stopping = new AbortController()
  const name = deliveryQueueName(receiver.name)

  const worker = new Worker<DeliveryJob>(name, (job) => deliver(job, options, stopping.signal), {
    ...WORKER_OPTIONS,
    connection: connections.worker,
    prefix: connections.prefixOf(name),
    concurrency: oneByOne || paceMs > 0 ? 1 : DELIVERY_CONCURRENCY,
    limiter: paceMs > 0 ? { max: 1, duration: paceMs } : NO_PACE,
    settings: {
      backoffStrategy: (attempts, _type, error) => waitMs(attempts, error, options.random()),
    },
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

/** What the other side asks for is the least that is waited. */
function waitMs(attempts: number, error: Error | undefined, random: number): number {
  const asked = error instanceof DeliveryError ? (error.retryAfterMs ?? 0) : 0
  return Math.max(asked, retryWaitMs(attempts, random))
}

/** One attempt. Returns what happened; throws what makes BullMQ try again or give up. */
async function deliver(
  job: Job<DeliveryJob>,
  options: DeliveryWorkerOptions,
  signal: AbortSignal,
): Promise<string> {
  const { deliveries, clock, receiver, log, metrics } = options
  const { notice, retriedAt } = job.data
  const start = await deliveries.begin(notice, clock.now())
  if (start === 'delivered') return 'delivered-before'
  const fields = describe(notice)
  const possibleRepeat = start === 'possible-repeat'
  try {
    const since = retriedAt ?? notice.createdAt
    if (clock.now() - since > options.ageMaxMs) throw expired(notice)
    try {
      await receiver.send(possibleRepeat ? { ...notice, possibleRepeat } : notice, signal)
    } finally {
      // BullMQ counts from begin to begin; a slow send would arrive right before the next one.
      await keepPace(options)
    }
  } catch (error) {
    return fail(notice, asDeliveryError(error), options)
  }
  await deliveries.finish(notice, { result: 'delivered', at: clock.now() })
  metrics.notifications.inc({ ...labels(notice), result: 'delivered' })
  metrics.notifySeconds.observe((clock.now() - notice.createdAt) / 1_000)
  log.info({ ...fields, possibleRepeat }, 'notification delivered')
  options.onDelivered(notice)
  return 'delivered'
}

/** The pace is kept from the end of a send, whenever in between it arrived. */
async function keepPace({ queue, paceMs, log }: DeliveryWorkerOptions): Promise<void> {
  if (paceMs === 0) return
  // The message is sent: what a Redis that is away costs here is only the pace.
  await queue.pause(paceMs).catch((error: unknown) => log.debug({ error }, 'pace not kept'))
}

/** Records a failed attempt and throws what the queue needs to know. */
async function fail(
  notice: Notice,
  error: DeliveryError,
  options: DeliveryWorkerOptions,
): Promise<never> {
  const { deliveries, clock, log, metrics, queue } = options
  const { reason, retryable } = error
  const result = !retryable ? 'dead' : error.maybeAccepted ? 'unknown' : 'not-accepted'
  await deliveries.finish(notice, { result, reason, at: clock.now() })
  metrics.errors.inc({ stage: 'delivery', reason })
  const fields = { ...describe(notice), failure: reason, error }
  if (!retryable) {
    await options.onDead(notice, error)
    metrics.notifications.inc({ ...labels(notice), result: 'dead' })
    log.error(fields, 'notification given up: it is in the dead letters')
    throw new UnrecoverableError(error.message)
  }
  log.warn(fields, 'notification not delivered, will be tried again')
  if (reason === 'rate-limited') {
    await queue.pause(error.retryAfterMs ?? RATE_LIMIT_WAIT_MS)
    throw new RateLimitError()
  }
  throw error
}

function expired(notice: Notice): DeliveryError {
  const message = `notification ${notice.id} found no way to ${notice.receiver} in time`
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

function labels({ receiver, reason }: Notice) {
  return { receiver, reason }
}

function describe(notice: Notice) {
  const { id, receiver, reason } = notice
  const common = { notification: id, receiver, reason }
  if (isDigest(notice)) return { ...common, alerts: notice.alerts }
  return { ...common, alert: `A-${notice.alert.number}`, rule: notice.alert.rule.id }
}

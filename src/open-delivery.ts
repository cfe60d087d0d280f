// Owns putting together what tells people: queues, budgets, outbox, receivers and their workers, from
// the configuration. When they start and stop: app.ts.
import type { Redis } from 'ioredis'
import type { AppOptions } from './app.ts'
import type { ReceiverConfig } from './config-receivers.ts'
import { createDeliveryFailures, type DeliveryFailures } from './delivery-failures.ts'
import { createReceiver } from './notify/index.ts'
import type { Receiver, ReceiverMemory } from './notify/receiver.ts'
import type { Metrics } from './observe/metrics.ts'
import {
  createDeliveryQueue,
  type DeliveryCounts,
  type DeliveryQueue,
} from './queue/delivery-queue.ts'
import { createDeliveryWorker } from './queue/delivery-worker.ts'
import { createDigests, type Digests, type QueuedReceiver } from './queue/digests.ts'
import { createOutbox, type Outbox } from './queue/outbox.ts'
import type { QueueConnections } from './queue/queues.ts'
import type { Keys } from './state/keys.ts'
import type { Stores } from './state/redis.ts'
import { createRedisMemory } from './state/redis-memory.ts'
import type { StopList } from './stop-list.ts'
import type { SystemAlerts } from './system-alerts.ts'

/** A queue has nothing to finish; only a Redis that is away could make it wait. */
const QUEUE_STOP_TIMEOUT_MS = 500

type DeliveryParts = {
  readonly options: AppOptions
  readonly connections: QueueConnections
  readonly redis: Redis
  readonly keys: Keys
  readonly stores: Stores
  readonly metrics: Metrics
  readonly stops: StopList
}

export type Delivery = {
  readonly outbox: Outbox
  readonly digests: Digests
  /** Each receiver with how much waits for it. */
  readonly receivers: readonly WaitingFor[]
  /** Starts telling each receiver; returns what stops that. `system` tells the others of a failure. */
  startWorkers(system: SystemAlerts): readonly (() => Promise<void>)[]
}

export type WaitingFor = {
  readonly name: string
  readonly type: string
  readonly counts: () => Promise<DeliveryCounts>
}

/** Everything on the way from an alert's outbox to the receivers; nothing runs yet. */
export function openDelivery(parts: DeliveryParts): Delivery {
  const { options, connections, stores, metrics, stops } = parts
  const { config, log, clock } = options
  const receivers = config.receivers.map((receiver): QueuedReceiver & ReceiverConfig => {
    const { name } = receiver
    const queue = createDeliveryQueue(name, { connections, log })
    stops.add(`queue of ${name}`, () => queue.close(), QUEUE_STOP_TIMEOUT_MS)
    return { ...receiver, queue }
  })
  const digests = createDigests({ ...stores, receivers, clock, metrics, log })
  return {
    outbox: createOutbox({ ...stores, receivers, digests, clock, log }),
    digests,
    receivers: receivers.map(({ name, type, queue }) => ({
      name,
      type,
      counts: () => queue.counts(),
    })),
    startWorkers(system) {
      const queues = new Map(receivers.map(({ name, queue }) => [name, queue]))
      const failures = createDeliveryFailures({ system, queues, clock, log })
      return receivers.map((receiver) => startWorker(receiver, receiver.queue, parts, failures))
    },
  }
}

function startWorker(
  { name, paceMs, ageMaxMs, readBy }: ReceiverConfig,
  queue: DeliveryQueue,
  { options, connections, redis, keys, stores, metrics, stops }: DeliveryParts,
  failures: DeliveryFailures,
): () => Promise<void> {
  const { clock, log, random } = options
  const receiver = openReceiver(name, options, createRedisMemory(redis, keys, name))
  stops.add(`receiver ${name}`, () => receiver.close())
  const worker = createDeliveryWorker({
    connections,
    queue,
    receiver,
    paceMs,
    oneByOne: readBy === 'people',
    ageMaxMs,
    deliveries: stores.deliveries,
    onDead: (notice, error) => failures.dead(notice, error),
    onDelivered: (notice) => failures.delivered(notice),
    clock,
    metrics,
    log,
    random,
  })
  return () => worker.close()
}

/** Remembers nothing: for a message that has no later ones, such as a test. */
const NO_MEMORY: ReceiverMemory = { get: async () => undefined, set: async () => {} }

/** A receiver of the configuration, connected; also what `send-test` uses. */
export function openReceiver(
  name: string,
  { config, clock, log, output }: Pick<AppOptions, 'config' | 'clock' | 'log' | 'output'>,
  memory: ReceiverMemory = NO_MEMORY,
): Receiver {
  const found = config.receivers.find((receiver) => receiver.name === name)
  if (found === undefined) throw new Error(`no receiver ${name} in the configuration`)
  return createReceiver(found.type, found.config, {
    name,
    clock,
    log,
    timezone: config.timezone,
    output,
    memory,
    ...(config.proxy.https === undefined ? {} : { httpsProxy: config.proxy.https }),
    ...(config.proxy.none === undefined ? {} : { noProxy: config.proxy.none }),
    ...(config.http.publicUrl === undefined ? {} : { publicUrl: config.http.publicUrl }),
  })
}

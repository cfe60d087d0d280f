// Owns connecting the canary where the configuration wants one: who sends it, and the line it takes.
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { AppOptions } from './app.ts'
import { createCanary } from './canary.ts'
import { type CanaryLine, openCanaryLine } from './canary-line.ts'
import type { Metrics } from './observe/metrics.ts'
import type { EntriesQueue, QueueConnections } from './queue/queues.ts'
import type { Stores } from './state/redis.ts'
import type { StopList } from './stop-list.ts'
import type { SystemAlerts } from './system-alerts.ts'

/** A queue has nothing to finish; only a Redis that is away could make it wait. */
const QUEUE_STOP_TIMEOUT_MS = 500

export type OpenedCanary = Pick<CanaryLine, 'pipeline' | 'startWorker'> & {
  /** Sends it and waits for it until the signal aborts; `system` tells when it is late. */
  run(system: SystemAlerts, signal: AbortSignal): Promise<void>
}

/** Nothing runs yet; undefined when it is off. */
export function openCanary(parts: {
  readonly options: AppOptions
  readonly connections: QueueConnections
  readonly redis: Redis
  readonly stores: Pick<Stores, 'canary' | 'leases'>
  readonly metrics: Metrics
  readonly entries: Pick<EntriesQueue, 'enqueueCanary'>
  readonly stops: StopList
}): OpenedCanary | undefined {
  const { options, stores, entries, stops } = parts
  const { everyMs } = options.config.canary
  if (everyMs === undefined) return undefined
  const line = openCanaryLine({ ...options, ...parts, store: stores.canary })
  stops.add('queue of the canary', () => line.close(), QUEUE_STOP_TIMEOUT_MS)
  return {
    pipeline: line.pipeline,
    startWorker: () => line.startWorker(),
    async run(alerts, signal) {
      const canary = createCanary({
        ...options,
        everyMs,
        async send(job) {
          // A crash may have left one in the outbox; whoever recovers others' does not look here.
          await line.flush()
          await entries.enqueueCanary(job)
        },
        store: stores.canary,
        leases: stores.leases,
        alerts,
        owner: randomUUID(),
      })
      await canary.run(signal)
    },
  }
}

// Owns the worker that takes jobs of entries and gives each to the pipeline. Decides nothing.
import { type Job, Worker } from 'bullmq'
import { CANARY_CONTRACT } from '../core/canary.ts'
import type { Log } from '../observe/log.ts'
import type { Pipeline } from '../pipeline.ts'
import type { BatchStore } from '../state/stores.ts'
import {
  ENTRIES_ATTEMPTS_MAX,
  ENTRIES_QUEUE,
  type EntriesJob,
  type QueueConnections,
  WORKER_OPTIONS,
} from './queues.ts'

export type EntriesWorker = {
  /** Takes no new job, and resolves when those begun are finished. */
  close(): Promise<void>
}

export function createEntriesWorker(options: {
  readonly connections: QueueConnections
  readonly concurrency: number
  readonly pipeline: Pipeline
  readonly batches: Pick<BatchStore, 'finish'>
  /** Judges the canary; absent: one that comes all the same is dropped. */
  readonly canary?: Pick<Pipeline, 'evaluate'> | undefined
  readonly log: Log
  /** Called when a job has failed for the last time: its entries go to the dead letters. */
  readonly onPoisoned: (job: EntriesJob, error: Error) => Promise<void>
}): EntriesWorker {
  const { connections, concurrency, pipeline, batches, log } = options

  const worker = new Worker<EntriesJob>(
    ENTRIES_QUEUE,
    async (job) => {
      if (job.data.contract === CANARY_CONTRACT) {
        await options.canary?.evaluate(job.data)
        return
      }
      const { ruleSetVersion } = await pipeline.evaluate(job.data)
      await batches.finish(job.data.contract, job.data, ruleSetVersion)
    },
    {
      ...WORKER_OPTIONS,
      connection: connections.worker,
      prefix: connections.prefixOf(ENTRIES_QUEUE),
      concurrency,
    },
  )

  const failed = async (job: Job<EntriesJob> | undefined, error: Error) => {
    const attempt = job?.attemptsMade ?? 0
    log.warn({ job: job?.id, attempt, error }, 'evaluating a batch failed')
    if (job?.data.contract === CANARY_CONTRACT) return
    if (job !== undefined && attempt >= ENTRIES_ATTEMPTS_MAX) {
      await options.onPoisoned(job.data, error)
    }
  }
  worker.on('failed', (job, error) => {
    failed(job, error).catch((cause: unknown) =>
      log.error({ job: job?.id, error: cause }, 'dead letters of a poisoned batch not written'),
    )
  })
  worker.on('error', (error) => log.debug({ error }, 'entries worker connection'))

  return { close: () => worker.close() }
}

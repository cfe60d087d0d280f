// Owns connecting what evaluates entries: the pipeline with its worker, windows that wait for time, and what rules
// are seen to do. What the pipeline does with an entry: pipeline.ts.
import { randomUUID } from 'node:crypto'
import { createSayAhead } from './ahead-alert.ts'
import type { AppOptions } from './app.ts'
import { runInBackground } from './background.ts'
import type { Calendar } from './core/calendar.ts'
import type { LookUp } from './core/event.ts'
import { createEventRecorder } from './event-recorder.ts'
import type { Metrics } from './observe/metrics.ts'
import type { OpenedCanary } from './open-canary.ts'
import type { Telling } from './open-telling.ts'
import { createPipeline } from './pipeline.ts'
import { buryBatch } from './poisoned-batch.ts'
import { createEntriesWorker } from './queue/entries-worker.ts'
import type { QueueConnections } from './queue/queues.ts'
import { createRuleHealth } from './rule-health.ts'
import { createRuleStats } from './rule-stats.ts'
import type { RuleReload } from './running-rules.ts'
import type { Stores } from './state/redis.ts'
import type { StopList } from './stop-list.ts'
import { createWindowWatch } from './window-watch.ts'

export type EvaluateParts = {
  readonly options: AppOptions
  readonly connections: QueueConnections
  readonly stores: Stores
  readonly metrics: Metrics
  readonly calendar: Calendar
  readonly lookUp: LookUp
  readonly rules: RuleReload
  readonly telling: Telling
  readonly canary: Pick<OpenedCanary, 'pipeline'> | undefined
  /** Told when notifications wait in a contract's outbox. */
  readonly announce: (contract: string) => void
  readonly stops: StopList
}

/** Starts what runs beside the worker; `startWorker` begins to take jobs and returns what ends that. */
export function openEvaluate(parts: EvaluateParts): { startWorker(): () => Promise<void> } {
  const { options, connections, stores, metrics, rules, telling, stops } = parts
  const { config, clock, log } = options
  const pipeline = createPipeline({
    ...stores,
    rules: () => rules.current(),
    calendar: parts.calendar,
    lookUp: parts.lookUp,
    teller: telling.teller,
    detection: { ...config.detection, liveFrom: (contract) => stores.history.liveFrom(contract) },
    announce: parts.announce,
    sayAhead: createSayAhead({ alerts: telling.system, clock }),
    record: createEventRecorder({ ...stores, clock, metrics }),
    clock,
    metrics,
    log,
  })
  const publish = () => rules.publishTimes()
  const stats = createRuleStats({ metrics, store: stores.ruleStats, clock, log, publish })
  const all = () => rules.current().ruleSet.all
  const looking = { rules: all, alerts: telling.system, clock, log, owner: randomUUID() }
  const health = createRuleHealth({ ...stores, ...looking })
  const watch = createWindowWatch({ ...stores, pipeline, clock, log, owner: randomUUID() })
  runInBackground('rule statistics', (signal) => stats.run(signal), { stops, log })
  runInBackground('rule health', (signal) => health.run(signal), { stops, log })
  runInBackground('windows', (signal) => watch.run(signal), { stops, log })
  return {
    startWorker() {
      const worker = createEntriesWorker({
        connections,
        concurrency: config.queue.concurrency,
        pipeline,
        canary: parts.canary?.pipeline,
        batches: stores.batches,
        log,
        onPoisoned: (job, error) => buryBatch(job, error, { ...stores, clock }),
      })
      return () => worker.close()
    },
  }
}

// Owns the line that the canary goes through: the same pipeline, alert store, outbox and delivery as
// for entries, below a prefix of its own, so that nothing of it is among what people see or count.
import type { Redis } from 'ioredis'
import type { Config } from './config.ts'
import { CANARY_CONTRACT, CANARY_NAME, CANARY_RULE } from './core/canary.ts'
import { createCalendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import { isDigest, type Notice } from './core/digest.ts'
import type { Receiver } from './notify/receiver.ts'
import { silentLog } from './observe/log.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import { createDeliveryQueue } from './queue/delivery-queue.ts'
import { createDeliveryWorker } from './queue/delivery-worker.ts'
import { createOutbox } from './queue/outbox.ts'
import type { QueueConnections } from './queue/queues.ts'
import { buildRuleSet } from './ruleset.ts'
import type { DeliveryStore } from './state/delivery-stores.ts'
import { createCanaryKeys } from './state/keys.ts'
import { openRedisStores } from './state/redis.ts'
import type { CanaryStore } from './state/stores.ts'
import type { Teller } from './teller.ts'
import { createExplain } from './why.ts'

export type CanaryLineParts = {
  readonly config: Pick<Config, 'redis' | 'detection'>
  readonly redis: Redis
  readonly connections: QueueConnections
  readonly store: CanaryStore
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
}

export type CanaryLine = {
  /** Judges its entry, stores the alert, and puts the notification on its way. */
  readonly pipeline: Pick<Pipeline, 'evaluate'>
  /** Delivers to the receiver that only looks at its watch; returns what stops that. */
  startWorker(): () => Promise<void>
  /** What a crash left in the outbox goes on its way. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** One that takes longer is given up: it said by then what it is there to say. */
const AGE_MS_MAX = 3_600_000

export function openCanaryLine(parts: CanaryLineParts): CanaryLine {
  const { config, redis, clock, random } = parts
  const keys = createCanaryKeys(config.redis.prefix)
  const connections = { ...parts.connections, prefixOf: keys.queue }
  const stores = openRedisStores(redis, keys)
  // Counted by themselves: `tocsin_events_evaluated_total` is of entries that were read.
  const own = { clock, metrics: createMetrics(), log: silentLog, random }
  const queue = createDeliveryQueue(CANARY_NAME, { connections, log: silentLog })
  const outbox = createOutbox({
    ...own,
    ...stores,
    receivers: [{ name: CANARY_NAME, queue, budget: 'off', stateful: false, readBy: 'programs' }],
    digests: { admit: async (_receiver, notifications) => notifications },
  })
  const flush = async () => await outbox.flush(CANARY_CONTRACT)
  const rules = canaryRules()
  const pipeline = createPipeline({
    ...own,
    ...stores,
    rules: () => rules,
    calendar: createCalendar('UTC'),
    detection: config.detection,
    teller: tellCanary,
    // What fails here is done by the next look.
    announce: () => void flush().catch(() => {}),
  })
  return {
    pipeline,
    startWorker() {
      const worker = createDeliveryWorker({
        ...own,
        connections,
        queue,
        receiver: nullReceiver(parts),
        paceMs: 0,
        oneByOne: true,
        ageMaxMs: AGE_MS_MAX,
        deliveries: NO_RECORD,
        onDead: async () => {},
        onDelivered: () => {},
      })
      return () => worker.close()
    },
    flush,
    close: () => queue.close(),
  }
}

/** Read from text as rules in files are. */
function canaryRules() {
  const name = CANARY_NAME
  const files = [{ role: 'rule', name, path: name, text: JSON.stringify(CANARY_RULE) }] as const
  const set = buildRuleSet({ files, problems: [], version: name }, { schedules: new Map() })
  return { ruleSet: set.ruleSet, explain: createExplain(set.ruleSet) }
}

/** Tells the one receiver of every canary, whatever routes and silences say. */
const tellCanary: Teller = async (now) => (_before, alert) => ({
  decision: { reason: 'first', receivers: [CANARY_NAME] },
  alert,
  notifications: [
    {
      id: `${alert.id}.${CANARY_NAME}.${alert.last}`,
      receiver: CANARY_NAME,
      reason: 'first',
      sequence: 0,
      createdAt: now,
      alert,
    },
  ],
})

/** Delivered twice does no harm, and a record of each would never end. */
const NO_RECORD: DeliveryStore = {
  begin: async () => 'fresh',
  finish: async () => {},
  gathered: async () => {},
  list: async () => [],
  listDigest: async () => [],
}

/** The end of the line. */
function nullReceiver({ store, metrics, clock }: CanaryLineParts): Receiver {
  return {
    name: CANARY_NAME,
    type: 'null',
    async send(notice: Notice) {
      if (isDigest(notice)) return
      const sentAt = notice.alert.last
      await store.receive(sentAt)
      metrics.canarySeconds.observe(Math.max(0, clock.now() - sentAt) / 1_000)
    },
    close: async () => {},
  }
}

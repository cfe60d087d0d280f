// Owns the set of all Redis stores over one connection.
import type { Redis } from 'ioredis'
import type { DeliveryStore, DigestStore } from './delivery-stores.ts'
import type { Keys } from './keys.ts'
import { createRedisAlertActionStore } from './redis-alert-actions.ts'
import { createRedisAlertStore } from './redis-alerts.ts'
import { createRedisCanaryStore } from './redis-canary.ts'
import { createRedisDeliveryStore } from './redis-deliveries.ts'
import { createRedisHistoryStore } from './redis-history.ts'
import { createRedisLeaseStore } from './redis-leases.ts'
import { createRedisDigestStore } from './redis-digests.ts'
import { createRedisAlertNews, withActionNews, withNews } from './redis-alert-news.ts'
import { createRedisAlertPages } from './redis-alert-pages.ts'
import { createRedisEventStore } from './redis-events.ts'
import { createRedisDeadLetterStore } from './redis-letters.ts'
import { createRedisBatchStore, createRedisSeenStore } from './redis-batches.ts'
import { createRedisCoverageStore } from './redis-coverage.ts'
import { createRedisMarkStore } from './redis-gaps.ts'
import { createRedisReadLeaseStore } from './redis-read-leases.ts'
import { createRedisReadStore } from './redis-reads.ts'
import { createRedisContractStore, createRedisNumberStore } from './redis-registry.ts'
import { createRedisSilenceStore } from './redis-silences.ts'
import { createRedisRuleStatsStore } from './redis-rule-stats.ts'
import { createRedisWindowStore } from './redis-windows.ts'
import type {
  AlertActionStore,
  AlertStore,
  BatchStore,
  CanaryStore,
  ContractStore,
  CoverageStore,
  DeadLetterStore,
  HistoryStore,
  LeaseStore,
  MarkStore,
  NumberStore,
  ReadLeaseStore,
  ReadStore,
  RuleStatsStore,
  SeenStore,
  SilenceStore,
  WindowStore,
} from './stores.ts'
import { createRedisStagedStore } from './redis-staged.ts'
import type { AlertNewsStore, AlertPageStore, EventStore, StagedStore } from './view-stores.ts'

export type Stores = {
  readonly reads: ReadStore
  readonly marks: MarkStore
  readonly history: HistoryStore
  readonly batches: BatchStore
  readonly coverage: CoverageStore
  readonly readLeases: ReadLeaseStore
  readonly seen: SeenStore
  readonly deadLetters: DeadLetterStore
  readonly alerts: AlertStore
  readonly windows: WindowStore
  readonly numbers: NumberStore
  readonly contracts: ContractStore
  readonly deliveries: DeliveryStore
  readonly actions: AlertActionStore
  readonly silences: SilenceStore
  readonly leases: LeaseStore
  readonly canary: CanaryStore
  readonly ruleStats: RuleStatsStore
  readonly staged: StagedStore
  readonly digests: DigestStore
  readonly alertPages: AlertPageStore
  readonly alertNews: AlertNewsStore
  readonly events: EventStore
}

export type StoreOptions = {
  /** Opens one more connection, for who only listens. */
  readonly listen?: () => Redis
  /** How old kept events may get. */
  readonly eventsMs?: number
}

export function openRedisStores(redis: Redis, keys: Keys, options: StoreOptions = {}): Stores {
  const { listen = () => redis.duplicate(), eventsMs } = options
  const alertNews = createRedisAlertNews(redis, keys, listen)
  return {
    reads: createRedisReadStore(redis, keys),
    marks: createRedisMarkStore(redis, keys),
    history: createRedisHistoryStore(redis, keys),
    batches: createRedisBatchStore(redis, keys),
    coverage: createRedisCoverageStore(redis, keys),
    readLeases: createRedisReadLeaseStore(redis, keys),
    seen: createRedisSeenStore(redis, keys),
    deadLetters: createRedisDeadLetterStore(redis, keys),
    alerts: withNews(createRedisAlertStore(redis, keys), alertNews),
    windows: createRedisWindowStore(redis, keys),
    numbers: createRedisNumberStore(redis, keys),
    contracts: createRedisContractStore(redis, keys),
    deliveries: createRedisDeliveryStore(redis, keys),
    actions: withActionNews(createRedisAlertActionStore(redis, keys), alertNews),
    silences: createRedisSilenceStore(redis, keys),
    leases: createRedisLeaseStore(redis, keys),
    canary: createRedisCanaryStore(redis, keys),
    ruleStats: createRedisRuleStatsStore(redis, keys),
    staged: createRedisStagedStore(redis, keys),
    digests: createRedisDigestStore(redis, keys),
    alertPages: createRedisAlertPages(redis, keys),
    alertNews,
    events: createRedisEventStore(redis, keys, eventsMs),
  }
}

// Owns the set of all Redis stores over one connection.
import type { Redis } from 'ioredis'
import type { DeliveryStore, DigestStore } from './delivery-stores.ts'
import type { Keys } from './keys.ts'
import { createRedisAlertActionStore } from './redis-alert-actions.ts'
import { createRedisAlertStore } from './redis-alerts.ts'
import { createRedisDeliveryStore } from './redis-deliveries.ts'
import { createRedisLeaseStore } from './redis-leases.ts'
import { createRedisDigestStore } from './redis-digests.ts'
import { createRedisDeadLetterStore } from './redis-letters.ts'
import { createRedisBatchStore, createRedisMarkStore } from './redis-marks.ts'
import { createRedisReadStore, createRedisSeenStore } from './redis-reads.ts'
import { createRedisContractStore, createRedisNumberStore } from './redis-registry.ts'
import { createRedisSilenceStore } from './redis-silences.ts'
import { createRedisRuleStatsStore } from './redis-rule-stats.ts'
import type {
  AlertActionStore,
  AlertStore,
  BatchStore,
  ContractStore,
  DeadLetterStore,
  LeaseStore,
  MarkStore,
  NumberStore,
  ReadStore,
  RuleStatsStore,
  SeenStore,
  SilenceStore,
} from './stores.ts'

export type Stores = {
  readonly reads: ReadStore
  readonly marks: MarkStore
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly deadLetters: DeadLetterStore
  readonly alerts: AlertStore
  readonly numbers: NumberStore
  readonly contracts: ContractStore
  readonly deliveries: DeliveryStore
  readonly actions: AlertActionStore
  readonly silences: SilenceStore
  readonly leases: LeaseStore
  readonly ruleStats: RuleStatsStore
  readonly digests: DigestStore
}

export function openRedisStores(redis: Redis, keys: Keys): Stores {
  return {
    reads: createRedisReadStore(redis, keys),
    marks: createRedisMarkStore(redis, keys),
    batches: createRedisBatchStore(redis, keys),
    seen: createRedisSeenStore(redis, keys),
    deadLetters: createRedisDeadLetterStore(redis, keys),
    alerts: createRedisAlertStore(redis, keys),
    numbers: createRedisNumberStore(redis, keys),
    contracts: createRedisContractStore(redis, keys),
    deliveries: createRedisDeliveryStore(redis, keys),
    actions: createRedisAlertActionStore(redis, keys),
    silences: createRedisSilenceStore(redis, keys),
    leases: createRedisLeaseStore(redis, keys),
    ruleStats: createRedisRuleStatsStore(redis, keys),
    digests: createRedisDigestStore(redis, keys),
  }
}

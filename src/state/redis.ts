// Owns the set of all Redis stores over one connection.
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { createRedisAlertStore } from './redis-alerts.ts'
import { createRedisDeliveryStore } from './redis-deliveries.ts'
import { createRedisDeadLetterStore } from './redis-letters.ts'
import { createRedisBatchStore, createRedisMarkStore } from './redis-marks.ts'
import { createRedisReadStore, createRedisSeenStore } from './redis-reads.ts'
import { createRedisContractStore, createRedisNumberStore } from './redis-registry.ts'
import type {
  AlertStore,
  BatchStore,
  ContractStore,
  DeadLetterStore,
  DeliveryStore,
  MarkStore,
  NumberStore,
  ReadStore,
  SeenStore,
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
  }
}

// Owns connecting the reader: configuration → client, credentials, contracts and what is counted.
import type { Config } from './config.ts'
import { backfillMs } from './core/backfill.ts'
import type { Clock } from './core/clock.ts'
import type { Rule } from './core/rule.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { API_URL_DEFAULT } from './source/api-url.ts'
import { type ActivityLogClient, createActivityLogClient } from './source/client.ts'
import { fixedContracts, reachableContracts } from './source/contracts.ts'
import { createCredentials, type Credentials } from './source/credentials.ts'
import type { EntryQueue } from './source/delivery.ts'
import { SourceConfigError } from './source/errors.ts'
import { createReader, type Reader } from './source/reader.ts'
import type { ReaderHooks } from './source/reader-config.ts'
import type {
  BatchStore,
  DeadLetterStore,
  ReadLeaseStore,
  HistoryStore,
  ReadStore,
  SeenStore,
} from './state/stores.ts'

export type ReaderParts = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly entries: EntryQueue
  readonly stores: {
    readonly reads: ReadStore
    readonly history: HistoryStore
    readonly batches: BatchStore
    readonly readLeases: ReadLeaseStore
    readonly seen: SeenStore
    readonly deadLetters: DeadLetterStore
  }
  readonly metrics: Metrics
  /** The rules that run: they say how much history is worth reading. */
  readonly rules: () => readonly Rule[]
}

export type OpenedReader = {
  readonly reader: Reader
  /** When the API's token ends (ms), if it says so. */
  readonly tokenExpiresAt: () => number | undefined
  readonly close: () => Promise<void>
}

/** Throws a SourceConfigError when address or credentials can't be used. */
export function openReader(parts: ReaderParts): OpenedReader {
  const { config, clock, log, random, entries, stores, metrics } = parts
  const { ionos } = config
  const { client, credentials } = openClient(config, clock)
  const reader = createReader({
    client,
    contracts:
      ionos.contracts === 'all' ? reachableContracts(client) : fixedContracts(ionos.contracts),
    // One by one: the stores at hand include others with names of this list.
    reads: stores.reads,
    history: stores.history,
    batches: stores.batches,
    leases: stores.readLeases,
    seen: stores.seen,
    deadLetters: stores.deadLetters,
    queue: entries,
    clock,
    log,
    random,
    config: {
      intervalMs: ionos.intervalMs,
      overlapMs: ionos.overlapMs,
      sweeps: ionos.sweeps,
      pageSize: ionos.pageSize,
      requestsPerMinuteMax: ionos.requestsPerMinuteMax,
      notifyHorizonMs: config.detection.notifyHorizonMs,
      backfillMs: () => backfillMs(ionos.backfill, parts.rules()),
      highWater: config.queue.highWater,
    },
    hooks: countReads(metrics),
  })
  return { reader, tokenExpiresAt: () => credentials.tokenExpiresAt(), close: () => client.close() }
}

/** The client alone, for commands that ask once. Throws a SourceConfigError. */
export function openClient(
  config: Config,
  clock: Clock,
): { client: ActivityLogClient; credentials: Credentials } {
  const source = config.ionos.credentials
  if (source === undefined) {
    const remedy = 'set IONOS_TOKEN, or IONOS_USERNAME and IONOS_PASSWORD'
    throw new SourceConfigError('there are no credentials for the Activity Log', remedy)
  }
  const credentials = createCredentials(source)
  const client = createActivityLogClient({
    baseUrl: config.ionos.apiUrl ?? API_URL_DEFAULT,
    credentials,
    clock,
    // A list that was written down may name contracts of others, which need the header.
    contractHeader: config.ionos.contracts === 'all' ? 'auto' : 'always',
    httpsProxy: config.proxy.https,
    noProxy: config.proxy.none,
  })
  return { client, credentials }
}

function countReads(metrics: Metrics): ReaderHooks {
  return {
    partRead: ({ contract, entries, fresh }) => {
      metrics.entriesRead.inc({ contract }, entries)
      metrics.entriesNew.inc({ contract }, fresh)
    },
    arrived: (_contract, delayMs) => metrics.arrivalDelay.observe(Math.max(0, delayMs) / 1_000),
    damaged: (_contract, reason) => metrics.errors.inc({ stage: 'normalise', reason }),
    failed: (_contract, reason) => metrics.errors.inc({ stage: 'read', reason }),
    gap: () => metrics.errors.inc({ stage: 'read', reason: 'gap' }),
  }
}

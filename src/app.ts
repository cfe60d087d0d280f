// Owns the composition of the service: configuration → connected parts, started in order, stopped
// in reverse. It decides nothing about entries, rules or alerts.
import type { Redis } from 'ioredis'
import { runInBackground } from './background.ts'
import { stopwatch } from './clock.ts'
import type { Config } from './config.ts'
import { openCanary } from './open-canary.ts'
import { createCalendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import { openEmbeddedRedis } from './embedded-redis-open.ts'
import { openEnrichment } from './enrich/geo.ts'
import type { ReceiverContext } from './notify/receiver.ts'
import type { Log } from './observe/log.ts'
import { createMetrics, type Metrics } from './observe/metrics.ts'
import { openDelivery } from './open-delivery.ts'
import type { Outbox } from './queue/outbox.ts'
import {
  createEntriesQueue,
  ENTRIES_QUEUE,
  type EntriesQueue,
  type QueueConnections,
} from './queue/queues.ts'
import { redisTarget } from './redis-target.ts'
import { openRunningRules, type RuleReload } from './running-rules.ts'
import { openEvaluate } from './open-evaluate.ts'
import { openHttp } from './open-http.ts'
import { createLogWatch } from './log-watch.ts'
import { type OpenedReader, openReader } from './open-reader.ts'
import { openTelling } from './open-telling.ts'
import { measureWhenScraped } from './scrape.ts'
import type { Reader } from './source/reader.ts'
import { connectRedis, redisWarnings, untilReady, watchConnection } from './state/connection.ts'
import { createKeys } from './state/keys.ts'
import { openRedisStores, type Stores } from './state/redis.ts'
import { createStopList, type StopList } from './stop-list.ts'

/** Parts of the service that can run in processes of their own. */
export const ROLES = ['read', 'evaluate', 'notify', 'http'] as const

export type Role = (typeof ROLES)[number]

export type AppOptions = {
  readonly config: Config
  readonly roles: ReadonlySet<Role>
  readonly clock: Clock
  readonly log: Log
  /** Where the stdout receiver writes. */
  readonly output: ReceiverContext['output']
  /** Aborts a start that waits for Redis. */
  readonly signal: AbortSignal
  /** Between 0 and 1: spreads retries. */
  readonly random: () => number
}

export type App = {
  readonly metrics: Metrics
  /** Where the API and the console are; undefined where this process serves none. */
  readonly httpAddress: string | undefined
  /** The version of the rules in use. */
  ruleSetVersion(): string
  /** How far each contract was read; undefined where this process reads nothing. */
  status(): ReturnType<Reader['status']> | undefined
  stop(): Promise<void>
}

/** How long jobs under way may take to finish before they are handed back, ms. */
const WORKER_STOP_TIMEOUT_MS = 4_000
/** A queue has nothing to finish; only a Redis that is away could make it wait. */
const QUEUE_STOP_TIMEOUT_MS = 500

/**
 * Starts the service and resolves when all parts run. Waits for a Redis that is away. On any error
 * what was started is stopped again, then the error is thrown.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const stops = createStopList(options.clock, options.log)
  try {
    return await assemble(options, stops)
  } catch (error) {
    await stops.run()
    throw error
  }
}

async function assemble(options: AppOptions, stops: StopList): Promise<App> {
  const { config, roles, clock, log } = options
  const metrics = createMetrics()
  const calendar = createCalendar(config.timezone)
  const { lookUp, run: refreshData } = await openEnrichment({ ...config.enrich, clock, log })
  const rules = await openRunningRules({ config, clock, log, metrics, lookUp, stopwatch })

  const target = redisTarget(config) ?? (await openEmbedded(options, stops))
  const connect = (kind: Parameters<typeof connectRedis>[1]): Redis => {
    const redis = connectRedis(target, kind)
    stops.add(`redis ${kind}`, () => redis.disconnect())
    return redis
  }
  const redis = connect('state')
  watchConnection(redis, log)
  await untilReady(redis, options.signal)
  for (const warning of await redisWarnings(redis)) log.warn({}, warning)

  const keys = createKeys(config.redis.prefix)
  const { eventsMs } = config.retention
  const stores = openRedisStores(redis, keys, { listen: () => connect('state'), eventsMs })
  const connections: QueueConnections = {
    producer: connect('producer'),
    worker: connect('worker'),
    prefixOf: keys.queue,
  }
  await untilReady(connections.producer as Redis, options.signal)

  const entries = createEntriesQueue({ connections, log })
  stops.add('entries queue', () => entries.close(), QUEUE_STOP_TIMEOUT_MS)
  const delivery = openDelivery({ options, connections, redis, keys, stores, metrics, stops })
  const { outbox, digests } = delivery

  const telling = openTelling({
    ...options,
    stores,
    metrics,
    announce: (contract) => announce(contract, outbox, log),
  })
  const workers: (() => Promise<void>)[] = []
  const { system } = telling
  const canary = openCanary({ options, connections, redis, stores, metrics, entries, stops })
  if (canary !== undefined) {
    runInBackground('canary', (signal) => canary.run(system, signal), { stops, log })
  }
  if (roles.has('notify')) {
    workers.push(...delivery.startWorkers(system))
    if (canary !== undefined) workers.push(canary.startWorker())
    runInBackground('nudges', (signal) => telling.nudges.run(signal), { stops, log })
  }
  // Together: each may wait for the same Redis, or for a receiver of its own.
  stops.add('workers', () => Promise.all(workers.map((close) => close())), WORKER_STOP_TIMEOUT_MS)
  runInBackground('outbox', (signal) => outbox.run(signal), { stops, log })
  runInBackground('digests', (signal) => digests.run(signal), { stops, log })
  if (roles.has('evaluate')) {
    const evaluate = { options, connections, stores, metrics, calendar, lookUp, rules, telling }
    const announceTo = (contract: string) => announce(contract, outbox, log)
    const opened = openEvaluate({ ...evaluate, canary, announce: announceTo, stops })
    workers.push(opened.startWorker())
    runInBackground('address data', refreshData, { stops, log })
  }
  if (roles.has('evaluate') || roles.has('http')) {
    runInBackground('rule reload', (signal) => rules.run(signal), { stops, log })
  }
  const read = roles.has('read')
    ? startRead({ options, entries, stores, metrics, stops, rules })
    : undefined
  const reader = read?.reader
  const readers = () => reader?.status() ?? {}
  const entriesCounts = { queue: ENTRIES_QUEUE, counts: async () => await entries.counts() }
  const deliveryCounts = delivery.receivers.map(({ name, counts }) => ({
    queue: `deliver-${name}`,
    counts,
  }))
  const queues = [entriesCounts, ...deliveryCounts]
  measureWhenScraped({ metrics, marks: stores.marks, readers, queues, clock, log })
  const logWatch = createLogWatch({
    alerts: system,
    marks: stores.marks,
    readers,
    tokenExpiresAt: () => read?.tokenExpiresAt(),
    // Only who evaluates follows changes of the rules.
    rulesFault: () => (roles.has('evaluate') ? rules.fault() : undefined),
    clock,
    log,
  })
  if (roles.has('read') || roles.has('evaluate')) {
    runInBackground('watch', (signal) => logWatch.run(signal), { stops, log })
  }
  const httpParts = { config, clock, log, metrics, calendar, lookUp }
  const http = roles.has('http')
    ? await openHttp({
        ...httpParts,
        redis,
        rules,
        stores,
        telling,
        delivery,
        entries,
        reader: () => reader,
      })
    : undefined
  if (http !== undefined) stops.add('http server', http.close)
  const { ruleSet } = rules.current()
  const { rules: folders } = config
  log.info({ rules: ruleSet.rules.length, folders, roles: [...roles] }, 'tocsin is running')
  return {
    metrics,
    httpAddress: http?.address,
    ruleSetVersion: () => rules.current().ruleSet.version,
    status: () => reader?.status(),
    stop: () => stops.run(),
  }
}

async function openEmbedded(options: AppOptions, stops: StopList): Promise<string> {
  const { config, clock, log } = options
  const embedded = await openEmbeddedRedis({ dataDir: config.dataDir, clock, log })
  // Redis gets longer than others: it writes what it holds, and it is the last to go.
  stops.add('embedded redis', () => embedded.stop(), 10_000)
  return `unix://${embedded.socketPath}`
}

function startRead({
  options,
  entries,
  stores,
  metrics,
  stops,
  rules,
}: {
  readonly options: AppOptions
  readonly entries: EntriesQueue
  readonly stores: Stores
  readonly metrics: Metrics
  readonly stops: StopList
  readonly rules: RuleReload
}): OpenedReader {
  const { config, clock, log, random } = options
  const opened = openReader({
    ...{ config, clock, log, random, entries, stores, metrics },
    rules: () => rules.current().ruleSet.rules,
  })
  stops.add('API client', opened.close)
  runInBackground('reader', (signal) => opened.reader.run(signal), { stops, log })
  return opened
}

/** Right after a commit; what fails here is done by the outbox's own recovery. */
function announce(contract: string, outbox: Outbox, log: Log): void {
  outbox.flush(contract).catch((error: unknown) => log.debug({ error }, 'outbox not flushed'))
}

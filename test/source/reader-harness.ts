// Owns a reader on a simulated API in a time that passes as fast as requests are answered.
import { fieldsOf } from '../../src/core/fields.ts'
import { silentLog } from '../../src/observe/log.ts'
import { type ActivityLogClient, createActivityLogClient } from '../../src/source/client.ts'
import { fixedContracts, reachableContracts } from '../../src/source/contracts.ts'
import { createCredentials } from '../../src/source/credentials.ts'
import type { EntriesBatch, EntryQueue } from '../../src/source/delivery.ts'
import { readEntry } from '../../src/source/read-entry.ts'
import { createReader, type Reader, type ReaderOptions } from '../../src/source/reader.ts'
import type { ReaderConfig } from '../../src/source/reader-config.ts'
import { parseScenario } from '../../src/simulator/scenario-file.ts'
import { silentScenario } from '../../src/simulator/scenario.ts'
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.ts'
import { createMemoryReadLeaseStore } from '../../src/state/memory-read-leases.ts'
import { createMemoryReadStore, type MemoryReads } from '../../src/state/memory-reads.ts'
import type { BatchStore, DeadLetter, ReadLeaseStore, SeenStore } from '../../src/state/stores.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

export const START = Date.parse('2026-11-20T09:00:00Z')
export const CONTRACT = '31720001'
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000

export const CONFIG: ReaderConfig = {
  intervalMs: 30_000,
  overlapMs: 2 * MINUTE_MS,
  sweeps: [
    { everyMs: 5 * MINUTE_MS, reachMs: 15 * MINUTE_MS },
    { everyMs: HOUR_MS, reachMs: 24 * HOUR_MS },
  ],
  pageSize: 100,
  requestsPerMinuteMax: 600,
  notifyHorizonMs: HOUR_MS,
  highWater: 2_000,
}

/** What survives a crash: the stores, and the queue with what was put in. */
export type Remains = {
  readonly leases: ReadLeaseStore
  readonly reads: MemoryReads
  readonly batches: BatchStore
  readonly seen: SeenStore
  readonly queue: EntryQueue
  readonly deadLetters: { add(contract: string, letters: readonly DeadLetter[]): Promise<void> }
}

/** A reader's surroundings in memory; the API is whatever `client` is. */
export type Bench = Remains & {
  readonly clock: VirtualClock
  readonly client: Pick<ActivityLogClient, 'page'>
  /** Every entry queued, in order, repeats included. */
  readonly queued: readonly unknown[]
  readonly buried: readonly DeadLetter[]
  /** Sizes of the jobs. */
  readonly jobs: readonly number[]
  /** Batches on the queue by id; whoever evaluates takes them out. */
  readonly onQueue: Map<string, EntriesBatch>
  /** How many jobs wait; tests set it. */
  waiting: number
  reader(options?: Partial<ReaderOptions>): Reader
  /** Runs a reader until `done` holds; fails after `forMs` of virtual time. */
  runUntil(done: () => boolean, options?: RunOptions): Promise<Reader>
}

/** The same on a simulated API that is asked over HTTP. */
export type Harness = Bench & {
  readonly client: ActivityLogClient
  readonly simulator: Simulator
  stop(): Promise<void>
}

export type RunOptions = Partial<ReaderOptions> & { readonly forMs?: number }

const FOR_MS_DEFAULT = 12 * HOUR_MS

export function createBench(
  client: Pick<ActivityLogClient, 'page'>,
  clock: VirtualClock = createVirtualClock(START),
): Bench {
  const queued: unknown[] = []
  const jobs: number[] = []
  const buried: DeadLetter[] = []
  const onQueue = new Map<string, EntriesBatch>()
  const leases = createMemoryReadLeaseStore(clock)
  const reads = createMemoryReadStore({ clock, leases })
  const bench: Bench = {
    onQueue,
    clock,
    client,
    queued,
    jobs,
    buried,
    waiting: 0,
    leases,
    reads,
    batches: reads,
    seen: reads,
    queue: {
      async enqueue(batch) {
        queued.push(...batch.entries)
        jobs.push(batch.entries.length)
        onQueue.set(batch.id, batch)
      },
      missing: async (ids) => ids.filter((id) => !onQueue.has(id)),
      waiting: async () => bench.waiting,
    },
    deadLetters: {
      async add(_contract, letters) {
        buried.push(...letters)
      },
    },
    reader: (options = {}) =>
      createReader({
        client,
        contracts: fixedContracts([CONTRACT]),
        reads: bench.reads,
        batches: bench.batches,
        leases: bench.leases,
        seen: bench.seen,
        queue: bench.queue,
        deadLetters: bench.deadLetters,
        clock,
        log: silentLog,
        config: CONFIG,
        random: () => 0.5,
        ...options,
      }),
    runUntil: async (done, options = {}) => await runUntil(bench, done, options),
  }
  return bench
}

export async function createHarness(simulated: Partial<SimulatorOptions> = {}): Promise<Harness> {
  const clock = createVirtualClock(START)
  const simulator = await createSimulator({
    scenario: silentScenario([CONTRACT]),
    seed: 'reader',
    // The simulator's own waits are real ones: while it answers, time stands still.
    clock: { now: () => clock.now(), sleep: async () => undefined },
    log: silentLog,
    ...simulated,
  })
  const baseUrl = await simulator.start()
  const credentials = createCredentials({ kind: 'token', token: simulator.token ?? '' })
  const plain = createActivityLogClient({ baseUrl, credentials, clock })
  const client: ActivityLogClient = {
    contracts: async (signal) => await clock.busy(async () => await plain.contracts(signal)),
    page: async (contract, at, signal) =>
      await clock.busy(async () => await plain.page(contract, at, signal)),
    info: async (signal) => await plain.info(signal),
    close: async () => await plain.close(),
  }
  const bench = createBench(client, clock)
  return Object.assign(bench, {
    client,
    simulator,
    async stop() {
      await plain.close()
      await simulator.stop()
    },
  })
}

/** Stands before each method of a store: `call` is what it would do. */
export type Guard = (name: string, call: () => Promise<unknown>) => Promise<unknown>

export function guarded<T extends object>(target: T, guard: Guard): T {
  return new Proxy(target, {
    get(inner, name) {
      const method: unknown = Reflect.get(inner, name)
      if (typeof method !== 'function') return method
      const call = async (args: unknown[]): Promise<unknown> => Reflect.apply(method, inner, args)
      return async (...args: unknown[]) => await guard(String(name), async () => await call(args))
    },
  })
}

/** Pages over entries in memory, newest first; what lies in the future can't be seen. */
export function pagesOf(
  entries: readonly unknown[],
  now: () => number,
): Pick<ActivityLogClient, 'page'> {
  const known = entries
    .map((entry) => ({ entry, time: readEntry(entry, CONTRACT).time ?? 0 }))
    .toSorted((left, right) => right.time - left.time)
  return {
    async page(_contract, { fromMs, toMs, offset, limit }) {
      const end = Math.min(toMs, now() + 1)
      const inside = known.filter(({ time }) => time >= fromMs && time < end)
      const hits = inside.slice(offset, offset + limit).map(({ entry }) => entry)
      return { total: inside.length, hits, hitCount: hits.length }
    },
  }
}

export { fixedContracts, reachableContracts }

async function runUntil(
  harness: Bench,
  done: () => boolean,
  { forMs = FOR_MS_DEFAULT, ...options }: RunOptions,
): Promise<Reader> {
  const { clock } = harness
  const stop = new AbortController()
  const end = clock.now() + forMs
  const reader = harness.reader(options)
  const running = reader.run(stop.signal)
  const watch = async (): Promise<void> => {
    while (!stop.signal.aborted && !done() && clock.now() < end) await clock.sleep(1_000)
    stop.abort(new Error('stopped by the test'))
  }
  await Promise.all([running.finally(() => stop.abort()), watch()])
  if (!done()) throw new Error(`it did not come to that within ${forMs} ms`)
  return reader
}

/** A company that does so much, in so many contracts. */
export function busyScenario(contracts: readonly string[] = [CONTRACT]) {
  const { scenario, problems } = parseScenario(
    JSON.stringify({
      name: 'busy',
      history: '2d',
      contracts: contracts.map((number) => ({
        number,
        users: [
          {
            name: 'robot@example.com',
            kind: 'automation',
            addresses: ['203.0.113.7'],
            operationsPerHour: 60,
            does: { read: 3, 'server.update': 1 },
          },
        ],
      })),
    }),
  )
  if (scenario === undefined) throw new Error(JSON.stringify(problems))
  return scenario
}

/** A small entry at a time, with an id. */
export function entryAt(time: number, id: string): unknown {
  return { '@uuid': id, meta: { time: new Date(time).toISOString() }, event: { type: 'Test' } }
}

export function idsOf(entries: readonly unknown[], contract = CONTRACT): readonly string[] {
  return entries.map((entry) => readEntry(fieldsOf(entry), contract).id)
}

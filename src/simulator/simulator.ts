// Owns a running simulated Activity Log: its parts, its start and stop, and what tests ask of it.
import type { Clock } from '../core/clock.ts'
import { isObject } from '../core/shape.ts'
import type { Log } from '../observe/log.ts'
import { createPlanner } from './answer-fault.ts'
import { createApi } from './api.ts'
import type { AnswerFault, Faults } from './faults.ts'
import { createGenerator } from './generator.ts'
import { createRequestLog } from './request-log.ts'
import type { RequestCounts, RequestRecord } from './request-log.ts'
import type { Contract, Scenario } from './scenario.ts'
import { createStore } from './store.ts'
import type { AddOptions, Order, Store } from './store.ts'

export type SimulatorOptions = {
  readonly scenario: Scenario
  readonly seed: number | string
  readonly clock: Clock
  readonly log: Log
  /** Default: the scenario's. */
  readonly speed?: number | undefined
  /**
   * When the simulation began: up to there a day is a day, from there on `speed` times as fast.
   * Default: now. The same seed, scenario, speed and start give the same log in every process.
   */
  readonly startTimeMs?: number | undefined
  /** Ordinary entries per minute, day and night; default: what the scenario's people do. */
  readonly entriesPerMinute?: number | undefined
  readonly faults?: Faults | undefined
  /** Default: `TOKEN_DEFAULT`, unless a user name is given. */
  readonly token?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** A larger limit is cut down to this silently. */
  readonly limitMax?: number | undefined
  readonly offsetCounts?: 'rows' | 'pages' | undefined
  readonly order?: Order | undefined
}

/** From inclusive, to exclusive, in ms since the epoch. */
export type HeldSpan = { readonly from: number; readonly to: number }

export type Simulator = {
  readonly scenario: Scenario
  readonly token: string | undefined
  /** Listens and gives the address for `IONOS_API_URL`, without path. */
  start(address?: { readonly port?: number; readonly host?: string }): Promise<string>
  stop(): Promise<void>
  /**
   * Every real entry (what stands under `_source`) with its time in the span, once, oldest first,
   * whether it is visible yet or not.
   */
  entriesHeld(contract: string, span: HeldSpan): readonly unknown[]
  /**
   * Puts in entries, as hits (`{ _source }`) or bare, at the time each tells. Faults of entries
   * (late, duplicates, damaged) leave them alone; `visibleAtMs` makes them late.
   */
  addEntries(contract: string, entries: readonly unknown[], options?: AddOptions): void
  /** Puts in hits as they are, broken ones too; those without a time at `placeMs` (default now). */
  addHits(contract: string, hits: readonly unknown[], options?: AddOptions): void
  setFaults(faults: Faults): void
  /** What the next requests meet, one each, before chance decides again. */
  scriptFaults(faults: readonly (AnswerFault | 'ok')[]): void
  /** The latest requests, oldest first. */
  requests(): readonly RequestRecord[]
  /** How many requests there were, and how often each fault struck. */
  counts(): RequestCounts
}

export const TOKEN_DEFAULT = 'simulated-token'

/** As Elasticsearch-backed services often allow; IONOS documents none. */
const LIMIT_MAX_DEFAULT = 1000

/** A simulated Activity Log that does not listen yet; `stop` must follow every `start`. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { scenario, clock } = options
  const seed = String(options.seed)
  const token = options.token ?? (options.username === undefined ? TOKEN_DEFAULT : undefined)
  let faults: Faults = options.faults ?? {}
  const stopping = new AbortController()
  const store = openStore(options, seed)
  const planner = createPlanner(seed, () => faults)
  const requestLog = createRequestLog(options.log)
  const api = createApi({
    contracts: scenario.contracts,
    store,
    credentials: { token, username: options.username, password: options.password },
    clock,
    signal: stopping.signal,
    limitMax: options.limitMax ?? LIMIT_MAX_DEFAULT,
    offsetCounts: options.offsetCounts ?? 'rows',
    faults: () => faults,
    planner,
    requestLog,
  })
  const contractOf = (number: string) => findContract(scenario, number)

  return {
    scenario,
    token,
    async start({ port = 0, host = '127.0.0.1' } = {}) {
      await api.listen({ port, host })
      const bound = api.server.address()
      const given = isObject(bound) ? String(bound['port']) : String(port)
      return `http://${host.includes(':') ? `[${host}]` : host}:${given}`
    },
    async stop() {
      stopping.abort()
      await api.close()
    },
    entriesHeld: (contract, { from, to }) =>
      store.entriesHeld(contractOf(contract), { fromMs: from, toMs: to }),
    addEntries: (contract, entries, added) =>
      store.addHits(contractOf(contract), entries.map(wrapEntry), added),
    addHits: (contract, hits, added) => store.addHits(contractOf(contract), hits, added),
    setFaults(next) {
      faults = next
      store.setFaults(next)
    },
    scriptFaults: (next) => planner.script(next),
    requests: () => requestLog.requests(),
    counts: () => requestLog.counts(),
  }
}

function openStore(options: SimulatorOptions, seed: string): Store {
  const { scenario, clock, entriesPerMinute, faults = {}, order = 'newest' } = options
  const { startTimeMs = clock.now(), speed = scenario.speed } = options
  const generator = createGenerator({ scenario, seed, startTimeMs, speed, entriesPerMinute })
  const historyFromMs = startTimeMs - scenario.historyMs
  return createStore({ generator, seed, clock, historyFromMs, faults, order })
}

function findContract(scenario: Scenario, number: string): Contract {
  const contract = scenario.contracts.find((one) => one.number === number)
  if (contract === undefined) throw new Error(`the scenario has no contract ${number}`)
  return contract
}

function wrapEntry(entry: unknown): unknown {
  const isHit = isObject(entry) && Object.hasOwn(entry, '_source')
  return isHit ? entry : { _source: entry }
}

// Owns a running simulated Activity Log: its parts, its start and stop, and what tests ask of it.
import type { Clock } from '../core/clock.ts'
import { isObject } from '../core/shape.ts'
import type { Log } from '../observe/log.ts'
import { planAnswer, planScripted } from './answer-fault.ts'
import { createApi } from './api.ts'
import type { RequestRecord } from './api.ts'
import type { AnswerFault, Faults } from './faults.ts'
import { createGenerator } from './generator.ts'
import { createRandom } from './random.ts'
import type { Contract, Scenario } from './scenario.ts'
import { createStore } from './store.ts'
import type { AddOptions, Order } from './store.ts'

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
  /** Puts in entries, as hits (`{ _source }`) or bare, at the time each tells. */
  addEntries(contract: string, entries: readonly unknown[], options?: AddOptions): void
  /** Puts in hits as they are, broken ones too; those without a time at `placeMs` (default now). */
  addHits(contract: string, hits: readonly unknown[], options?: AddOptions): void
  setFaults(faults: Faults): void
  /** What the next requests meet, one each, before chance decides again. */
  scriptFaults(faults: readonly (AnswerFault | 'ok')[]): void
  /** The latest requests, oldest first. */
  requests(): readonly RequestRecord[]
  /** How many requests there were, and how often each fault struck. */
  counts(): { readonly requests: number; readonly faults: Readonly<Record<string, number>> }
}

export const TOKEN_DEFAULT = 'simulated-token'

/** As Elasticsearch-backed services often allow; IONOS documents none. */
const LIMIT_MAX_DEFAULT = 1000
/** Requests remembered: more than any test makes. */
const REQUESTS_KEPT_MAX = 10_000

/** A simulated Activity Log that does not listen yet; `stop` must follow every `start`. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { scenario, clock, log } = options
  const seed = String(options.seed)
  const startTimeMs = options.startTimeMs ?? clock.now()
  const token = options.token ?? (options.username === undefined ? TOKEN_DEFAULT : undefined)
  let faults: Faults = options.faults ?? {}
  let script: readonly (AnswerFault | 'ok')[] = []
  let requestCount = 0
  const faultCounts: Record<string, number> = {}
  const records: RequestRecord[] = []
  const stopping = new AbortController()

  const speed = options.speed ?? scenario.speed
  const { entriesPerMinute, username, password } = options
  const generator = createGenerator({ scenario, seed, startTimeMs, speed, entriesPerMinute })
  const historyFromMs = startTimeMs - scenario.historyMs
  const order = options.order ?? 'newest'
  const store = createStore({ generator, seed, clock, historyFromMs, faults, order })

  function plan() {
    const [scripted, ...rest] = script
    if (scripted === undefined) return planAnswer(faults, seed, requestCount)
    script = rest
    return planScripted(scripted, faults, createRandom(seed, 'script', requestCount))
  }

  function onRequest(record: RequestRecord): void {
    requestCount += 1
    for (const name of record.faults) faultCounts[name] = (faultCounts[name] ?? 0) + 1
    if (records.length >= REQUESTS_KEPT_MAX) records.shift()
    records.push(record)
    log.debug({ ...record }, 'answered a request')
  }

  const api = createApi({
    contracts: scenario.contracts,
    store,
    credentials: { token, username, password },
    clock,
    signal: stopping.signal,
    limitMax: options.limitMax ?? LIMIT_MAX_DEFAULT,
    offsetCounts: options.offsetCounts ?? 'rows',
    faults: () => faults,
    plan,
    onRequest,
  })

  function contractOf(number: string): Contract {
    const contract = scenario.contracts.find((one) => one.number === number)
    if (contract === undefined) throw new Error(`the scenario has no contract ${number}`)
    return contract
  }

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
    addEntries: (contract, entries, added) => {
      const hits = entries.map((entry) =>
        isObject(entry) && Object.hasOwn(entry, '_source') ? entry : { _source: entry },
      )
      store.addHits(contractOf(contract), hits, added)
    },
    addHits: (contract, hits, added) => store.addHits(contractOf(contract), hits, added),
    setFaults(next) {
      faults = next
      store.setFaults(next)
    },
    scriptFaults(next) {
      script = [...next]
    },
    requests: () => records,
    counts: () => ({ requests: requestCount, faults: { ...faultCounts } }),
  }
}

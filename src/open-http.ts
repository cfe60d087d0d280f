// Owns connecting the HTTP server: stores, rules and readers → routes → a server that listens.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import type { Config } from './config.ts'
import type { Calendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import type { LookUp } from './core/event.ts'
import type { Rule } from './core/rule.ts'
import { alertActionRoutes } from './http/api/alert-actions.ts'
import { alertRoutes } from './http/api/alerts.ts'
import { coverageRoutes } from './http/api/coverage.ts'
import { withDescription } from './http/api/description.ts'
import { eventRoutes } from './http/api/events.ts'
import { healthRoutes, type PartState, type ReaderState } from './http/api/health.ts'
import { metricsPlugin } from './http/api/metrics.ts'
import { trialRoutes } from './http/api/rule-trial.ts'
import { ruleRoutes } from './http/api/rules.ts'
import { sessionRoutes } from './http/api/session.ts'
import { silenceRoutes } from './http/api/silences.ts'
import { statusRoutes } from './http/api/status.ts'
import { streamPlugin } from './http/api/stream.ts'
import { listen } from './http/listen.ts'
import type { Route } from './http/route.ts'
import { createNoise } from './http/rule-noise.ts'
import { createServer } from './http/server.ts'
import { INSTALLED, readVersion } from './installation.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { Delivery } from './open-delivery.ts'
import type { Telling } from './open-telling.ts'
import type { EntriesQueue } from './queue/queues.ts'
import { raiseAlone, runRuleTests } from './rule-tests.ts'
import type { RuleReload } from './running-rules.ts'
import type { Reader } from './source/reader.ts'
import type { Stores } from './state/redis.ts'

export type HttpParts = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly redis: Redis
  readonly rules: RuleReload
  readonly stores: Stores
  readonly calendar: Calendar
  readonly lookUp: LookUp
  readonly telling: Pick<Telling, 'actions' | 'silences'>
  readonly delivery: Pick<Delivery, 'receivers'>
  readonly entries: Pick<EntriesQueue, 'waiting'>
  /** The reader of this process, where there is one. */
  readonly reader: () => Reader | undefined
}

const VERSION = readVersion()

/** An answer of Redis that takes longer is none, for whoever asks whether it is there. */
const PING_TIMEOUT_MS = 1_000

/** Starts the server; `address` is what a browser on this machine opens. Throws a ListenError. */
export async function openHttp(
  parts: HttpParts,
): Promise<{ readonly address: string; readonly close: () => Promise<void> }> {
  const { config, clock, log, metrics, stores } = parts
  const server = await createServer({
    config: config.http,
    clock,
    log,
    routes: routesOf(parts),
    consoleFolder: existsSync(join(INSTALLED.console, 'index.html'))
      ? INSTALLED.console
      : undefined,
    plugins: [metricsPlugin(metrics), streamPlugin(stores.alertNews, clock)],
  })
  const address = await listen(server, config.http)
  return { address, close: () => server.close() }
}

function routesOf(parts: HttpParts): readonly Route[] {
  const { config, clock, stores, calendar, lookUp, telling, rules } = parts
  const { now } = clock
  const { actions: acting, silences } = telling
  const noise = createNoise({ ...stores, now })
  const normalizing = { calendar, lookUp }
  const runTests = (rule: Rule) => runRuleTests(rule, rules.current().ruleSet, calendar, lookUp)
  const routes = [
    ...healthRoutes({
      redis: () => redisState(parts),
      rules: () => rulesState(rules),
      readers: () => readerStates(parts.reader()),
    }),
    ...sessionRoutes(config.http, clock),
    ...alertRoutes({ ...stores, now }),
    ...alertActionRoutes({ ...stores, acting }),
    ...silenceRoutes({ silences, now }),
    ...ruleRoutes({
      rules: () => rules.current(),
      reload: () => rules.reload(),
      runTests,
      stats: stores.ruleStats,
      noise,
      now,
    }),
    ...trialRoutes({
      ...normalizing,
      ...stores,
      rules: () => rules.current(),
      raise: (rule, events) => raiseAlone(rule, rules.current().ruleSet, calendar, events),
      runTests,
      timezone: config.timezone,
      now,
    }),
    ...eventRoutes({ ...stores, ...normalizing, now }),
    ...statusRoutes({
      ...stores,
      versions: () => versionsOf(rules),
      readMark: (contract) => stores.reads.mark(contract),
      readers: () => readerStates(parts.reader()),
      entriesWaiting: () => parts.entries.waiting(),
      receivers: parts.delivery.receivers,
      now,
    }),
    ...coverageRoutes({ ...stores, now }),
  ]
  return withDescription(routes, VERSION)
}

function versionsOf(rules: RuleReload) {
  const { ruleSet } = rules.current()
  const { version, rules: active } = ruleSet
  return { version: VERSION, node: process.versions.node, rules: { version, count: active.length } }
}

/** The routes as they are described; nothing is behind them. */
export function describedRoutes(): readonly Route[] {
  const clock = { now: () => 0, sleep: async () => {} }
  const nothing = { config: {}, stores: {}, telling: {}, delivery: {}, rules: {} }
  return routesOf({ ...nothing, clock } as unknown as HttpParts)
}

async function redisState({ redis, clock }: HttpParts): Promise<PartState> {
  const stopped = new AbortController()
  const late = clock.sleep(PING_TIMEOUT_MS, stopped.signal).then(() => 'late' as const)
  try {
    if (redis.status !== 'ready') return { ok: false, detail: 'not connected' }
    const answer = await Promise.race([redis.ping(), late])
    return answer === 'PONG' ? { ok: true, detail: 'answers' } : { ok: false, detail: 'is slow' }
  } catch {
    return { ok: false, detail: 'does not answer' }
  } finally {
    stopped.abort()
  }
}

function rulesState(rules: RuleReload): PartState {
  const { ruleSet } = rules.current()
  const { length } = ruleSet.rules
  return { ok: length > 0, detail: `${length} rules, version ${ruleSet.version}` }
}

function readerStates(reader: Reader | undefined): readonly ReaderState[] {
  return Object.entries(reader?.status() ?? {}).map(([contract, status]) => ({
    contract,
    state: status.state,
    since: status.since,
    mark: status.mark,
    lastError: status.state === 'reading' ? undefined : status.lastError?.message,
  }))
}

// Owns the checks of `doctor`: each asks one thing of the outside and says what to do about it.
import type { Config } from './config.ts'
import { createCalendar } from './core/calendar.ts'
import type { Clock } from './core/clock.ts'
import { formatProblem } from './core/problem.ts'
import { openEmbeddedRedis } from './embedded-redis-open.ts'
import { EnrichmentError } from './enrich/error.ts'
import { type DataAge, openEnrichment } from './enrich/geo.ts'
import { BUILTIN } from './enrich/sources.ts'
import type { Log } from './observe/log.ts'
import { loadRuleSet } from './ruleset.ts'
import { openClient } from './open-reader.ts'
import { SourceConfigError, SourceError } from './source/errors.ts'
import { type ProbeResult, probeApi } from './source/probe.ts'
import { redisTarget, RedisTargetError } from './redis-target.ts'
import { connectRedis, redisWarnings, untilReady, watchFault } from './state/connection.ts'
import { startTimeLimit } from './time-limit.ts'

export type Finding = {
  readonly state: 'ok' | 'warning' | 'bad'
  /** What was checked, in a word or two. */
  readonly name: string
  readonly message: string
  readonly remedy?: string
}

export type DoctorOptions = {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** Longest wait for one thing to answer. */
const CHECK_TIMEOUT_MS = 20_000
const DAY_MS = 86_400_000
/** Contracts asked about one by one; a reseller has hundreds. */
const CONTRACTS_PROBED_MAX = 3
/** Addresses change hands: after half a year a part of what the data says is wrong. */
const DATA_DAYS_MAX = 180
/** A token that ends sooner than this is worth a warning. */
const TOKEN_DAYS_MIN = 14

/** Runs all checks one after the other; never throws for what it finds. */
export async function* checkAll(options: DoctorOptions): AsyncGenerator<Finding> {
  const checks = [checkNode, checkRules, checkAddressData, checkReceivers, checkRedis, checkApi]
  for (const check of checks) yield* check(options)
}

async function* checkNode(): AsyncGenerator<Finding> {
  const version = process.versions.node
  yield { state: 'ok', name: 'node', message: version }
}

async function* checkRules({ config, clock }: DoctorOptions): AsyncGenerator<Finding> {
  const nowDate = createCalendar(config.timezone).at(clock.now()).date
  try {
    const { ruleSet, problems } = await loadRuleSet({
      folders: config.rules,
      schedules: config.schedules,
      nowDate,
    })
    const errors = problems.filter((problem) => problem.level === 'error')
    const count = `${ruleSet.rules.length} rules in ${config.rules.join(', ')}`
    if (errors.length === 0) yield { state: 'ok', name: 'rules', message: count }
    for (const problem of errors) {
      yield {
        state: 'bad',
        name: 'rules',
        message: formatProblem(problem),
        remedy: 'this rule is left out until it is mended; see `tocsin rules validate`',
      }
    }
  } catch (error) {
    yield { state: 'bad', name: 'rules', message: messageOf(error), remedy: 'check --rules' }
  }
}

async function* checkAddressData({ config, clock, log }: DoctorOptions): AsyncGenerator<Finding> {
  try {
    const { age } = await openEnrichment({ ...config.enrich, clock, log })
    for (const data of age()) yield dataFinding(data, clock.now())
  } catch (error) {
    if (!(error instanceof EnrichmentError)) throw error
    const remedy = 'check "enrich" in the configuration; without it built-in data is used'
    yield { state: 'bad', name: 'address data', message: error.message, remedy }
  }
}

const DATA_NAMES = { country: 'country data', asn: 'network data', city: 'city data' } as const

function dataFinding({ name: data, source, builtAt }: DataAge, now: number): Finding {
  const name = DATA_NAMES[data]
  const origin = source === BUILTIN ? 'built-in' : source
  const days = Math.floor((now - builtAt) / DAY_MS)
  const age = builtAt === 0 ? 'of unknown age' : `${days} days old`
  const message = `${origin}, ${age}`
  if (builtAt === 0 || days <= DATA_DAYS_MAX) return { state: 'ok', name, message }
  const remedy =
    source === BUILTIN
      ? `update Tocsin, or name a newer file in "enrich": { "${data}": … }`
      : 'download a newer file in its place: it is taken up while Tocsin runs'
  return { state: 'warning', name, message, remedy }
}

async function* checkReceivers({ config }: DoctorOptions): AsyncGenerator<Finding> {
  if (config.receivers.length === 0) {
    yield {
      state: 'warning',
      name: 'receivers',
      message: 'none is configured: alerts would only be printed',
      remedy: 'set SLACK_WEBHOOK_URL, or SMTP_URL with ALERT_EMAIL_TO and ALERT_EMAIL_FROM',
    }
  }
  for (const { name, type } of config.receivers) {
    const message = `${type}, configured (try it: tocsin send-test ${name})`
    yield { state: 'ok', name, message }
  }
}

async function* checkRedis({ config, clock, log, signal }: DoctorOptions): AsyncGenerator<Finding> {
  const target = targetOf(config)
  if (typeof target === 'string') {
    const remedy = 'name a PEM file that this user may read'
    yield { state: 'bad', name: 'redis', message: target, remedy }
    return
  }
  const embedded =
    target === undefined
      ? await openEmbeddedRedis({ dataDir: config.dataDir, clock, log }).catch(messageOf)
      : undefined
  if (typeof embedded === 'string') {
    const remedy = 'run `tocsin redis install`, or set REDIS_URL'
    yield { state: 'bad', name: 'redis', message: embedded, remedy }
    return
  }
  const redis = connectRedis(target ?? `unix://${embedded?.socketPath}`, 'state')
  const fault = watchFault(redis)
  const limit = startTimeLimit(signal, CHECK_TIMEOUT_MS)
  try {
    await untilReady(redis, limit.signal)
    const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown'
    const kind = embedded === undefined ? 'at REDIS_URL' : 'embedded'
    yield { state: 'ok', name: 'redis', message: `${version}, ${kind}` }
    for (const warning of await redisWarnings(redis)) {
      yield { state: 'warning', name: 'redis', message: warning }
    }
  } catch {
    signal.throwIfAborted()
    const remedy = 'is it running, and is REDIS_URL right (rediss:// for TLS)?'
    const why = fault()
    const message = `does not answer${why === undefined ? '' : `: ${why}`}`
    yield { state: 'bad', name: 'redis', message, remedy }
  } finally {
    limit.end()
    redis.disconnect()
    await embedded?.stop()
  }
}

/** A text says why there is none. */
function targetOf(config: Config): ReturnType<typeof redisTarget> | string {
  try {
    return redisTarget(config)
  } catch (error) {
    if (error instanceof RedisTargetError) return error.message
    throw error
  }
}

async function* checkApi({ config, clock, signal }: DoctorOptions): AsyncGenerator<Finding> {
  if (config.ionos.credentials === undefined) {
    yield {
      state: 'bad',
      name: 'activity log',
      message: 'no credentials',
      remedy: 'set IONOS_TOKEN, or IONOS_USERNAME and IONOS_PASSWORD',
    }
    return
  }
  const limit = startTimeLimit(signal, CHECK_TIMEOUT_MS)
  try {
    yield* askApi(config, clock, limit.signal)
  } catch (error) {
    signal.throwIfAborted()
    yield {
      state: 'bad',
      name: 'activity log',
      message: messageOf(error),
      remedy: remedyFor(error),
    }
  } finally {
    limit.end()
  }
}

async function* askApi(config: Config, clock: Clock, signal: AbortSignal): AsyncGenerator<Finding> {
  const { client, credentials } = openClient(config, clock)
  try {
    const contracts = await client.contracts(signal)
    yield { state: 'ok', name: 'activity log', message: `contracts ${contracts.join(', ')}` }
    const expiry = credentials.tokenExpiresAt()
    if (expiry !== undefined) yield tokenFinding(expiry, clock.now())
    for (const contract of contracts.slice(0, CONTRACTS_PROBED_MAX)) {
      const result = await probeApi(client, contract, clock.now(), signal)
      yield { state: 'ok', name: 'probe', message: `${contract}: ${describeProbe(result)}` }
    }
  } finally {
    await client.close()
  }
}

function describeProbe({ entries, offsetCounts, order, uuids }: ProbeResult): string {
  const facts = `offset counts ${offsetCounts}, order ${order}, @uuid on ${uuids}`
  return `${entries} entries looked at, ${facts}`
}

function remedyFor(error: unknown): string {
  if (error instanceof SourceConfigError) return error.remedy
  const hint = error instanceof SourceError ? error.hint : undefined
  return hint ?? 'check IONOS_API_URL and the network (HTTPS_PROXY, firewall)'
}

function tokenFinding(expiresAt: number, now: number): Finding {
  const days = Math.floor((expiresAt - now) / DAY_MS)
  const name = 'token'
  if (days >= TOKEN_DAYS_MIN) return { state: 'ok', name, message: `ends in ${days} days` }
  const remedy = 'make a new one in the DCD: Management > Token Manager'
  if (expiresAt <= now) return { state: 'bad', name, message: 'has ended', remedy }
  return { state: 'warning', name, message: `ends in ${days} days`, remedy }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

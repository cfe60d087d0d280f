// Owns the configuration: its keys, defaults and limits, and which environment variables win over
// the file. Reading the file is config-file.ts; receivers bring schemas of their own.
import { CONFIG_KEYS, type IONOS_KEYS, type SWEEP_KEYS } from './config-keys.ts'
import { type ReceiverConfig, receiversFromEnv } from './config-receivers.ts'
import { assembleRouting, namesInFile, type Routing } from './config-routes.ts'
import type { Backfill } from './core/backfill.ts'
import type { Problem } from './core/problem.ts'
import { routeDefinition } from './core/route-shape.ts'
import type { Schedule } from './core/schedule.ts'
import { isObject, type JsonSchema, type RecordOf, type Report, record } from './core/shape.ts'
import { BUILTIN_SOURCES, type EnrichmentSources } from './enrich/sources.ts'
import { assembleHttp, type HttpConfig } from './http/http-config.ts'
import type { LogLevel } from './observe/log.ts'
import { type CredentialSource, credentialsFromEnv } from './source/credentials.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Everything the service is told, with defaults applied. Durations are in ms. */
export type Config = {
  readonly timezone: string
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly ionos: {
    readonly apiUrl: string | undefined
    readonly credentials: CredentialSource | undefined
    readonly contracts: 'all' | readonly string[]
    readonly intervalMs: number
    readonly backfill: Backfill
    readonly overlapMs: number
    readonly sweeps: readonly { readonly everyMs: number; readonly reachMs: number }[]
    readonly pageSize: number
    readonly requestsPerMinuteMax: number
  }
  readonly rules: readonly string[]
  readonly redis: {
    readonly url: string | undefined
    readonly caFile?: string | undefined
    readonly sentinelUsername?: string | undefined
    readonly sentinelPassword?: string | undefined
    readonly prefix: string
  }
  readonly queue: {
    readonly batchSize: number
    readonly concurrency: number
    readonly highWater: number
  }
  readonly detection: {
    readonly notifyHorizonMs: number
    readonly latenessMs: number
    readonly settleMs: number
    readonly membersMax: number
  }
  readonly enrich: EnrichmentSources
  /** Weekly schedules by name, for rules. */
  readonly schedules: ReadonlyMap<string, Schedule>
  readonly receivers: readonly ReceiverConfig[]
  /** Without a route everything of `low` and above goes to every receiver. */
  readonly routing: Routing
  /** From one canary to the next; undefined: none are sent. */
  readonly canary: { readonly everyMs: number | undefined }
  readonly retention: { readonly eventsMs: number }
  readonly http: HttpConfig
  readonly proxy: { readonly https: string | undefined; readonly none: string | undefined }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Sweeps find entries that became visible after their window was read. */
const SWEEPS_DEFAULT = [
  { everyMs: 5 * MINUTE_MS, reachMs: 15 * MINUTE_MS },
  { everyMs: HOUR_MS, reachMs: 24 * HOUR_MS },
]

const configShape = record(CONFIG_KEYS, 'an object of settings')

/** The JSON Schema that editors complete the configuration with. */
export function createConfigSchema(): JsonSchema {
  const $schema = 'http://json-schema.org/draft-07/schema#'
  const definitions = { route: routeDefinition }
  return { $schema, title: 'Tocsin configuration', ...configShape.schema, definitions }
}

/**
 * The configuration from a file's value (undefined: no file) and the environment, which wins.
 * All problems of both are reported at once; with an error among them the result is undefined.
 */
export function parseConfig(
  value: unknown,
  env: Env,
): { readonly config: Config | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const report: Report = (problem) => problems.push(namedVariable(problem, env))
  const file = configShape.parse(withEnv(value ?? {}, env), '', report)
  const receivers = file?.receivers ?? receiversFromEnv(env, report)
  reportHalfLogin(env, report)
  const names = [...namesInFile(value), ...receivers.map((receiver) => receiver.name)]
  const config = file === undefined ? undefined : assemble(file, { receivers, names }, env, report)
  const failed = problems.some((problem) => problem.level === 'error')
  return { config: failed || config === undefined ? undefined : deepFreeze(config), problems }
}

/** A user name without its password would look like no credentials at all. */
function reportHalfLogin(env: Env, report: Report): void {
  const { IONOS_TOKEN, IONOS_TOKEN_FILE, IONOS_USERNAME, IONOS_PASSWORD } = env
  if (IONOS_TOKEN || IONOS_TOKEN_FILE || !IONOS_USERNAME === !IONOS_PASSWORD) return
  const [set, missing] = IONOS_USERNAME
    ? ['IONOS_USERNAME', 'IONOS_PASSWORD']
    : ['IONOS_PASSWORD', 'IONOS_USERNAME']
  const message = `it is set, but ${missing} is not: set both, or better IONOS_TOKEN`
  report({ level: 'error', file: 'environment', pointer: set, message })
}

/** Variables that stand for a key of the file. */
const ENV_KEYS: readonly (readonly [variable: string, path: readonly string[]])[] = [
  ['IONOS_API_URL', ['ionos', 'apiUrl']],
  ['REDIS_URL', ['redis', 'url']],
  ['REDIS_CA_FILE', ['redis', 'caFile']],
  ['TOCSIN_DATA_DIR', ['dataDir']],
  ['LOG_LEVEL', ['logLevel']],
  ['HOST', ['http', 'host']],
  ['PORT', ['http', 'port']],
]

/** What a variable set is wrong under its name: its place in a file says nothing to who set it. */
function namedVariable(problem: Problem, env: Env): Problem {
  const isSet = ([variable, path]: (typeof ENV_KEYS)[number]) =>
    `/${path.join('/')}` === problem.pointer && env[variable]?.trim()
  const found = ENV_KEYS.find(isSet)
  return found === undefined ? problem : { ...problem, file: 'environment', pointer: found[0] }
}

/** The file's value with the variables put in their places, so that both are checked alike. */
function withEnv(value: unknown, env: Env): unknown {
  if (!isObject(value)) return value
  let merged: Record<string, unknown> = { ...value }
  for (const [variable, path] of ENV_KEYS) {
    const set = env[variable]?.trim()
    if (set) merged = setKey(merged, path, set)
  }
  const folders = env['TOCSIN_RULES']?.trim()
  return folders ? { ...merged, rules: folders.split(',').map((folder) => folder.trim()) } : merged
}

function setKey(
  value: Record<string, unknown>,
  [key, ...rest]: readonly string[],
  set: string,
): Record<string, unknown> {
  if (key === undefined) return value
  if (rest.length === 0) return { ...value, [key]: set }
  const inner = value[key]
  return { ...value, [key]: setKey(isObject(inner) ? { ...inner } : {}, rest, set) }
}

function assemble(
  file: RecordOf<typeof CONFIG_KEYS>,
  { receivers, names }: { receivers: readonly ReceiverConfig[]; names: readonly string[] },
  env: Env,
  report: Report,
): Config {
  const { ionos, redis, queue, detection } = file
  const schedules = file.schedules ?? new Map<string, Schedule>()
  return {
    timezone: file.timezone ?? 'UTC',
    dataDir: file.dataDir ?? '.tocsin',
    logLevel: file.logLevel ?? 'info',
    ionos: {
      apiUrl: ionos?.apiUrl,
      credentials: credentialsFromEnv(env) ?? credentialsFromFile(ionos),
      contracts: ionos?.contracts ?? 'all',
      intervalMs: ionos?.interval ?? 30_000,
      backfill: ionos?.backfill ?? 'auto',
      overlapMs: ionos?.overlap ?? 2 * MINUTE_MS,
      sweeps: sweepsOf(ionos?.sweep) ?? SWEEPS_DEFAULT,
      pageSize: ionos?.pageSize ?? 100,
      requestsPerMinuteMax: ionos?.requestsPerMinuteMax ?? 120,
    },
    rules: file.rules ?? ['rules'],
    redis: {
      url: redis?.url,
      caFile: redis?.caFile,
      sentinelUsername: redis?.sentinelUsername,
      sentinelPassword: redis?.sentinelPassword,
      prefix: redis?.prefix ?? 'tocsin',
    },
    queue: {
      batchSize: queue?.batchSize ?? 100,
      concurrency: queue?.concurrency ?? 10,
      highWater: queue?.highWater ?? 2_000,
    },
    detection: {
      notifyHorizonMs: detection?.notifyHorizon ?? HOUR_MS,
      latenessMs: detection?.lateness ?? 26 * HOUR_MS,
      settleMs: detection?.settle ?? 15 * MINUTE_MS,
      membersMax: detection?.maxMembers ?? 10_000,
    },
    enrich: file.enrich ?? BUILTIN_SOURCES,
    schedules,
    receivers,
    routing: assembleRouting({ ...file, schedules, receivers: [...new Set(names)] }, report),
    canary: { everyMs: canaryEveryMs(file.canary?.every) },
    retention: { eventsMs: file.retention?.events ?? 7 * 24 * HOUR_MS },
    http: assembleHttp(file.http, env['TOCSIN_API_TOKEN']?.trim() || undefined, report),
    proxy: {
      https: env['HTTPS_PROXY'] || env['https_proxy'] || undefined,
      none: env['NO_PROXY'] || env['no_proxy'] || undefined,
    },
  }
}

function credentialsFromFile(
  ionos: RecordOf<typeof IONOS_KEYS> | undefined,
): CredentialSource | undefined {
  return credentialsFromEnv({
    IONOS_TOKEN: ionos?.token,
    IONOS_TOKEN_FILE: ionos?.tokenFile,
    IONOS_USERNAME: ionos?.username,
    IONOS_PASSWORD: ionos?.password,
  })
}

function canaryEveryMs(every: number | 'off' = 5 * MINUTE_MS): number | undefined {
  return every === 'off' ? undefined : every
}

function sweepsOf(sweeps: readonly RecordOf<typeof SWEEP_KEYS>[] | undefined) {
  return sweeps?.flatMap(({ every, reach }) =>
    every === undefined || reach === undefined ? [] : [{ everyMs: every, reachMs: reach }],
  )
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

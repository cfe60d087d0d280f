// Owns the configuration: its keys, defaults and limits, and which environment variables win over
// the file. Reading the file is config-file.ts; receivers bring schemas of their own.
import { parseDuration } from './core/duration.ts'
import type { Problem } from './core/problem.ts'
import {
  anything,
  choice,
  isObject,
  type JsonSchema,
  type Keys,
  listOf,
  pointerTo,
  type RecordOf,
  reportError,
  type Report,
  readable,
  record,
  type Shape,
  text,
  whole,
} from './core/shape.ts'
import { isTimezone } from './core/calendar.ts'
import { parseSchedule, type Schedule } from './core/schedule.ts'
import { type ReceiverConfig, receiversFromEnv, receiversShape } from './config-receivers.ts'
import { BUILTIN_SOURCES, enrichmentShape, type EnrichmentSources } from './enrich/sources.ts'
import { LOG_LEVELS, type LogLevel } from './observe/log.ts'
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
    readonly overlapMs: number
    readonly sweeps: readonly { readonly everyMs: number; readonly reachMs: number }[]
    readonly pageSize: number
    readonly requestsPerMinuteMax: number
  }
  readonly rules: readonly string[]
  readonly redis: { readonly url: string | undefined; readonly prefix: string }
  readonly queue: {
    readonly batchSize: number
    readonly concurrency: number
    readonly highWater: number
  }
  readonly detection: { readonly notifyHorizonMs: number }
  readonly enrich: EnrichmentSources
  /** Weekly schedules by name, for rules. */
  readonly schedules: ReadonlyMap<string, Schedule>
  readonly receivers: readonly ReceiverConfig[]
  readonly proxy: { readonly https: string | undefined; readonly none: string | undefined }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Sweeps find entries that became visible after their window was read. */
const SWEEPS_DEFAULT = [
  { everyMs: 5 * MINUTE_MS, reachMs: 15 * MINUTE_MS },
  { everyMs: HOUR_MS, reachMs: 24 * HOUR_MS },
]

export const duration: Shape<number> = readable(
  'a duration such as "30s", "10m", "2h" or "7d"',
  { pattern: '^[1-9][0-9]*[smhdw]$' },
  parseDuration,
)

const SWEEP_KEYS = {
  every: { shape: duration, about: 'How often the sweep runs.', must: true },
  reach: { shape: duration, about: 'How far back it reads.', must: true },
} satisfies Keys

const contracts: Shape<'all' | readonly string[]> = {
  expected: '"all" or a list of contract numbers as strings',
  schema: { anyOf: [{ const: 'all' }, { type: 'array', items: { type: 'string' } }] },
  parse(value, pointer, report) {
    if (value === 'all') return value
    return listOf(contractNumber, { min: 1, unique: true }).parse(value, pointer, report)
  },
}

const contractNumber = readable(
  'a contract number of digits only',
  { pattern: '^[0-9]+$' },
  (raw) => (/^[0-9]{1,40}$/.test(raw) ? raw : undefined),
)

const IONOS_KEYS = {
  contracts: { shape: contracts, about: 'Contracts to read.', default: 'all' },
  interval: { shape: duration, about: 'How often new entries are read.', default: '30s' },
  overlap: { shape: duration, about: 'How far each read reaches back.', default: '2m' },
  sweep: { shape: listOf(record(SWEEP_KEYS)), about: 'Reads that look for stragglers.' },
  pageSize: { shape: whole(1, 1_000), about: 'Entries per request.', default: 100 },
  requestsPerMinuteMax: { shape: whole(1, 6_000), about: 'Budget of requests.', default: 120 },
  apiUrl: { shape: text(2_000), about: 'Address of the API.' },
  token: { shape: text(10_000), about: 'API token: write "${IONOS_TOKEN}", not the token.' },
  tokenFile: { shape: text(4_096), about: 'File that holds the token.' },
  username: { shape: text(320), about: 'Login name, where no token can be had.' },
  password: { shape: text(1_000), about: 'Its password: write "${IONOS_PASSWORD}".' },
} satisfies Keys

const REDIS_KEYS = {
  url: { shape: text(2_000), about: 'redis://, rediss:// or unix:///path; else embedded.' },
  prefix: {
    shape: readable('1 to 40 letters, digits or dashes', { pattern: '^[a-z0-9-]{1,40}$' }, (raw) =>
      /^[a-z0-9-]{1,40}$/.test(raw) ? raw : undefined,
    ),
    about: 'First part of every key.',
    default: 'tocsin',
  },
} satisfies Keys

const QUEUE_KEYS = {
  batchSize: { shape: whole(1, 100), about: 'Entries per job.', default: 100 },
  concurrency: { shape: whole(1, 100), about: 'Jobs under way in one process.', default: 10 },
  highWater: { shape: whole(1, 100_000), about: 'Jobs that make the reader wait.', default: 2_000 },
} satisfies Keys

const DETECTION_KEYS = {
  notifyHorizon: { shape: duration, about: 'How far back a first start reads.', default: '1h' },
} satisfies Keys

const timezone = readable('a time zone such as "Europe/Berlin"', {}, (raw) =>
  isTimezone(raw) ? raw : undefined,
)

const schedules: Shape<ReadonlyMap<string, Schedule>> = {
  expected: 'an object of schedules by name',
  schema: { type: 'object' },
  parse(value, pointer, report) {
    if (!isObject(value)) return reportError(report, pointer, 'expected schedules by name')
    const parsed = Object.entries(value).map(([name, schedule]) =>
      parseSchedule(name, schedule, pointerTo(pointer, name), report),
    )
    return new Map(
      parsed.flatMap((schedule) => (schedule === undefined ? [] : [[schedule.name, schedule]])),
    )
  },
}

export const CONFIG_KEYS = {
  $schema: { shape: anything('a schema', { type: 'string' }), about: 'For editors.' },
  timezone: { shape: timezone, about: 'Zone of hours, days and times shown.', default: 'UTC' },
  dataDir: { shape: text(4_096), about: 'Folder of the embedded Redis.', default: '.tocsin' },
  logLevel: { shape: choice(LOG_LEVELS), about: 'Least level logged.', default: 'info' },
  ionos: { shape: record(IONOS_KEYS), about: 'Reading the Activity Log.' },
  rules: { shape: listOf(text(4_096), { min: 1 }), about: 'Folders of rules.', default: ['rules'] },
  redis: { shape: record(REDIS_KEYS), about: 'Where everything is remembered.' },
  queue: { shape: record(QUEUE_KEYS), about: 'Sizes of jobs and queues.' },
  detection: { shape: record(DETECTION_KEYS), about: 'Detection over time.' },
  enrich: { shape: enrichmentShape, about: 'Data about addresses.' },
  schedules: { shape: schedules, about: 'Weekly schedules that rules name.' },
  receivers: { shape: receiversShape, about: 'Who is told, by name.' },
} satisfies Keys

const configShape = record(CONFIG_KEYS, 'an object of settings')

/** The JSON Schema that editors complete the configuration with. */
export function createConfigSchema(): JsonSchema {
  const $schema = 'http://json-schema.org/draft-07/schema#'
  return { $schema, title: 'Tocsin configuration', ...configShape.schema }
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
  const report: Report = (problem) => problems.push(problem)
  const file = configShape.parse(withEnv(value ?? {}, env), '', report)
  const receivers = file?.receivers ?? receiversFromEnv(env, report)
  const config = file === undefined ? undefined : assemble(file, receivers, env)
  const failed = problems.some((problem) => problem.level === 'error')
  return { config: failed || config === undefined ? undefined : deepFreeze(config), problems }
}

/** Variables that stand for a key of the file. */
const ENV_KEYS: readonly (readonly [variable: string, path: readonly string[]])[] = [
  ['IONOS_API_URL', ['ionos', 'apiUrl']],
  ['REDIS_URL', ['redis', 'url']],
  ['TOCSIN_DATA_DIR', ['dataDir']],
  ['LOG_LEVEL', ['logLevel']],
]

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
  receivers: readonly ReceiverConfig[],
  env: Env,
): Config {
  const { ionos, redis, queue, detection } = file
  return {
    timezone: file.timezone ?? 'UTC',
    dataDir: file.dataDir ?? '.tocsin',
    logLevel: file.logLevel ?? 'info',
    ionos: {
      apiUrl: ionos?.apiUrl,
      credentials: credentialsFromEnv(env) ?? credentialsFromFile(ionos),
      contracts: ionos?.contracts ?? 'all',
      intervalMs: ionos?.interval ?? 30_000,
      overlapMs: ionos?.overlap ?? 2 * MINUTE_MS,
      sweeps: sweepsOf(ionos?.sweep) ?? SWEEPS_DEFAULT,
      pageSize: ionos?.pageSize ?? 100,
      requestsPerMinuteMax: ionos?.requestsPerMinuteMax ?? 120,
    },
    rules: file.rules ?? ['rules'],
    redis: { url: redis?.url, prefix: redis?.prefix ?? 'tocsin' },
    queue: {
      batchSize: queue?.batchSize ?? 100,
      concurrency: queue?.concurrency ?? 10,
      highWater: queue?.highWater ?? 2_000,
    },
    detection: { notifyHorizonMs: detection?.notifyHorizon ?? HOUR_MS },
    enrich: file.enrich ?? BUILTIN_SOURCES,
    schedules: file.schedules ?? new Map(),
    receivers,
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

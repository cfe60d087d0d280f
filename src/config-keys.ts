// Owns the keys of the configuration: their shapes, defaults and what editors show. What is made of
// them, and what the environment adds: config.ts.
import type { Backfill } from './core/backfill.ts'
import { isTimezone } from './core/calendar.ts'
import { parseDuration } from './core/duration.ts'
import { type MaintenanceDraft, maintenanceSchema, parseMaintenance } from './core/maintenance.ts'
import { routeShape } from './core/route-shape.ts'
import { parseSchedule, type Schedule } from './core/schedule.ts'
import {
  anything,
  choice,
  isObject,
  type Keys,
  listOf,
  pointerTo,
  reportError,
  readable,
  record,
  type Shape,
  text,
  whole,
} from './core/shape.ts'
import { receiversShape } from './config-receivers.ts'
import { enrichmentShape } from './enrich/sources.ts'
import { HTTP_KEYS } from './http/http-config.ts'
import { LOG_LEVELS } from './observe/log.ts'
import { parseRedisAddress, REDIS_ADDRESS_EXPECTED } from './state/redis-address.ts'

export const duration: Shape<number> = readable(
  'a duration such as "30s", "10m", "2h" or "7d"',
  { pattern: '^[1-9][0-9]*[smhdw]$' },
  parseDuration,
)

export const SWEEP_KEYS = {
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

const backfill: Shape<Backfill> = {
  expected: '"auto", "off" or a duration such as "30d"',
  schema: {
    anyOf: [{ enum: ['auto', 'off'] }, { type: 'string', pattern: '^[1-9][0-9]*[smhdw]$' }],
  },
  parse(value, pointer, report) {
    if (value === 'auto' || value === 'off') return value
    return parseDuration(value) ?? reportError(report, pointer, `expected ${this.expected}`)
  },
}

export const IONOS_KEYS = {
  contracts: { shape: contracts, about: 'Contracts to read.', default: 'all' },
  interval: { shape: duration, about: 'How often new entries are read.', default: '30s' },
  backfill: { shape: backfill, about: 'History that a first start reads.', default: 'auto' },
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

/** It is looked that often whether one is due. */
const CANARY_EVERY_MS_MIN = 10_000

const canaryEvery: Shape<number | 'off'> = {
  expected: '"off" or a duration of 10 seconds or more, such as "5m"',
  schema: {
    anyOf: [{ const: 'off' }, { type: 'string', pattern: '^[1-9][0-9]*[smhdw]$' }],
  },
  parse(value, pointer, report) {
    if (value === 'off') return value
    const ms = parseDuration(value)
    if (ms !== undefined && ms >= CANARY_EVERY_MS_MIN) return ms
    return reportError(report, pointer, `expected ${this.expected}`)
  },
}

const CANARY_KEYS = {
  every: { shape: canaryEvery, about: 'How often the whole line is tried.', default: '5m' },
} satisfies Keys

const folders: Shape<readonly string[]> = {
  ...listOf(text(4_096), { min: 1 }),
  parse(value, pointer, report) {
    if (Array.isArray(value)) return listOf(text(4_096), { min: 1 }).parse(value, pointer, report)
    return reportError(report, pointer, 'expected a list of folders, such as ["rules"]')
  },
}

/** A Redis by its address; its host is asked only when the service connects. */
const redisUrl = readable(REDIS_ADDRESS_EXPECTED, {}, (raw) =>
  parseRedisAddress(raw) === undefined ? undefined : raw,
)

const REDIS_KEYS = {
  url: {
    shape: redisUrl,
    about:
      'redis://, rediss://, unix:///path, redis+sentinel:// or redis+cluster://; else embedded.',
  },
  caFile: { shape: text(4_096), about: 'Certificate authority (PEM) of a Redis with TLS.' },
  sentinelUsername: { shape: text(320), about: 'User that Sentinels ask for.' },
  sentinelPassword: { shape: text(1_000), about: 'Its password: write "${SENTINEL_PASSWORD}".' },
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
  lateness: { shape: duration, about: 'How late events may arrive.', default: '26h' },
  maxMembers: { shape: whole(100, 1_000_000), about: 'Events of one group.', default: 10_000 },
  notifyHorizon: { shape: duration, about: 'How far back a first start reads.', default: '1h' },
  settle: {
    shape: duration,
    about: 'How long late entries are waited for before silence is believed.',
    default: '15m',
  },
} satisfies Keys

const EVENTS_DAYS_MAX = 30

const eventsKept: Shape<number> = {
  ...duration,
  parse(value, pointer, report) {
    const ms = duration.parse(value, pointer, report)
    if (ms === undefined || ms <= EVENTS_DAYS_MAX * 86_400_000) return ms
    return reportError(report, pointer, `at most "${EVENTS_DAYS_MAX}d" is kept`)
  },
}

const RETENTION_KEYS = {
  events: { shape: eventsKept, about: 'How long events can be looked at.', default: '7d' },
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

const maintenance: Shape<readonly MaintenanceDraft[]> = {
  expected: 'a list of maintenance windows',
  schema: maintenanceSchema,
  parse: parseMaintenance,
}

export const CONFIG_KEYS = {
  $schema: { shape: anything('a schema', { type: 'string' }), about: 'For editors.' },
  timezone: { shape: timezone, about: 'Zone of hours, days and times shown.', default: 'UTC' },
  dataDir: { shape: text(4_096), about: 'Folder of the embedded Redis.', default: '.tocsin' },
  logLevel: { shape: choice(LOG_LEVELS), about: 'Least level logged.', default: 'info' },
  ionos: { shape: record(IONOS_KEYS), about: 'Reading the Activity Log.' },
  rules: { shape: folders, about: 'Folders of rules.', default: ['rules'] },
  redis: { shape: record(REDIS_KEYS), about: 'Where everything is remembered.' },
  queue: { shape: record(QUEUE_KEYS), about: 'Sizes of jobs and queues.' },
  detection: { shape: record(DETECTION_KEYS), about: 'Detection over time.' },
  enrich: { shape: enrichmentShape, about: 'Data about addresses.' },
  schedules: { shape: schedules, about: 'Weekly schedules that rules name.' },
  receivers: { shape: receiversShape, about: 'Who is told, by name.' },
  route: { shape: routeShape, about: 'Which alerts go to whom. Default: low and above, to all.' },
  maintenance: { shape: maintenance, about: 'Times, every week, in which alerts are muted.' },
  canary: { shape: record(CANARY_KEYS), about: 'A synthetic entry that tries the whole line.' },
  retention: { shape: record(RETENTION_KEYS), about: 'How long things are kept.' },
  http: { shape: record(HTTP_KEYS), about: 'The API and the console.' },
} satisfies Keys

// Owns the part of the configuration that names receivers: what all kinds share, and the ones that
// variables make. What a kind itself needs is its own schema (notify/).
import { z } from 'zod'
import type { Env } from './config.ts'
import type { Budget } from './core/digest.ts'
import { parseDuration } from './core/duration.ts'
import {
  isObject,
  type JsonSchema,
  pointerTo,
  type Report,
  reportError,
  type Shape,
} from './core/shape.ts'
import { describeFound, suggestName } from './core/suggest.ts'
import {
  isReceiverType,
  RECEIVER_KINDS,
  RECEIVER_TYPES,
  type ReceiverType,
} from './notify/index.ts'
import type { ReceiverKind } from './notify/receiver.ts'

/** One receiver, checked; `config` is what its kind's schema gave. */
export type ReceiverConfig = {
  readonly name: string
  readonly type: ReceiverType
  readonly config: unknown
  /** The least time between two sends; 0 for none. */
  readonly paceMs: number
  /** How long a notification is tried. */
  readonly ageMaxMs: number
  /** More than that is gathered into digests. */
  readonly budget: Budget | 'off'
  /** The other side keeps a state of each alert: it wants to hear of closed and merged ones. */
  readonly stateful: boolean
  readonly readBy: 'people' | 'programs'
}

const AGE_MAX_DEFAULT_MS = 86_400_000
/** Names are parts of job ids and queue names. */
const RECEIVER_NAME = /^[a-z][a-z0-9-]{0,39}$/

const COMMON_KEYS = ['type', 'pace', 'maxAge', 'budget']
const BUDGET_COUNT_MAX = 1_000_000
const BUDGET_WITHIN_MS_MAX = 86_400_000

/** The `receivers` object of the file. */
export const receiversShape: Shape<readonly ReceiverConfig[]> = {
  expected: 'an object of receivers by name',
  schema: receiversSchema(),
  parse(value, pointer, report) {
    if (!isObject(value)) return reportError(report, pointer, 'expected receivers by name')
    return Object.entries(value).flatMap(([name, receiver]) => {
      const parsed = parseReceiver(name, receiver, pointerTo(pointer, name), report)
      return parsed === undefined ? [] : [parsed]
    })
  },
}

function parseReceiver(
  name: string,
  value: unknown,
  pointer: string,
  report: Report,
): ReceiverConfig | undefined {
  if (!RECEIVER_NAME.test(name)) {
    const expected = 'a name of small letters, digits and dashes, at most 40'
    return reportError(report, pointer, `found ${describeFound(name)}, expected ${expected}`)
  }
  if (!isObject(value)) return reportError(report, pointer, 'expected an object with a "type"')
  const { type, pace, maxAge, budget: given, ...own } = value
  if (typeof type !== 'string' || !isReceiverType(type)) {
    const hint = suggestName(String(type), RECEIVER_TYPES)
    const message = `unknown type of receiver ${describeFound(type)}${hint}`
    return reportError(report, pointerTo(pointer, 'type'), message)
  }
  const kind: ReceiverKind<unknown> = RECEIVER_KINDS[type]
  const parsed = kind.schema.safeParse(own)
  if (!parsed.success) reportIssues(parsed.error, own, pointer, report)
  const paceMs = waitOf(pace, kind.paceMsDefault, pointerTo(pointer, 'pace'), report)
  const ageMaxMs = waitOf(maxAge, AGE_MAX_DEFAULT_MS, pointerTo(pointer, 'maxAge'), report)
  const budget = budgetOf(given, kind.budgetDefault, pointerTo(pointer, 'budget'), report)
  if (!parsed.success || paceMs === undefined || ageMaxMs === undefined) return undefined
  if (budget === undefined) return undefined
  const stateful = kind.stateful(parsed.data)
  const { readBy } = kind
  return { name, type, config: parsed.data, paceMs, ageMaxMs, budget, stateful, readBy }
}

const BUDGET_EXPECTED = 'expected { "count": 20, "within": "10m" }, or "off"'

function budgetOf(
  value: unknown,
  otherwise: Budget | 'off',
  pointer: string,
  report: Report,
): Budget | 'off' | undefined {
  if (value === undefined) return otherwise
  if (value === 'off') return 'off'
  if (!isObject(value)) {
    return reportError(report, pointer, `found ${describeFound(value)}, ${BUDGET_EXPECTED}`)
  }
  for (const key of Object.keys(value)) {
    if (key === 'count' || key === 'within') continue
    const hint = suggestName(key, ['count', 'within'])
    return reportError(report, pointerTo(pointer, key), `unknown key ${describeFound(key)}${hint}`)
  }
  const { count, within } = value
  if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > BUDGET_COUNT_MAX) {
    const expected = `expected a whole number from 1 to ${BUDGET_COUNT_MAX}`
    const message = `found ${describeFound(count)}, ${expected}`
    return reportError(report, pointerTo(pointer, 'count'), message)
  }
  const withinMs = parseDuration(within)
  if (withinMs === undefined || withinMs > BUDGET_WITHIN_MS_MAX) {
    const message = `found ${describeFound(within)}, expected a duration such as "10m", "1d" at most`
    return reportError(report, pointerTo(pointer, 'within'), message)
  }
  return { count: Number(count), withinMs }
}

/** A duration, or "0" for none. */
function waitOf(
  value: unknown,
  otherwise: number,
  pointer: string,
  report: Report,
): number | undefined {
  if (value === undefined) return otherwise
  if (value === '0' || value === '0s') return 0
  const ms = parseDuration(value)
  if (ms !== undefined) return ms
  const message = `found ${describeFound(value)}, expected a duration such as "1s", or "0" for none`
  return reportError(report, pointer, message)
}

/** Zod's issues in our words, each at its own place. A found secret is never repeated. */
function reportIssues(
  error: z.ZodError,
  own: Readonly<Record<string, unknown>>,
  pointer: string,
  report: Report,
): void {
  for (const issue of error.issues) {
    const place = issue.path.reduce<string>((at, key) => pointerTo(at, String(key)), pointer)
    if (issue.code === 'unrecognized_keys') {
      const known = [...COMMON_KEYS, ...Object.keys(own)].filter((key) => !issue.keys.includes(key))
      for (const key of issue.keys) {
        const hint = suggestName(key, known)
        reportError(report, pointerTo(place, key), `unknown key ${describeFound(key)}${hint}`)
      }
    } else reportError(report, place, issue.message)
  }
}

/**
 * Receivers that variables alone make: SLACK_WEBHOOK_URL (and SLACK_PACE), WEBHOOK_URL with
 * WEBHOOK_SECRET, and SMTP_URL with ALERT_EMAIL_TO and ALERT_EMAIL_FROM. Only for a configuration
 * that names no receivers: one that does can use the same variables as `${…}`, and nobody is told
 * twice.
 */
export function receiversFromEnv(env: Env, report: Report): readonly ReceiverConfig[] {
  const receivers: Record<string, unknown> = {}
  const slack = env['SLACK_WEBHOOK_URL']?.trim()
  if (slack) {
    const pace = env['SLACK_PACE']?.trim()
    receivers['slack'] = { type: 'slack', url: slack, ...(pace ? { pace } : {}) }
  }
  const webhook = env['WEBHOOK_URL']?.trim()
  if (webhook) {
    const secret = env['WEBHOOK_SECRET']?.trim()
    if (secret) receivers['webhook'] = { type: 'webhook', url: webhook, secret }
    else {
      const message = 'it is set, but WEBHOOK_SECRET is not: set both, so that requests are signed'
      report({ level: 'error', file: 'environment', pointer: 'WEBHOOK_URL', message })
    }
  }
  const smtp = env['SMTP_URL']?.trim()
  if (smtp) {
    const to = (env['ALERT_EMAIL_TO'] ?? '').split(',').map((address) => address.trim())
    const from = env['ALERT_EMAIL_FROM']?.trim()
    const recipients = to.filter((address) => address !== '')
    if (from && recipients.length > 0) {
      receivers['email'] = { type: 'email', smtp, from, to: recipients }
    } else {
      const missing = from ? 'ALERT_EMAIL_TO' : 'ALERT_EMAIL_FROM'
      const message = `it is set, but ${missing} is not: set both`
      report({ level: 'error', file: 'environment', pointer: 'SMTP_URL', message })
    }
  }
  const named: Report = (problem) => report({ ...problem, ...placeOf(problem.pointer) })
  return receiversShape.parse(receivers, '', named) ?? []
}

/** The variable that made a place of these receivers. */
function placeOf(pointer: string): { file: string; pointer: string } {
  const variables: Readonly<Record<string, string>> = {
    '/slack/url': 'SLACK_WEBHOOK_URL',
    '/slack/pace': 'SLACK_PACE',
    '/webhook/url': 'WEBHOOK_URL',
    '/webhook/secret': 'WEBHOOK_SECRET',
    '/email/smtp': 'SMTP_URL',
    '/email/from': 'ALERT_EMAIL_FROM',
  }
  const isRecipient = pointer.startsWith('/email/to')
  return {
    file: 'environment',
    pointer: variables[pointer] ?? (isRecipient ? 'ALERT_EMAIL_TO' : pointer),
  }
}

function budgetSchema(otherwise: Budget | 'off'): JsonSchema {
  const count = { type: 'integer', minimum: 1, maximum: BUDGET_COUNT_MAX }
  const within = { type: 'string', pattern: '^[1-9][0-9]*[smhdw]$' }
  const object = {
    type: 'object',
    properties: { count, within },
    required: ['count', 'within'],
    additionalProperties: false,
  }
  return {
    description: 'Messages taken one by one in a span of time; more come together in digests.',
    default:
      otherwise === 'off'
        ? 'off'
        : { count: otherwise.count, within: `${otherwise.withinMs / 60_000}m` },
    anyOf: [{ const: 'off' }, object],
  }
}

function receiversSchema(): JsonSchema {
  const kinds = Object.values(RECEIVER_KINDS).map((kind) => {
    const schema = z.toJSONSchema(kind.schema, { io: 'input', target: 'draft-7' }) as {
      properties?: Record<string, unknown>
      required?: string[]
    }
    return {
      type: 'object',
      properties: {
        type: { const: kind.type },
        pace: { type: 'string', description: 'Least time between two sends, or "0".' },
        maxAge: { type: 'string', description: 'How long a message is tried.', default: '24h' },
        budget: budgetSchema(kind.budgetDefault),
        ...schema.properties,
      },
      required: ['type', ...(schema.required ?? [])],
      additionalProperties: false,
    }
  })
  return { type: 'object', additionalProperties: { anyOf: kinds } }
}

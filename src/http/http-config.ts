// Owns the `http` part of the configuration: where the server listens, and whose tokens it knows.
// A token's text is hashed here and goes no further. Who may do what with one: door.ts.
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Problem } from '../core/problem.ts'
import {
  choice,
  type Keys,
  listOf,
  pointerTo,
  readable,
  record,
  type RecordOf,
  type Report,
  reportError,
  type Shape,
  text,
  whole,
} from '../core/shape.ts'
import { describeFound } from '../core/suggest.ts'

/** What a token allows, least first: to read; to act on alerts and silences; to reload rules. */
export const API_ROLES = ['viewer', 'responder', 'admin'] as const

export type ApiRole = (typeof API_ROLES)[number]

export type ApiToken = {
  /** Whose it is: the audit trail names it. */
  readonly name: string
  readonly role: ApiRole
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string
}

export type HttpConfig = {
  readonly host: string
  /** Undefined: nobody asked for one, so PORT_DEFAULT or a free one near it. */
  readonly port: number | undefined
  readonly tokens: readonly ApiToken[]
  /** Where people reach the console, without a slash at the end. */
  readonly publicUrl: string | undefined
}

export const HOST_DEFAULT = '127.0.0.1'
export const PORT_DEFAULT = 8_080
/** Shorter ones can be guessed, or were chosen by a person. */
export const TOKEN_LENGTH_MIN = 20
const TOKEN_LENGTH_MAX = 1_000
/** One a person; more would be a user database. */
const TOKENS_MAX = 100

/** Names that the audit trail gives to others. */
const NAMES_TAKEN = ['local', 'system']

const name = readable(
  'a name of letters, digits, ".", "@", "_" and "-", at most 60',
  { pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]{0,59}$' },
  (raw) =>
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,59}$/.test(raw) && !NAMES_TAKEN.includes(raw) ? raw : undefined,
)

/** Only its digest comes out, and what is wrong with it is said without it. */
const secret: Shape<string> = {
  expected: `a token of ${TOKEN_LENGTH_MIN} or more characters`,
  schema: { type: 'string', minLength: TOKEN_LENGTH_MIN, maxLength: TOKEN_LENGTH_MAX },
  parse(value, pointer, report) {
    if (typeof value !== 'string' || /[^\x21-\x7e]/.test(value)) {
      return reportError(report, pointer, `expected ${secret.expected}, without blanks`)
    }
    if (value.length < TOKEN_LENGTH_MIN || value.length > TOKEN_LENGTH_MAX) {
      const message = `it has ${value.length} characters, at least ${TOKEN_LENGTH_MIN} are needed: make one with \`openssl rand -hex 32\``
      return reportError(report, pointer, message)
    }
    return digestOf(value)
  },
}

const TOKEN_KEYS = {
  name: { shape: name, about: 'Whose it is; the audit trail names it.', must: true },
  role: { shape: choice(API_ROLES), about: 'What it allows.', must: true },
  token: { shape: secret, about: 'Write "${SOME_VARIABLE}", not the token.', must: true },
} satisfies Keys

/** A number, or digits as a variable gives them. */
const port: Shape<number> = {
  expected: 'a port from 0 to 65535 (0 for a free one)',
  schema: { type: 'integer', minimum: 0, maximum: 65_535 },
  parse(value, pointer, report) {
    const read = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value
    return whole(0, 65_535).parse(read, pointer, report)
  },
}

const publicUrl = readable(
  'an address without a path, such as "https://tocsin.example.com"',
  {},
  (raw) => {
    if (!/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return undefined
    const url = new URL(raw)
    const isBare =
      url.username === '' && url.pathname === '/' && url.search === '' && url.hash === ''
    return isBare ? url.origin : undefined
  },
)

export const HTTP_KEYS = {
  host: { shape: text(255), about: 'Address to listen on.', default: HOST_DEFAULT },
  port: { shape: port, about: 'Port to listen on; 0 for a free one.', default: PORT_DEFAULT },
  tokens: {
    shape: listOf(record(TOKEN_KEYS, 'an object with "name", "role" and "token"'), {
      max: TOKENS_MAX,
    }),
    about: 'Who may use the API and the console; none: this machine only.',
  },
  publicUrl: { shape: publicUrl, about: 'Where people reach the console; in messages.' },
} satisfies Keys

/** How a token is kept. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/**
 * The configuration of the server, and what is wrong between its parts. `envToken` makes one
 * `admin` where the file names no tokens.
 */
export function assembleHttp(
  file: RecordOf<typeof HTTP_KEYS> | undefined,
  envToken: string | undefined,
  report: Report,
): HttpConfig {
  const named = (file?.tokens ?? []).flatMap(({ name, role, token }) =>
    name === undefined || role === undefined || token === undefined
      ? []
      : [{ name, role, digest: token }],
  )
  reportRepeated(named, report)
  const tokens = file?.tokens === undefined ? tokensFromEnv(envToken, report) : named
  const host = bareHost(file?.host ?? HOST_DEFAULT)
  const config = { host, port: file?.port, tokens, publicUrl: file?.publicUrl }
  if (tokens.length === 0 && envToken === undefined) reportOpenDoor(config, report)
  return config
}

function tokensFromEnv(token: string | undefined, report: Report): readonly ApiToken[] {
  if (token === undefined) return []
  const named: Report = (problem: Problem) =>
    report({ ...problem, file: 'environment', pointer: 'TOCSIN_API_TOKEN' })
  const digest = secret.parse(token, '', named)
  return digest === undefined ? [] : [{ name: 'api', role: 'admin', digest }]
}

function reportRepeated(tokens: readonly ApiToken[], report: Report): void {
  for (const [index, token] of tokens.entries()) {
    const before = tokens.slice(0, index)
    const pointer = pointerTo('/http/tokens', index)
    if (before.some(({ name }) => name === token.name)) {
      const message = `the name ${describeFound(token.name)} is there twice: one token a person`
      reportError(report, pointerTo(pointer, 'name'), message)
    }
    if (before.some(({ digest }) => digest === token.digest)) {
      const message = 'the same token is there twice: one token a person'
      reportError(report, pointerTo(pointer, 'token'), message)
    }
  }
}

/** Whoever reaches a server without tokens may do anything: so only this machine does. */
function reportOpenDoor({ host, publicUrl }: HttpConfig, report: Report): void {
  const remedy = 'set TOCSIN_API_TOKEN or "http": { "tokens": … }'
  if (!isLoopback(host)) {
    const message = `${describeFound(host)} is not this machine alone, and there are no tokens: ${remedy}`
    reportError(report, '/http/host', message)
  }
  if (publicUrl !== undefined) {
    const message = `others would reach the console, and there are no tokens: ${remedy}`
    reportError(report, '/http/publicUrl', message)
  }
}

/** Whether only this machine reaches the address. Names other than localhost may lead anywhere. */
export function isLoopback(host: string): boolean {
  const bare = bareHost(host)
  if (bare === 'localhost' || bare === '::1') return true
  return isIP(bare) === 4 && bare.startsWith('127.')
}

function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

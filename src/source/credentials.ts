// Owns the credentials of the API: where they come from and that nothing prints them.
import { readFile } from 'node:fs/promises'
import { SourceConfigError, SourceError } from './errors.ts'

/** Where credentials come from. Holds secrets: give it to createCredentials and forget it. */
export type CredentialSource =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'token-file'; readonly path: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }

/** Credentials in use. The secrets live in closures: printing or serialising shows none. */
export type Credentials = {
  readonly kind: CredentialSource['kind']
  /** The value of the `Authorization` header. */
  authorization(): Promise<string>
  /** Reads a token file again; says whether the token is another one now. */
  refresh(): Promise<boolean>
  /** When the token ends (ms), if it is a JWT that says so and was read already. */
  tokenExpiresAt(): number | undefined
  /** The text with every secret of these credentials replaced. */
  redact(text: string): string
}

/** A token has about 1 kB; a bigger file is a mistake, such as a path to a log. */
const TOKEN_FILE_BYTES_MAX = 65_536

/** Throws a SourceConfigError when a secret can't be sent in a header. */
export function createCredentials(source: CredentialSource): Credentials {
  if (source.kind === 'token-file') return credentialsFromFile(source.path)
  if (source.kind === 'token') return credentialsFromToken(checkedToken(source.token))
  return credentialsFromPassword(source.username, source.password)
}

/**
 * Credentials as the official tools name them: IONOS_TOKEN, else IONOS_TOKEN_FILE, else
 * IONOS_USERNAME with IONOS_PASSWORD. Empty is the same as absent; undefined when none are set.
 */
export function credentialsFromEnv(
  env: Readonly<Record<string, string | undefined>>,
): CredentialSource | undefined {
  const { IONOS_TOKEN: token, IONOS_TOKEN_FILE: path } = env
  const { IONOS_USERNAME: username, IONOS_PASSWORD: password } = env
  if (token?.trim()) return { kind: 'token', token }
  if (path?.trim()) return { kind: 'token-file', path: path.trim() }
  if (username && password) return { kind: 'basic', username, password }
  return undefined
}

function credentialsFromToken(token: string): Credentials {
  return {
    kind: 'token',
    authorization: async () => `Bearer ${token}`,
    refresh: async () => false,
    tokenExpiresAt: () => readTokenExpiry(token),
    redact: (text) => redactSecrets(text, [token]),
  }
}

function credentialsFromPassword(username: string, password: string): Credentials {
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  return {
    kind: 'basic',
    authorization: async () => `Basic ${encoded}`,
    refresh: async () => false,
    tokenExpiresAt: () => undefined,
    redact: (text) => redactSecrets(text, [password, encoded]),
  }
}

function credentialsFromFile(path: string): Credentials {
  let token: string | undefined
  const read = async (): Promise<string> => {
    const next = await readTokenFile(path)
    token = next
    return next
  }
  return {
    kind: 'token-file',
    authorization: async () => `Bearer ${token ?? (await read())}`,
    refresh: async () => {
      const before = token
      return (await read()) !== before
    },
    tokenExpiresAt: () => (token === undefined ? undefined : readTokenExpiry(token)),
    redact: (text) => redactSecrets(text, token === undefined ? [] : [token]),
  }
}

async function readTokenFile(path: string): Promise<string> {
  const fail = (what: string, cause?: unknown): SourceError =>
    new SourceError(`read token file ${path}: ${what}`, {
      reason: 'unauthorized',
      hint: 'IONOS_TOKEN_FILE has to name a readable file that holds the token and nothing else',
      cause,
    })
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'not readable'
    throw fail(code, cause)
  }
  if (bytes.length > TOKEN_FILE_BYTES_MAX) throw fail('too large for a token')
  const text = bytes.toString('utf8').trim()
  if (!isHeaderSafe(text)) throw fail(text === '' ? 'empty' : 'not a token')
  return text
}

function checkedToken(token: string): string {
  const text = token.trim()
  if (isHeaderSafe(text)) return text
  throw new SourceConfigError(
    'IONOS_TOKEN holds blanks, line breaks or characters that no token has',
    'copy the token again, in one piece',
  )
}

/** Tokens are base64url, dots and a few signs: anything else is a pasting accident. */
function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

/** The `exp` claim of a JWT in ms; undefined for anything that is no JWT. Nothing is verified. */
export function readTokenExpiry(token: string): number | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 || parts[1] === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1], 'base64url').toString('utf8'))
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined
    return typeof claims.exp === 'number' && Number.isFinite(claims.exp)
      ? claims.exp * 1_000
      : undefined
  } catch {
    return undefined
  }
}

/** Shorter ones would blacken ordinary words; no real secret is that short. */
const SECRET_LENGTH_MIN = 4

const ANY_JWT = /\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g
const ANY_AUTHORIZATION = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi

function redactSecrets(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) {
    if (secret.length >= SECRET_LENGTH_MIN) clean = clean.replaceAll(secret, '[secret]')
  }
  return clean.replace(ANY_JWT, '[secret]').replace(ANY_AUTHORIZATION, '$1 [secret]')
}

// Owns keeping secrets out of what errors of other libraries say.

const CENSORED = '[secret]'

/** Shorter pieces turn up in ordinary words: censoring them would only hide the error. */
const SECRET_LENGTH_MIN = 4

/** `T000`, `B000` and the token are as long; `services` alone is no secret but does no harm. */
const PATH_PIECE_LENGTH_MIN = 8

const TEXT_LENGTH_MAX = 300
const CAUSES_MAX = 4

/**
 * A plain Error that says what `error` and its causes say, without the secrets and without the
 * stack, whose first line repeats the message. Libraries put URLs, commands and answers of servers
 * into messages and properties, so nothing else of the original is kept.
 */
export function redactError(error: unknown, secrets: readonly string[]): Error {
  const texts: string[] = []
  let current = error
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth++) {
    const code = codeOf(current)
    texts.push(code === undefined ? current.message : `${code}: ${current.message}`)
    current = current.cause
  }
  const text = texts.length > 0 ? texts.join(' ← ') : 'unknown error'
  const redacted = new Error(redactText(text, secrets).slice(0, TEXT_LENGTH_MAX))
  redacted.stack = `Error: ${redacted.message}`
  return redacted
}

/** The text with each secret replaced, also where it is percent-encoded or base64. */
export function redactText(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
  ])
  return forms
    .filter((form) => form.length >= SECRET_LENGTH_MIN)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, form) => rest.replaceAll(form, CENSORED), text)
}

/** What of a URL is secret: its path and query as a whole and piece by piece, and its password. */
export function urlSecrets(url: string | undefined): readonly string[] {
  if (url === undefined || !URL.canParse(url)) return url === undefined ? [] : [url]
  const { href, pathname, search, password, username } = new URL(url)
  const pieces = pathname.split('/').filter((piece) => piece.length >= PATH_PIECE_LENGTH_MIN)
  const whole = pathname === '/' ? [] : [pathname, `${pathname}${search}`]
  const login = password === '' ? [] : [password, decode(password), `${username}:${password}`]
  return [...(whole.length + login.length > 0 ? [url, href] : []), ...whole, ...pieces, ...login]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `ECONNREFUSED` and the like, wherever a library keeps it. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code = (error as Error & { code?: unknown }).code
  return typeof code === 'string' ? code : undefined
}

// Owns signing as Standard Webhooks says (standardwebhooks.com): the secret's form, and the headers.
import { createHmac } from 'node:crypto'

/** The standard's own bounds, in bytes. */
const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
const PREFIX = 'whsec_'

/** `whsec_` and base64, or the base64 alone, as the standard's libraries take it; else undefined. */
export function parseWebhookSecret(text: string): Buffer | undefined {
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, 'base64')
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '')
  const fits = bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX
  return isCanonical && fits ? bytes : undefined
}

/**
 * The headers that prove who sent a body and when. `id` is the same for every try: receivers that
 * have seen it take the message as the one they have. Several secrets while one replaces another.
 */
export function signatureHeaders(
  message: { readonly id: string; readonly atMs: number; readonly body: string },
  secrets: readonly Buffer[],
): Record<string, string> {
  const { id, atMs, body } = message
  const timestamp = String(Math.floor(atMs / 1_000))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`)
    return `v1,${hmac.digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

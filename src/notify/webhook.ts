// Owns delivery to a webhook of the user's own: signed JSON by POST. What it holds: notice-json.ts.
import { createHash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import { z } from 'zod'
import { BUDGET_DEFAULT, isDigest, type Notice } from '../core/digest.ts'
import {
  type FailurePlace,
  failureOfNetwork,
  failureOfStatus,
  parseRetryAfter,
} from './http-failure.ts'
import { createPoster, type PostTimeouts } from './http-post.ts'
import { isLinkLocal, LinkLocalError, lookUpGuarded } from './link-local.ts'
import { isLoopbackHost } from './loopback.ts'
import { noticeJson } from './notice-json.ts'
import type { Receiver, ReceiverContext, ReceiverKind } from './receiver.ts'
import { urlSecrets } from './redact.ts'
import { parseWebhookSecret, signatureHeaders } from './webhook-secret.ts'

/** Real time. The standard asks receivers to answer within 15 to 30 s. */
export const WEBHOOK_TIMEOUTS: PostTimeouts = { connectMs: 5_000, totalMs: 20_000 }

/** One that is in use and one that replaces it. */
const SECRETS_MAX = 3

const SECRET_EXPECTED =
  'must be "whsec_" and 24 to 64 bytes in base64 (`openssl rand -base64 32` makes one), or a list of such'

const secret = z.string().refine((text) => parseWebhookSecret(text) !== undefined, SECRET_EXPECTED)

const schema = z
  .strictObject({
    url: z
      .string()
      .refine(isWebUrl, 'must be an https:// (or http://) address without a login in it')
      .describe('Where messages are posted; never a link-local address'),
    secret: z
      .union([secret, z.array(secret).min(1).max(SECRETS_MAX)], SECRET_EXPECTED)
      .describe('Signs every message as Standard Webhooks says: "whsec_…", or several of them'),
    plainHttp: z
      .boolean()
      .optional()
      .describe('Allow http:// to another machine: alerts are then readable on the way'),
  })
  .refine(({ url, plainHttp }) => plainHttp === true || isProtected(url), {
    path: ['url'],
    message: 'must be https:// unless it is this machine, or "plainHttp" is true',
  })

export type WebhookConfig = z.infer<typeof schema>

export const webhook = {
  type: 'webhook',
  schema,
  paceMsDefault: 0,
  budgetDefault: BUDGET_DEFAULT,
  stateful: () => false,
  readBy: 'programs',
  create: (config, context) => createWebhook(config, context, { timeouts: WEBHOOK_TIMEOUTS }),
} satisfies ReceiverKind<WebhookConfig>

/** A receiver that posts each notice; `timeouts` are real time. */
export function createWebhook(
  config: WebhookConfig,
  context: ReceiverContext,
  settings: { readonly timeouts: PostTimeouts; readonly lookup?: LookupFunction },
): Receiver {
  const { name, clock, httpsProxy, noProxy, publicUrl } = context
  const { url } = config
  const given = typeof config.secret === 'string' ? [config.secret] : config.secret
  const secrets = given.flatMap((text) => parseWebhookSecret(text) ?? [])
  const poster = createPoster({
    timeouts: settings.timeouts,
    httpsProxy,
    noProxy,
    lookup: settings.lookup ?? lookUpGuarded(),
  })
  const place: FailurePlace = {
    operation: `post to receiver ${name}`,
    secrets: [...urlSecrets(url), ...urlSecrets(httpsProxy), ...given.map(withoutPrefix)],
  }

  return {
    name,
    type: 'webhook',
    async send(notice, signal) {
      const id = messageId(notice)
      const body = JSON.stringify({
        type: isDigest(notice) ? 'digest' : `alert.${notice.reason}`,
        timestamp: new Date(clock.now()).toISOString(),
        data: noticeJson(notice, publicUrl),
      })
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'tocsin',
        'idempotency-key': id,
        ...signatureHeaders({ id, atMs: clock.now(), body }, secrets),
      }
      const answer = await post(url, { headers, body }, signal)
      if (answer.status >= 200 && answer.status < 300) return
      const retryAfterMs = parseRetryAfter(answer.header('retry-after'), clock.now())
      throw failureOfStatus(place, { status: answer.status, retryAfterMs })
    },
    close: () => poster.close(),
  }

  async function post(...[to, request, signal]: Parameters<typeof poster.post>) {
    try {
      // An address that needs no look-up is not looked up, so it is asked about here.
      if (isLinkLocal(new URL(to).hostname)) throw new LinkLocalError()
      return await poster.post(to, request, signal)
    } catch (error) {
      throw failureOfNetwork(place, error, signal)
    }
  }
}

/** The same for every try of a notice; the standard wants no full stop in it. */
function messageId({ id }: Notice): string {
  return `msg_${createHash('sha256').update(id).digest('hex').slice(0, 40)}`
}

function withoutPrefix(text: string): string {
  return text.replace(/^whsec_/, '')
}

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hostname } = new URL(text)
  if (username !== '' || password !== '' || isLinkLocal(hostname)) return false
  return protocol === 'https:' || protocol === 'http:'
}

function isProtected(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopbackHost(hostname)
}

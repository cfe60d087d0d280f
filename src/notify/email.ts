// Owns delivery by mail over SMTP. What a mail says and looks like: email-body.ts.
import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import nodemailer from 'nodemailer'
import { z } from 'zod'
import { BUDGET_DEFAULT, isDigest, type Notice, noticeSeverity } from '../core/digest.ts'
import { startTimeLimit } from '../time-limit.ts'
import { renderMail } from './email-body.ts'
import type { FailurePlace } from './http-failure.ts'
import { type MailAddress, parseMailAddress } from './mail-address.ts'
import { createMessageOf } from './message-of.ts'
import {
  DeliveryError,
  type Receiver,
  type ReceiverContext,
  type ReceiverKind,
} from './receiver.ts'
import { failureOfMail } from './smtp-failure.ts'
import { parseSmtpUrl, type SmtpServer } from './smtp-server-url.ts'
import { createTimeText } from './time-text.ts'

/** Real time, ms. */
export type MailTimeouts = {
  readonly connectMs: number
  /** Until the server says hello; relays make strangers wait (greylisting, tarpits). */
  readonly greetingMs: number
  /** Without a byte from the server. */
  readonly silenceMs: number
  /** The whole mail: a server that trickles its replies is not silent. */
  readonly totalMs: number
}

export const MAIL_TIMEOUTS: MailTimeouts = {
  connectMs: 10_000,
  greetingMs: 15_000,
  silenceMs: 30_000,
  totalMs: 60_000,
}

const RECIPIENTS_MAX = 50

/** Two: one slow mail does not hold up the next, and no relay takes it for a flood. */
const CONNECTIONS_MAX = 2
/** Relays close a connection after some hundred mails; ours is renewed before. */
const MAILS_PER_CONNECTION_MAX = 50
/** An idle connection is closed before the relay does it (Postfix: 300 s, others less). */
const IDLE_MS_MAX = 30_000
/** A mail of which no byte was sent may go over another connection at once, one time. */
const REQUEUES_MAX = 1

const isMailAddress = (text: string): boolean => parseMailAddress(text) !== undefined
const ADDRESS_EXPECTED = 'must be one mail address, such as "Tocsin <tocsin@example.com>"'

const schema = z.strictObject({
  smtp: z
    .string()
    .refine(
      (text) => parseSmtpUrl(text) !== undefined,
      'must be smtp://host:port or smtps://host:port, with user:password@ before the host if needed (special characters percent-encoded)',
    )
    .describe('Mail server: smtp:// (STARTTLS when offered) or smtps://, with its login'),
  from: z.string().refine(isMailAddress, ADDRESS_EXPECTED).describe('Sender of the mails'),
  to: z
    .array(z.string().refine(isMailAddress, ADDRESS_EXPECTED))
    .min(1, 'must name at least one address')
    .max(RECIPIENTS_MAX, `must not name more than ${RECIPIENTS_MAX} addresses`)
    .describe('Who gets the mails'),
})

export type EmailConfig = z.infer<typeof schema>

export const email = {
  type: 'email',
  schema,
  paceMsDefault: 0,
  budgetDefault: BUDGET_DEFAULT,
  stateful: () => false,
  readBy: 'people',
  create: (config, context) => createEmail(config, context, { timeouts: MAIL_TIMEOUTS }),
} satisfies ReceiverKind<EmailConfig>

type EmailSettings = {
  readonly timeouts: MailTimeouts
  /** PEM of an authority to trust beside the built-in ones. */
  readonly authority?: string
}

/** A receiver that mails each notification, over a few pooled connections. */
export function createEmail(
  config: EmailConfig,
  context: ReceiverContext,
  settings: EmailSettings,
): Receiver {
  const { name, clock, log } = context
  const server = parsed(parseSmtpUrl(config.smtp))
  const from = parsed(parseMailAddress(config.from))
  const to = config.to.map((text) => parsed(parseMailAddress(text)))
  const time = createTimeText(context.timezone)
  const transport = nodemailer.createTransport(transportOptions(server, settings))
  const place: FailurePlace = {
    operation: `mail to receiver ${name}`,
    secrets: [config.smtp, ...loginSecrets(server)],
  }

  let closed = false
  return {
    name,
    type: 'email',
    async send(notice, signal) {
      if (closed) {
        const message = `${place.operation}: closed`
        throw new DeliveryError(message, { reason: 'aborted', retryable: true })
      }
      const limit = startTimeLimit(signal, settings.timeouts.totalMs)
      try {
        const { rejected } = await transport.sendMail({
          ...headersOf(notice, from),
          ...renderMail(createMessageOf(notice, time, context.publicUrl)),
          from: addressOf(from),
          to: to.map(addressOf),
          date: new Date(clock.now()),
          signal: limit.signal,
        })
        if (rejected.length === 0) return
        // The others have it: sending it again would mail them twice.
        log.warn({ receiver: name, refused: rejected }, 'the mail server refused some recipients')
      } catch (error) {
        throw failureOfMail(place, error, signal)
      } finally {
        limit.end()
      }
    },
    async close() {
      closed = true
      transport.close()
    },
  }
}

function transportOptions(server: SmtpServer, { timeouts, authority }: EmailSettings) {
  const { host, port, secure, requireTls, verifyCertificate, login } = server
  return {
    pool: true as const,
    host,
    port,
    secure,
    requireTLS: requireTls,
    ...(login === undefined ? {} : { auth: { type: 'login', ...login } }),
    tls: {
      rejectUnauthorized: verifyCertificate,
      ...(authority === undefined ? {} : { ca: [authority] }),
    },
    connectionTimeout: timeouts.connectMs,
    dnsTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.silenceMs,
    maxConnections: CONNECTIONS_MAX,
    maxMessages: MAILS_PER_CONNECTION_MAX,
    maxRequeues: REQUEUES_MAX,
    idleTimeout: IDLE_MS_MAX,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/**
 * Ids are derived, so that a repeat has the same one and mailboxes show it once. The first mail of
 * an alert is the root its later ones refer to: that makes them one thread.
 */
function headersOf(notice: Notice, from: MailAddress) {
  const own = {
    'Auto-Submitted': 'auto-generated',
    // Exchange answers generated mail with out-of-office notes unless told otherwise.
    'X-Auto-Response-Suppress': 'All',
    'X-Tocsin-Reason': notice.reason,
    'X-Tocsin-Severity': noticeSeverity(notice),
  }
  if (isDigest(notice)) return { messageId: messageId('digest', notice.id, from), headers: own }
  const { id, alert, reason, sequence } = notice
  const root = messageId('alert', alert.id, from)
  const isRoot = reason === 'first' && sequence === 0
  return {
    messageId: isRoot ? root : messageId('notification', id, from),
    ...(isRoot ? {} : { inReplyTo: root, references: [root] }),
    headers: { ...own, 'X-Tocsin-Alert': `A-${alert.number}` },
  }
}

function messageId(kind: string, key: string, from: MailAddress): string {
  const hash = createHash('sha256').update(`${kind}\n${key}`).digest('hex').slice(0, 40)
  return `<${hash}@${domainToASCII(from.domain) || 'tocsin.invalid'}>`
}

function addressOf({ name, address }: MailAddress): { name: string; address: string } {
  return { name, address }
}

/** The login in the forms SMTP sends it (RFC 4616: NUL user NUL password, in base64). */
function loginSecrets({ login }: SmtpServer): readonly string[] {
  if (login === undefined) return []
  return [login.pass, `\u0000${login.user}\u0000${login.pass}`]
}

/** The schema has accepted the text before; not holding then is a mistake in this file. */
function parsed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the configuration was not checked')
  return value
}

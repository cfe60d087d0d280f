// Owns a mail server on loopback that keeps what it gets, and misbehaves on demand.
import type { Socket } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'
import { listen } from './listen.ts'

export type ReceivedMail = {
  readonly parsed: ParsedMail
  /** As it came over the wire, dots unstuffed. */
  readonly raw: string
  /** Whom the envelope named and the server took. */
  readonly recipients: readonly string[]
  /** Whether the connection was encrypted when the mail came. */
  readonly encrypted: boolean
}

/** The step at which every session fails, and the reply it gets; `hang` is no reply at all. */
export type MailFailure = {
  readonly at: 'greeting' | 'login' | 'sender' | 'recipient' | 'data'
  readonly reply: number | 'hang' | 'cut'
  /** Of recipients only this one. */
  readonly recipient?: string
  readonly text?: string
}

export type MailServer = {
  readonly port: number
  readonly mails: ReceivedMail[]
  /** Connections made so far. */
  connections(): number
  /** Resolves when the next mail has come in completely, whatever becomes of it. */
  arrived(): Promise<void>
  fail(failure: MailFailure | undefined): void
  close(): Promise<void>
}

export type MailServerOptions = {
  /** TLS from the first byte. */
  readonly secure?: boolean
  /** Offer STARTTLS. */
  readonly startTls?: boolean
  /** Ask for this login. */
  readonly login?: { readonly user: string; readonly pass: string }
}

const CLOSE_MS_MAX = 50

/** Listens on a port of its own. */
export async function createMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const sockets = new Set<Socket>()
  let failure: MailFailure | undefined
  let connections = 0
  let waiting: (() => void)[] = []

  /** Undefined: go on. Otherwise the error that makes smtp-server give the wanted reply. */
  const failAt = (at: MailFailure['at'], done: (error?: Error) => void, recipient?: string) => {
    if (failure?.at !== at) return done()
    if (failure.recipient !== undefined && failure.recipient !== recipient) return done()
    if (failure.reply === 'hang') return
    if (failure.reply === 'cut') {
      for (const socket of sockets) socket.destroy()
      return
    }
    const text = failure.text ?? 'no, thank you'
    done(Object.assign(new Error(text), { responseCode: failure.reply }))
  }

  const handlers: SMTPServerOptions = {
    onConnect: (_session, done) => failAt('greeting', done),
    onAuth({ username, password }, _session, done) {
      const wanted = options.login
      if (wanted === undefined || (username === wanted.user && password === wanted.pass)) {
        return failAt('login', (error) => (error ? done(error) : done(null, { user: username })))
      }
      // Some servers repeat what they got.
      const text = `bad login ${username} ${password}`
      done(Object.assign(new Error(text), { responseCode: 535 }))
    },
    onMailFrom: (_address, _session, done) => failAt('sender', done),
    onRcptTo: (address, _session, done) => failAt('recipient', done, address.address),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        for (const resolve of waiting) resolve()
        waiting = []
        if (failure?.at === 'data') return failAt('data', done)
        simpleParser(raw).then((parsed) => {
          mails.push({
            parsed,
            raw: raw.toString('utf8'),
            recipients: session.envelope.rcptTo.map((one) => one.address),
            encrypted: session.secure,
          })
          done()
        }, done)
      })
    },
  }
  const server = new SMTPServer({
    ...handlers,
    secure: options.secure ?? false,
    key: TEST_KEY,
    cert: TEST_CERTIFICATE,
    authOptional: options.login === undefined,
    // On loopback without TLS too: what goes over the wire is another test's business.
    allowInsecureAuth: true,
    hideSTARTTLS: !options.startTls,
    disabledCommands: options.login === undefined ? ['AUTH'] : [],
    disableReverseLookup: true,
    closeTimeout: CLOSE_MS_MAX,
    logger: false,
  })
  // A client that goes away in the middle of a hanging session is what the tests want.
  server.on('error', () => {})
  const net = server.server
  net.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
  })
  const port = await listen(net)
  return {
    port,
    mails,
    connections: () => connections,
    arrived: () => new Promise((resolve) => waiting.push(resolve)),
    fail(next) {
      failure = next
    },
    // Never destroys a socket below TLS itself: Node 20 crashes when a handshake is under way.
    close() {
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

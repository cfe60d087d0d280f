// Owns the tests of delivery by mail: over real SMTP, parsed as a mail program would.
import { afterEach, describe, expect, it } from 'vitest'
import { createEmail, email, type MailTimeouts } from '../../src/notify/email.ts'
import { collectGarbage } from '../garbage.ts'
import { TEST_CERTIFICATE } from './certificate.ts'
import {
  type Bench,
  describeReceiver,
  expectNoSecret,
  failureOf,
  recordingLog,
  testContext,
} from './contract.ts'
import { unusedPort } from './listen.ts'
import { alertOf, notificationOf } from './notifications.ts'
import {
  createMailServer,
  type MailServer,
  type MailServerOptions,
  type ReceivedMail,
} from './smtp-server.ts'

const NEVER = new AbortController().signal
const TIMEOUTS: MailTimeouts = {
  connectMs: 5_000,
  greetingMs: 5_000,
  silenceMs: 5_000,
  totalMs: 10_000,
}
const LOGIN = { user: 'tocsin@example.com', pass: 'p@ss/w0rd:geheim' }
const FROM = 'Tocsin <tocsin@example.com>'

type MailBench = Bench & { readonly server: MailServer }

/** Decoded headers that people see, both parts. */
function textOf({ parsed }: ReceivedMail): string {
  return [parsed.subject, parsed.text, parsed.html].join('\n')
}

function urlOf(server: MailServer, scheme = 'smtp', login = LOGIN): string {
  const { user, pass } = login
  const userinfo = `${encodeURIComponent(user)}:${encodeURIComponent(pass)}`
  return `${scheme}://${userinfo}@localhost:${server.port}`
}

function plainUrl(server: MailServer): string {
  return `smtp://127.0.0.1:${server.port}`
}

const fail = (
  name: string,
  failure: Parameters<MailServer['fail']>[0],
  expected: ReturnType<
    Parameters<typeof describeReceiver<MailBench>>[0]['failures']
  >[0]['expected'],
) => ({ name, failure, expected })

const FAILURES = [
  fail(
    'turned away for now at the greeting',
    { at: 'greeting', reply: 421 },
    { reason: 'server-error', retryable: true, maybeAccepted: false },
  ),
  fail(
    'turned away at the greeting as if for good',
    { at: 'greeting', reply: 554 },
    { reason: 'server-error', retryable: true, maybeAccepted: false },
  ),
  fail(
    'a wrong login that the server repeats',
    { at: 'login', reply: 535, text: `bad ${LOGIN.pass} for ${LOGIN.user}` },
    { reason: 'unauthorized', retryable: false, maybeAccepted: false },
  ),
  fail(
    'a login that does not work for now',
    { at: 'login', reply: 454 },
    { reason: 'server-error', retryable: true },
  ),
  fail(
    'a sender who is refused',
    { at: 'sender', reply: 550 },
    { reason: 'refused', retryable: false },
  ),
  fail(
    'recipients who are greylisted',
    { at: 'recipient', reply: 451 },
    { reason: 'server-error', retryable: true },
  ),
  fail(
    'recipients who do not exist',
    { at: 'recipient', reply: 550 },
    { reason: 'refused', retryable: false },
  ),
  fail(
    'a text that is refused',
    { at: 'data', reply: 554 },
    { reason: 'refused', retryable: false, maybeAccepted: false },
  ),
  fail(
    'a full disk',
    { at: 'data', reply: 452 },
    { reason: 'server-error', retryable: true, maybeAccepted: false },
  ),
  fail(
    'a connection that is cut before the mail',
    { at: 'recipient', reply: 'cut' },
    { reason: 'network', retryable: true },
  ),
  fail(
    'a connection that is cut after the mail',
    { at: 'data', reply: 'cut' },
    { reason: 'network', retryable: true, maybeAccepted: true },
  ),
]

describeReceiver<MailBench>({
  type: 'email',
  async open(context) {
    const server = await createMailServer({ login: LOGIN })
    const config = { smtp: urlOf(server), from: FROM, to: ['soc@example.com'] }
    const receiver = createEmail(config, context, { timeouts: TIMEOUTS })
    return {
      server,
      receiver,
      delivered: () => server.mails.map(textOf),
      hang() {
        server.fail({ at: 'data', reply: 'hang' })
        return server.arrived()
      },
      async close() {
        await receiver.close()
        await server.close()
      },
    }
  },
  secrets: () => [
    LOGIN.pass,
    encodeURIComponent(LOGIN.pass),
    Buffer.from(`\u0000${LOGIN.user}\u0000${LOGIN.pass}`).toString('base64'),
  ],
  failureNames: FAILURES.map((one) => one.name),
  failures: ({ server }) =>
    FAILURES.map(({ name, failure, expected }) => ({
      name,
      expected,
      provoke: () => server.fail(failure),
    })),
  heal: ({ server }) => server.fail(undefined),
  checkHarmless(delivered) {
    const html = delivered.slice(delivered.indexOf('<!doctype html>'))
    const tags = html.match(/<[^>]*>/g) ?? []
    const names = tags.map((tag) => /^<[/!]?([a-z0-9]+)/i.exec(tag)?.[1] ?? tag)
    expect(names.filter((name) => !OUR_TAGS.has(name))).toEqual([])
    const links = tags.filter((tag) => /\s(href|src|on[a-z]+|background)\s*=/i.test(tag))
    // The rule's reference in a message about an alert; a digest has no link of its own.
    expect(links.filter((link) => link !== OUR_LINK)).toEqual([])
    expect(html).not.toMatch(/url\(/)
    // In neither part anything that a mail program would make a link of.
    const own = delivered.replaceAll('https://attack.mitre.org/techniques/T1485/', '')
    expect(own).not.toMatch(/https?:\/\//)
    expect(own).not.toMatch(/\bwww\.[a-z]/)
  },
  lengthMax: 80_000,
})

const OUR_LINK = '<a href="https://attack.mitre.org/techniques/T1485/" rel="noopener noreferrer">'

const OUR_TAGS = new Set(
  'doctype html head meta title body div p span h1 h2 br bdi table tr th td ul li a'.split(' '),
)

describe('mail', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })
  const openServer = async (options: MailServerOptions = {}) => {
    const server = await createMailServer(options)
    closing.push(() => server.close())
    return server
  }
  const openReceiver = (
    config: { smtp: string; to?: string[]; from?: string },
    settings: Partial<Parameters<typeof createEmail>[2]> = {},
    context = testContext(),
  ) => {
    const receiver = createEmail({ from: FROM, to: ['soc@example.com'], ...config }, context, {
      timeouts: TIMEOUTS,
      ...settings,
    })
    closing.push(() => receiver.close())
    return receiver
  }

  it('has the headers of an automatic mail, and both parts', async () => {
    const server = await openServer()
    const to = ['soc@example.com', 'Bereitschaft <duty@example.com>']
    await openReceiver({ smtp: plainUrl(server), to }).send(notificationOf(), NEVER)
    const [mail] = server.mails
    const { parsed, recipients } = mail ?? expect.fail('no mail')
    expect(parsed.subject).toBe('[HIGH] mallory@example.com deleted 12 resources (A-1042)')
    expect(parsed.from?.text).toBe('"Tocsin" <tocsin@example.com>')
    expect(recipients).toEqual(['soc@example.com', 'duty@example.com'])
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated')
    expect(parsed.headers.get('x-auto-response-suppress')).toBe('All')
    expect(parsed.date?.toISOString()).toBe('2026-11-20T09:20:00.000Z')
    expect(parsed.text).toContain('Ask the user')
    expect(parsed.html).toContain('Ask the user')
    expect(parsed.attachments).toEqual([])
  })

  it('makes one thread of all mails of an alert, with ids that a repeat has again', async () => {
    const server = await openServer()
    const receiver = openReceiver({ smtp: plainUrl(server) })
    const first = notificationOf()
    const grown = notificationOf({ reason: 'grown' })
    const other = notificationOf({ alert: alertOf({ id: 'another' }) })
    for (const one of [first, grown, { ...grown, possibleRepeat: true }, other]) {
      await receiver.send(one, NEVER)
    }
    const [root, reply, repeat, another] = server.mails.map(({ parsed }) => parsed)
    expect(root?.messageId).toMatch(/^<[0-9a-f]{40}@example\.com>$/)
    expect(root?.references).toBeUndefined()
    expect(reply?.inReplyTo).toBe(root?.messageId)
    expect(reply?.references).toBe(root?.messageId)
    expect(reply?.messageId).not.toBe(root?.messageId)
    expect(repeat?.messageId).toBe(reply?.messageId)
    expect(repeat?.text).toContain('May be a repeat')
    expect(another?.messageId).not.toBe(root?.messageId)
  })

  it.each([
    ['a header of an attacker', 'x\r\nBcc: evil@example.com\r\n\r\nbody'],
    ['an encoded word', '=?utf-8?Q?x=0D=0ABcc:_evil@example.com?='],
    ['turned writing', '\u202Egnp.exe'],
    ['letters of the world', 'Zoë löschte 12 Ressourcen 日本語 🔥'.repeat(20)],
  ])('keeps the subject one line: %s', async (_name, title) => {
    const server = await openServer()
    const receiver = openReceiver({ smtp: plainUrl(server) })
    await receiver.send(notificationOf({ alert: alertOf({ title }) }), NEVER)
    const [mail] = server.mails
    expect(mail?.recipients).toEqual(['soc@example.com'])
    expect(mail?.parsed.bcc).toBeUndefined()
    const [head = ''] = mail?.raw.split('\r\n\r\n', 1) ?? []
    expect(head).not.toMatch(/^bcc:/im)
    const subjects = mail?.parsed.headerLines.filter((line) => line.key === 'subject')
    expect(subjects).toHaveLength(1)
    expect(mail?.parsed.subject).toMatch(/^\[HIGH\] .* \(A-1042\)$/)
    expect(mail?.parsed.subject?.length).toBeLessThanOrEqual(180)
  })

  it('is not sent again when only some recipients were refused; the log tells which', async () => {
    const server = await openServer()
    const { log, lines } = recordingLog()
    server.fail({ at: 'recipient', recipient: 'gone@example.com', reply: 550 })
    const to = ['soc@example.com', 'gone@example.com']
    const receiver = openReceiver({ smtp: plainUrl(server), to }, {}, testContext({ log }))
    await receiver.send(notificationOf(), NEVER)
    expect(server.mails.map((mail) => mail.recipients)).toEqual([['soc@example.com']])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('gone@example.com')
  })

  it('keeps a connection for the next mail', async () => {
    const server = await openServer()
    const receiver = openReceiver({ smtp: plainUrl(server) })
    for (const sequence of [0, 1, 2]) await receiver.send(notificationOf({ sequence }), NEVER)
    expect(server.mails).toHaveLength(3)
    expect(server.connections()).toBe(1)
  })

  it('encrypts where the server offers it, and where the URL says so', async () => {
    const offering = await openServer({ startTls: true, login: LOGIN })
    await openReceiver({ smtp: urlOf(offering) }).send(notificationOf(), NEVER)
    const secure = await openServer({ secure: true, login: LOGIN })
    const authority = TEST_CERTIFICATE
    await openReceiver({ smtp: urlOf(secure, 'smtps') }, { authority }).send(
      notificationOf(),
      NEVER,
    )
    expect([...offering.mails, ...secure.mails].map((mail) => mail.encrypted)).toEqual([true, true])
  })

  it('trusts no certificate of smtps that nobody it knows has signed', async () => {
    const server = await openServer({ secure: true, login: LOGIN })
    const receiver = openReceiver({ smtp: urlOf(server, 'smtps') })
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'network', retryable: true, maybeAccepted: false })
    expect(server.mails).toEqual([])
  })

  it('tells no secret when the login is wrong', async () => {
    const server = await openServer({ login: LOGIN })
    const { log, lines } = recordingLog()
    const wrong = { user: 'tocsin', pass: 'wr0ng-s3cret' }
    const smtp = urlOf(server, 'smtp', wrong)
    const error = await failureOf(
      openReceiver({ smtp }, {}, testContext({ log })).send(notificationOf(), NEVER),
    )
    expect(error).toMatchObject({ reason: 'unauthorized', retryable: false })
    expect(error.message).toBe('mail to receiver secops: reply 535')
    expectNoSecret([error], [wrong.pass], lines)
  })

  it('says for sure that nothing arrived where nobody listens', async () => {
    const receiver = openReceiver({ smtp: `smtp://127.0.0.1:${await unusedPort()}` })
    const error = await failureOf(receiver.send(notificationOf(), NEVER))
    expect(error).toMatchObject({ reason: 'network', retryable: true, maybeAccepted: false })
    expect(error.message).toBe('mail to receiver secops: no connection (ECONNREFUSED)')
  })

  it.each([
    ['the greeting', { at: 'greeting', reply: 'hang' }, { greetingMs: 150 }, false],
    ['a reply before the mail', { at: 'sender', reply: 'hang' }, { silenceMs: 150 }, true],
    ['the last reply', { at: 'data', reply: 'hang' }, { silenceMs: 150 }, true],
    ['all of it', { at: 'data', reply: 'hang' }, { totalMs: 150 }, true],
  ] as const)('does not wait for ever for %s', async (_name, failure, limit, maybeAccepted) => {
    const server = await openServer()
    server.fail(failure)
    const timeouts = { ...TIMEOUTS, ...limit }
    const receiver = openReceiver({ smtp: plainUrl(server) }, { timeouts })
    const sending = failureOf(receiver.send(notificationOf(), NEVER))
    await collectGarbage()
    const error = await sending
    expect(error).toMatchObject({ reason: 'timeout', retryable: true, maybeAccepted })
    expect(error.message).toBe('mail to receiver secops: no answer in time')
  })
})

describe('the configuration of mail', () => {
  const good = { smtp: 'smtp://mail.example.com', from: FROM, to: ['soc@example.com'] }

  it.each([
    ['a plain configuration', {}, true],
    ['smtps with a login', { smtp: 'smtps://u%40x:p%2F@mail.example.com:465' }, true],
    ['an address as host', { smtp: 'smtp://[::1]:25/' }, true],
    ['http', { smtp: 'https://mail.example.com' }, false],
    ['options behind the host', { smtp: 'smtp://mail.example.com?pool=true' }, false],
    ['a path', { smtp: 'smtp://mail.example.com/x' }, false],
    ['no host', { smtp: 'smtp://' }, false],
    ['a line end in the URL', { smtp: 'smtp://mail.exa\r\nmple.com' }, false],
    ['a malformed password', { smtp: 'smtp://u:%zz@mail.example.com' }, false],
    ['a bare sender', { from: 'tocsin@example.com' }, true],
    ['a sender without a domain', { from: 'Tocsin <tocsin>' }, false],
    ['two senders', { from: 'a@example.com, b@example.com' }, false],
    ['a group', { to: ['team: a@example.com, b@example.com;'] }, false],
    ['a line end in an address', { to: ['soc@example.com\r\nBcc: x@example.com'] }, false],
    ['no recipients', { to: [] }, false],
    ['too many recipients', { to: Array.from({ length: 51 }, () => 'a@example.com') }, false],
    ['a key nobody knows', { cc: ['a@example.com'] }, false],
  ])('takes or refuses: %s', (_name, over, ok) => {
    expect(email.schema.safeParse({ ...good, ...over }).success).toBe(ok)
  })

  it('says what is wrong without repeating the secret', () => {
    const outcome = email.schema.safeParse({ ...good, smtp: 'smtp://u:s3cr3t@/' })
    expect(outcome.success).toBe(false)
    expect(JSON.stringify(outcome.error)).not.toContain('s3cr3t')
  })
})

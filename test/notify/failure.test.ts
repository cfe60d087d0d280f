// Owns the tests of how failures are classified, and of what they don't tell.
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  failureOfNetwork,
  failureOfStatus,
  parseRetryAfter,
} from '../../src/notify/http-failure.ts'
import { redactError, redactText, urlSecrets } from '../../src/notify/redact.ts'
import { failureOfMail } from '../../src/notify/smtp-failure.ts'

const place = { operation: 'post to receiver secops', secrets: ['s3cr3t'] }
const going = new AbortController().signal

describe('a status', () => {
  it.each([
    [301, 'refused', false],
    [400, 'refused', false],
    [401, 'unauthorized', false],
    [403, 'unauthorized', false],
    [404, 'refused', false],
    [407, 'network', true],
    [408, 'timeout', true],
    [410, 'refused', false],
    [413, 'refused', false],
    [425, 'server-error', true],
    [429, 'rate-limited', true],
    [500, 'server-error', true],
    [503, 'server-error', true],
    [599, 'server-error', true],
  ])('%d', (status, reason, retryable) => {
    expect(failureOfStatus(place, { status })).toMatchObject({ reason, retryable })
  })

  it('tells the wait only where it will be waited', () => {
    const limited = failureOfStatus(place, {
      status: 429,
      retryAfterMs: 3_200,
      word: 'rate_limited',
    })
    expect(limited.message).toBe('post to receiver secops: 429 rate_limited, retry in 4 s')
    const gone = failureOfStatus(place, { status: 410, retryAfterMs: 3_000 })
    expect([gone.message, gone.retryAfterMs]).toEqual(['post to receiver secops: 410', undefined])
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-20T09:00:00Z')
  it.each([
    ['seconds', '30', 30_000],
    ['none', null, undefined],
    ['empty', ' ', undefined],
    ['zero is a second', '0', 1_000],
    ['a day is an hour', '86400', 3_600_000],
    ['a date', 'Fri, 20 Nov 2026 09:00:30 GMT', 30_000],
    ['a date that is over', 'Fri, 20 Nov 2026 08:00:00 GMT', 1_000],
    ['nonsense', 'soon', undefined],
  ])('%s', (_name, header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected)
  })
})

const coded = (message: string, code: string, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

describe('a network error', () => {
  it.each([
    ['refused', coded('x', 'ECONNREFUSED'), 'network', false],
    ['unknown host', coded('x', 'ENOTFOUND'), 'network', false],
    ['no connection in time', coded('x', 'UND_ERR_CONNECT_TIMEOUT'), 'timeout', false],
    ['reset', coded('x', 'ECONNRESET'), 'network', true],
    ['closed by the other side', coded('x', 'UND_ERR_SOCKET'), 'network', true],
    ['no headers in time', coded('x', 'UND_ERR_HEADERS_TIMEOUT'), 'timeout', true],
    ['the total time', new DOMException('x', 'TimeoutError'), 'timeout', true],
    ['wrapped', new Error('x', { cause: coded('y', 'ECONNREFUSED') }), 'network', false],
    ['wrapped with a code', coded('x', 'slack_error', coded('y', 'ENOTFOUND')), 'network', false],
    ['no error at all', 'x', 'network', true],
  ])('%s', (_name, error, reason, maybeAccepted) => {
    const failure = failureOfNetwork(place, error, going)
    expect(failure).toMatchObject({ reason, maybeAccepted, retryable: true })
  })
})

const mailError = (over: object) => Object.assign(new Error('no'), over)

describe('a mail error', () => {
  it.each([
    [
      'a temporary reply',
      { code: 'EENVELOPE', responseCode: 450, command: 'RCPT TO' },
      'server-error',
      true,
    ],
    [
      'a permanent reply',
      { code: 'EMESSAGE', responseCode: 550, command: 'DATA' },
      'refused',
      false,
    ],
    [
      'out of order',
      { code: 'EPROTOCOL', responseCode: 503, command: 'MAIL FROM' },
      'server-error',
      true,
    ],
    [
      'a login required',
      { code: 'EENVELOPE', responseCode: 530, command: 'MAIL FROM' },
      'unauthorized',
      false,
    ],
    ['no common way to log in', { code: 'EAUTH', command: 'API' }, 'unauthorized', false],
    ['a timeout', { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, 'timeout', true],
    ['our own limit', { code: 'EABORT' }, 'timeout', true],
    ['an unknown host', { code: 'EDNS', originalCode: 'ENOTFOUND' }, 'network', true],
    ['anything else', {}, 'network', true],
  ] as const)('%s', (_name, over, reason, retryable) => {
    expect(failureOfMail(place, mailError(over), going)).toMatchObject({ reason, retryable })
  })

  it.each([
    ['an unknown host', { code: 'EDNS', originalCode: 'ENOTFOUND' }, false],
    ['a refused connection', { code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, false],
    ['no connection in time', { code: 'ETIMEDOUT', timeoutType: 'CONNECT_TIMEOUT' }, false],
    ['a reply', { responseCode: 451 }, false],
    ['silence', { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, true],
    ['a cut connection', { code: 'ECONNECTION' }, true],
  ])('tells whether the mail may have arrived: %s', (_name, over, maybeAccepted) => {
    expect(failureOfMail(place, mailError(over), going).maybeAccepted).toBe(maybeAccepted)
  })
})

describe('redaction', () => {
  it.each([
    ['HTTP', failureOfNetwork],
    ['mail', failureOfMail],
  ])('is done for every failure without an answer: %s', (_name, classify) => {
    const error = Object.assign(new Error('at s3cr3t'), { response: 's3cr3t', path: 's3cr3t' })
    const told = inspect(classify(place, error, going), { depth: 9, showHidden: true })
    expect(told).not.toContain('s3cr3t')
    expect(told).toContain('at [secret]')
  })

  it('finds a secret as it is, percent-encoded and in base64', () => {
    const secret = 'p@ss/w0rd'
    const base64 = Buffer.from(secret).toString('base64')
    const text = `a ${secret} b ${encodeURIComponent(secret)} c ${base64} d`
    expect(redactText(text, [secret])).toBe('a [secret] b [secret] c [secret] d')
  })

  it('knows what of a URL is secret', () => {
    const url = 'https://user:p%40ss@hooks.example.com/services/T0123ABCD/token0123?x=secret1'
    const told = `${url} /services/T0123ABCD token0123 p@ss p%40ss hooks.example.com`
    const left = redactText(told, urlSecrets(url))
    expect(left).not.toMatch(/T0123ABCD|token0123|p@ss|p%40ss|secret1/)
    expect(left).toContain('hooks.example.com')
    expect(urlSecrets(undefined)).toEqual([])
    expect(urlSecrets('http://proxy.example.com:3128')).toEqual([])
  })

  it('keeps nothing of an error but redacted words', () => {
    const original = Object.assign(
      new Error('send s3cr3t', { cause: coded('inner s3cr3t', 'ECONNRESET') }),
      { url: 's3cr3t', headers: { authorization: 's3cr3t' } },
    )
    const redacted = redactError(original, ['s3cr3t'])
    expect(redacted.message).toBe('send [secret] ← ECONNRESET: inner [secret]')
    expect(inspect(redacted, { depth: 9, showHidden: true })).not.toContain('s3cr3t')
  })

  it('is bounded', () => {
    expect(redactError(new Error('x'.repeat(100_000)), []).message.length).toBeLessThanOrEqual(300)
    const endless = new Error('again')
    endless.cause = endless
    expect(redactError(endless, []).message.split('again')).toHaveLength(5)
  })
})

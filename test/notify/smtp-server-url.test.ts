// Owns the tests of reading an SMTP URL: above all when a password may travel.
import { describe, expect, it } from 'vitest'
import { parseSmtpUrl } from '../../src/notify/smtp-server-url.ts'

describe('an SMTP URL', () => {
  it('gives host, port and login', () => {
    expect(parseSmtpUrl('smtps://tocsin%40example.com:p%2Fss@mail.example.com:2465')).toEqual({
      host: 'mail.example.com',
      port: 2465,
      secure: true,
      requireTls: false,
      verifyCertificate: true,
      login: { user: 'tocsin@example.com', pass: 'p/ss' },
    })
  })

  it.each([
    ['smtp://mail.example.com', 587],
    ['smtps://mail.example.com', 465],
    ['smtp://[2001:db8::25]', 587],
  ])('has the usual port: %s', (url, port) => {
    expect(parseSmtpUrl(url)?.port).toBe(port)
  })

  it.each([
    ['a password to elsewhere never goes in the clear', 'smtp://u:p@mail.example.com', true, true],
    ['without a login STARTTLS is taken when offered', 'smtp://mail.example.com', false, true],
    ['to this machine nothing has to be proved', 'smtp://u:p@127.0.0.1', false, false],
    ['smtps is verified also on this machine', 'smtps://u:p@localhost', false, true],
    [
      'a name that looks like loopback is elsewhere',
      'smtp://u:p@127.0.0.1.example.com',
      true,
      true,
    ],
  ])('%s', (_name, url, requireTls, verifyCertificate) => {
    expect(parseSmtpUrl(url)).toMatchObject({ requireTls, verifyCertificate })
  })
})

import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseApiUrl } from '../../src/source/api-url.ts'
import {
  createCredentials,
  credentialsFromEnv,
  readTokenExpiry,
} from '../../src/source/credentials.ts'
import { parseJsonExact } from '../../src/source/exact-json.ts'
import { parseRetryAfter } from '../../src/source/failure.ts'

describe("the API's address", () => {
  it.each([
    ['https://api.ionos.com', 'https://api.ionos.com/activitylog/v1'],
    ['api.ionos.com', 'https://api.ionos.com/activitylog/v1'],
    [' https://api.ionos.com/ ', 'https://api.ionos.com/activitylog/v1'],
    ['https://api.ionos.com/activitylog/v1/', 'https://api.ionos.com/activitylog/v1'],
    ['https://gateway.example.com/ionos', 'https://gateway.example.com/ionos/activitylog/v1'],
    ['http://127.0.0.1:8081', 'http://127.0.0.1:8081/activitylog/v1'],
    ['http://127.9.9.9', 'http://127.9.9.9/activitylog/v1'],
    ['http://[::1]:80', 'http://[::1]/activitylog/v1'],
    ['http://localhost:1', 'http://localhost:1/activitylog/v1'],
  ])('takes %s', (text, url) => {
    expect(parseApiUrl(text).href).toBe(url)
  })

  it.each([
    ['http to another machine', 'http://api.ionos.com', 'in the clear'],
    ['http to a name that only looks local', 'http://127.0.0.1.example.com', 'in the clear'],
    ['another scheme', 'ftp://api.ionos.com', 'not https'],
    ['a password in it', 'https://me:secret@api.ionos.com', 'password'],
    ['a query', 'https://api.ionos.com/?x=1', 'query'],
    ['nothing', '', 'no address'],
    ['blanks', 'api ionos com', 'no address'],
  ])('refuses %s', (_name, text, said) => {
    expect(() => parseApiUrl(text)).toThrow(said)
    expect(() => parseApiUrl(text)).not.toThrow('secret')
  })
})

const paste = () => createCredentials({ kind: 'token', token: 'half-one\nhalf-two' })

const jwt = (claims: unknown) =>
  `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

describe('credentials', () => {
  it.each([
    ['nothing', {}, undefined],
    ['empty ones', { IONOS_TOKEN: ' ', IONOS_USERNAME: 'a' }, undefined],
    ['a user without a password', { IONOS_USERNAME: 'a', IONOS_PASSWORD: '' }, undefined],
    ['a token', { IONOS_TOKEN: 't', IONOS_TOKEN_FILE: 'f' }, 'token'],
    ['a file', { IONOS_TOKEN_FILE: 'f', IONOS_USERNAME: 'a', IONOS_PASSWORD: 'b' }, 'token-file'],
    ['a user', { IONOS_USERNAME: 'a', IONOS_PASSWORD: 'b' }, 'basic'],
  ])('finds from %s in the environment', (_name, env, kind) => {
    expect(credentialsFromEnv(env)?.kind).toBe(kind)
  })

  it('refuses a token that was pasted in two lines, without showing it', () => {
    expect(paste).toThrow('IONOS_TOKEN')
    expect(paste).not.toThrow('half')
  })

  it('shows no secret however it is printed', async () => {
    const all = [
      createCredentials({ kind: 'token', token: 'top-secret-token' }),
      createCredentials({ kind: 'basic', username: 'a', password: 'top-secret-word' }),
    ]
    for (const credentials of all) {
      await credentials.authorization()
      const shown = [
        JSON.stringify(credentials),
        inspect(credentials),
        inspect(Object.values(credentials)),
      ]
      expect(shown.join()).not.toContain('top-secret')
    }
  })

  it('reads when a JWT ends, and nothing from what is none', () => {
    expect(readTokenExpiry(jwt({ exp: 1_800_000_000 }))).toBe(1_800_000_000_000)
    const none = [jwt({}), jwt(null), jwt({ exp: 'soon' }), 'a.b.c', 'opaque', '', 'a.b']
    for (const token of none) expect(readTokenExpiry(token)).toBeUndefined()
  })
})

describe('JSON with long integers', () => {
  it.each([
    ['{"id":9876543218374837483}', { id: '9876543218374837483' }],
    ['[-9876543218374837483,1]', ['-9876543218374837483', 1]],
    ['{"a":9007199254740991}', { a: 9_007_199_254_740_991 }],
    ['{"a":9007199254740993}', { a: '9007199254740993' }],
    [
      '{"a":"x 98765432183748374 \\" 98765432183748374"}',
      { a: 'x 98765432183748374 " 98765432183748374' },
    ],
    ['{"98765432183748374":1.25}', { '98765432183748374': 1.25 }],
    ['[12500000000000000e3]', [1.25e19]],
  ])('keeps what %s says', (text, value) => {
    expect(parseJsonExact(text)).toEqual(value)
  })

  it('refuses what is no JSON, long integer or not', () => {
    expect(() => parseJsonExact('{"a":')).toThrow(SyntaxError)
    expect(() => parseJsonExact('{"a":98765432183748374')).toThrow(SyntaxError)
    expect(() => parseJsonExact('[098765432183748374]')).toThrow(SyntaxError)
  })

  it('takes long texts', () => {
    const text = 'x'.repeat(20_000_000)
    expect(parseJsonExact(`["${text}",98765432183748374]`)).toEqual([text, '98765432183748374'])
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-20T09:00:00Z')
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Fri, 20 Nov 2026 09:01:00 GMT', 60_000],
    ['Fri, 20 Nov 2026 08:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s ms', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms)
  })
})

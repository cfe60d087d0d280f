// Owns the proof that only those get in who may: Hosts, Origins, tokens, sessions, roles, limits.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { formatProblem } from '../../src/core/problem.ts'
import { SESSION_SECONDS } from '../../src/http/session.ts'
import { bearer, openTestServer, type TestServer, TOKENS, WITH_TOKENS } from './server-harness.ts'

describe('without tokens', () => {
  let http: TestServer
  beforeAll(async () => {
    http = await openTestServer()
  })
  afterAll(() => http.close())

  it.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1', 200],
    ['[::1]:8080', 200],
    ['LOCALHOST', 200],
    ['tocsin.example.com', 403],
    ['localhost.example.com', 403],
    ['127.0.0.1.example.com', 403],
    ['example.com:127.0.0.1', 403],
    ['127.0.0.2', 403],
    ['0.0.0.0', 403],
    ['[::ffff:127.0.0.1]', 403],
    ['localhost@example.com', 403],
  ])('a page that was rebound to this machine gets nothing: Host %s → %i', async (host, status) => {
    for (const path of ['/healthz', '/api/session', '/']) {
      const reply = await http.ask(path, { headers: { host } })
      expect(reply.status).toBe(status)
      if (status === 403) expect(reply.json['code']).toBe('foreign-host')
    }
  })

  it.each([
    ['http://localhost', 200],
    ['https://example.com', 403],
    ['http://localhost:1', 403],
    ['http://localhost.example.com', 403],
    ['null', 403],
    ['', 403],
    ['file://', 403],
  ])('a foreign page may neither act nor read: Origin %s → %i', async (origin, status) => {
    const headers = { host: 'localhost', origin }
    const before = http.changes()
    expect((await http.ask('/api/act', { method: 'POST', headers, body: {} })).status).toBe(status)
    expect((await http.ask('/api/session', { headers })).status).toBe(status)
    expect(http.changes() - before).toBe(status === 200 ? 1 : 0)
  })

  it.each([
    ['cross-site', 'no-cors', 'GET', '/api/session', 403],
    ['same-site', 'cors', 'GET', '/api/session', 403],
    ['cross-site', 'navigate', 'GET', '/alerts/x', 200],
    ['cross-site', 'navigate', 'POST', '/api/act', 403],
    ['same-origin', 'cors', 'GET', '/api/session', 200],
    ['none', 'navigate', 'GET', '/', 200],
  ])('Sec-Fetch-Site %s, mode %s: %s %s → %i', async (site, mode, method, path, status) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode }
    expect((await http.ask(path, { method, headers })).status).toBe(status)
  })

  it('whoever gets here is the administrator called local', async () => {
    expect((await http.ask('/api/session')).json).toEqual({
      name: 'local',
      role: 'admin',
      via: 'local',
    })
    expect((await http.ask('/api/reload', { method: 'POST', body: {} })).status).toBe(200)
  })
})

describe('with tokens', () => {
  let http: TestServer
  let now = 1_700_000_000_000
  beforeAll(async () => {
    const clock = { now: () => now, sleep: async () => {} }
    http = await openTestServer(
      { ...WITH_TOKENS, publicUrl: 'https://tocsin.example.com' },
      { clock },
    )
  })
  afterAll(() => http.close())

  it.each(['/healthz', '/readyz', '/', '/alerts/some', '/rules', '/health'])(
    '%s needs none',
    async (path) => {
      expect((await http.ask(path)).status).toBe(200)
    },
  )

  it.each(['/metrics', '/api/session', '/api/fail'])('%s is closed without one', async (path) => {
    const reply = await http.ask(path)
    expect(reply.status).toBe(401)
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(reply.headers['www-authenticate']).toContain('Bearer')
    expect(reply.json).toMatchObject({ status: 401, code: 'unauthorized' })
  })

  it('a stranger sees how many readers there are, not whose contracts', async () => {
    const stranger = await http.ask('/readyz')
    expect(stranger.json['readers']).toEqual({ detail: '1 blind' })
    const known = await http.ask('/readyz', { headers: bearer('viewer') })
    expect(JSON.stringify(known.json['readers'])).toContain('31720001')
  })

  it.each([
    ['viewer', '/metrics', 'GET', 200],
    ['viewer', '/api/session', 'GET', 200],
    ['viewer', '/api/act', 'POST', 403],
    ['viewer', '/api/reload', 'POST', 403],
    ['responder', '/api/act', 'POST', 200],
    ['responder', '/api/reload', 'POST', 403],
    ['admin', '/api/act', 'POST', 200],
    ['admin', '/api/reload', 'POST', 200],
  ] as const)('the role %s: %s %s → %i', async (role, path, method, status) => {
    const body = method === 'POST' ? {} : undefined
    const reply = await http.ask(path, { method, headers: bearer(role), body })
    expect(reply.status).toBe(status)
    if (status === 403) expect(reply.json['code']).toBe('forbidden')
  })

  it.each([
    ['a wrong token', 'Bearer wrong-token-0123456789'],
    ['a part of a token', `Bearer ${TOKENS.admin.slice(0, -1)}`],
    ['more than a token', `Bearer ${TOKENS.admin}x`],
    ['another scheme', `Basic ${Buffer.from(`x:${TOKENS.admin}`).toString('base64')}`],
    ['nothing', 'Bearer '],
    ['a digest', `Bearer ${'a'.repeat(64)}`],
  ])('%s opens nothing', async (_name, authorization) => {
    const options = { method: 'POST', headers: { authorization }, body: {} }
    expect((await http.ask('/api/act', options)).status).toBe(401)
  })

  it('answers under any name, as tokens protect it, but not to foreign pages', async () => {
    const headers = { ...bearer('responder'), host: 'anything.example' }
    expect((await http.ask('/api/session', { headers })).status).toBe(200)
    const foreign = { ...headers, origin: 'https://evil.example' }
    expect((await http.ask('/api/session', { headers: foreign })).status).toBe(403)
    const proxied = { ...headers, host: 'inner:8080', origin: 'https://tocsin.example.com' }
    expect((await http.ask('/api/session', { headers: proxied })).status).toBe(200)
  })

  const signIn = async (token: string) =>
    http.ask('/api/session', { method: 'POST', body: { token } })

  it('a token is changed into a cookie that scripts and other sites never see', async () => {
    const reply = await signIn(TOKENS.responder)
    expect(reply.json).toEqual({ name: 'responder-anna', role: 'responder', via: 'session' })
    const [cookie] = [reply.headers['set-cookie']].flat() as string[]
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Strict/)
    expect(cookie).toMatch(/; Secure/)
    expect(cookie).toMatch(new RegExp(`Max-Age=${SESSION_SECONDS}`))
    expect(cookie).not.toContain(TOKENS.responder)
    expect((await signIn('wrong-token-0123456789')).status).toBe(401)
  })

  const cookieFor = async (role: keyof typeof TOKENS) => {
    const [cookie = ''] = [(await signIn(TOKENS[role])).headers['set-cookie']].flat() as string[]
    return cookie.split(';', 1)[0] as string
  }

  it('a session reads, acts from the console, and not from anywhere else', async () => {
    const cookie = await cookieFor('responder')
    const act = async (headers: Record<string, string>) =>
      (await http.ask('/api/act', { method: 'POST', headers: { cookie, ...headers }, body: {} }))
        .status
    expect((await http.ask('/api/session', { headers: { cookie } })).json['via']).toBe('session')
    expect(await act({ origin: 'https://tocsin.example.com' })).toBe(200)
    expect(await act({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await act({})).toBe(403)
    expect(await act({ origin: 'https://evil.example' })).toBe(403)
    expect(await act({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  })

  it('a session ends after a day, and a forged one never begins', async () => {
    const cookie = await cookieFor('admin')
    const status = async (value: string) =>
      (await http.ask('/api/session', { headers: { cookie: value } })).status
    expect(await status(cookie)).toBe(200)
    const [head, name, until, mac] = /^(\w+)=([\w-]+)\.(\d+)\.(.*)$/.exec(cookie)?.slice(1) ?? []
    expect([head, name, until, mac]).not.toContain(undefined)
    const other = Buffer.from('viewer-anna').toString('base64url')
    expect(await status(`${head}=${other}.${until}.${mac}`)).toBe(401)
    expect(await status(`${head}=${name}.${Number(until) + 1}.${mac}`)).toBe(401)
    expect(await status(`${head}=${name}.${until}.${'A'.repeat(43)}`)).toBe(401)
    expect(await status(`${head}=nonsense`)).toBe(401)
    now += SESSION_SECONDS * 1_000
    expect(await status(cookie)).toBe(401)
  })

  it('no token reaches the log, an error or a metric', async () => {
    for (const role of ['viewer', 'responder', 'admin'] as const) {
      await signIn(TOKENS[role])
      await http.ask('/api/act', { method: 'POST', headers: bearer(role), body: {} })
      await http.ask(`/api/nothing?token=${TOKENS[role]}`, { headers: bearer(role) })
      const fail = await http.ask('/api/fail', { headers: bearer(role) })
      expect(fail.text).not.toContain('swordfish')
    }
    const metrics = (await http.ask('/metrics', { headers: bearer('viewer') })).text
    for (const token of Object.values(TOKENS)) {
      expect(http.logged()).not.toContain(token)
      expect(metrics).not.toContain(token)
    }
    expect(http.logged()).toContain('responder-anna')
  })
})

describe('whatever is sent', () => {
  let http: TestServer
  beforeAll(async () => {
    http = await openTestServer({}, { consoleFolder: import.meta.dirname })
  })
  afterAll(() => http.close())

  it.each([
    ['no JSON', '{"a":', 400],
    ['a list', [1], 400],
    ['an unknown key', { comment: 'x', extra: 1 }, 400],
    ['a wrong type', { comment: 1 }, 400],
    ['too much text', { comment: 'x'.repeat(11) }, 400],
    ['a body that is too large', { comment: 'x'.repeat(600_000) }, 413],
  ])('%s is answered with what is wrong', async (_name, body, status) => {
    const headers = { 'content-type': 'application/json' }
    const reply = await http.ask('/api/act', { method: 'POST', headers, body })
    expect(reply.status).toBe(status)
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(reply.json).toMatchObject({ status, type: 'about:blank' })
    expect(reply.json['title']).toBeTypeOf('string')
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'a form of another page (%s) is no JSON',
    async (type) => {
      const headers = { 'content-type': type }
      const reply = await http.ask('/api/act', { method: 'POST', headers, body: '{"comment":"x"}' })
      expect(reply.status).toBe(415)
    },
  )

  it('a key called __proto__ changes no prototype', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = '{"__proto__":{"comment":"x"},"comment":"y"}'
    expect((await http.ask('/api/act', { method: 'POST', headers, body })).status).toBe(200)
    expect(({} as { comment?: string }).comment).toBeUndefined()
  })

  it.each([
    '/assets/../door.test.ts',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/....//package.json',
    '/assets/%00',
    '//etc/passwd',
    '/assets/..\\..\\package.json',
    '/../../../../etc/passwd',
    '/.env',
    '/assets/.stamp',
  ])('%s leads out of the console to nothing', async (path) => {
    const reply = await http.ask(path)
    expect([400, 403, 404]).toContain(reply.status)
    expect(reply.text).not.toMatch(/root:|"name": "tocsin"|Owns the proof/)
  })

  it.each(['/api/act', '/api/reload'])('a GET of %s changes nothing', async (path) => {
    const before = http.changes()
    for (const method of ['GET', 'HEAD']) {
      expect((await http.ask(path, { method })).status).toBe(404)
    }
    expect(http.changes()).toBe(before)
  })

  it('answers with headers that let nothing foreign run', async () => {
    const { headers } = await http.ask('/api/session')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain('trusted-types mail-frame')
    // Styles of a mail in its frame; nothing else.
    expect(policy.replace("style-src-attr 'unsafe-inline'", '')).not.toContain('unsafe')
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
  })

  it('more than a person asks is refused, health is not', async () => {
    const limited = await openTestServer(WITH_TOKENS)
    try {
      const statuses: number[] = []
      for (let round = 0; round < 25; round += 1) {
        const asked = Array.from({ length: 10 }, () => limited.ask('/api/session'))
        statuses.push(...(await Promise.all(asked)).map((reply) => reply.status))
      }
      expect(statuses).toContain(429)
      expect((await limited.ask('/healthz')).status).toBe(200)
      const known = await limited.ask('/api/session', { headers: bearer('viewer') })
      expect(known.status).toBe(200)
    } finally {
      await limited.close()
    }
  })
})

describe('the configuration', () => {
  const TOKEN = 'x'.repeat(20)
  it.each([
    [{ host: '0.0.0.0' }, {}, /\/http\/host: "0.0.0.0" is not this machine alone/],
    [{ host: '192.0.2.1' }, {}, /is not this machine alone/],
    [{ host: 'example.com' }, {}, /is not this machine alone/],
    [{ publicUrl: 'https://t.example.com' }, {}, /\/http\/publicUrl: others would reach/],
    [{ publicUrl: 'https://t.example.com/x' }, {}, /without a path/],
    [{ port: 70_000 }, {}, /from 0 to 65535/],
    [{ tokens: [{ name: 'a', role: 'root', token: TOKEN }] }, {}, /unknown value "root"/],
    [{ tokens: [{ name: 'a', role: 'viewer', token: 'short' }] }, {}, /5 characters, at least 20/],
    [{ tokens: [{ name: 'local', role: 'viewer', token: TOKEN }] }, {}, /expected a name/],
    [
      {
        tokens: [
          { name: 'a', role: 'viewer', token: TOKEN },
          { name: 'a', role: 'admin', token: `${TOKEN}y` },
        ],
      },
      {},
      /the name "a" is there twice/,
    ],
    [
      {
        tokens: [
          { name: 'a', role: 'viewer', token: TOKEN },
          { name: 'b', role: 'admin', token: TOKEN },
        ],
      },
      {},
      /the same token is there twice/,
    ],
    [undefined, { HOST: '0.0.0.0' }, /environment: HOST: .* set TOCSIN_API_TOKEN/],
    [undefined, { PORT: 'many' }, /environment: PORT: /],
    [undefined, { TOCSIN_API_TOKEN: 'short' }, /environment: TOCSIN_API_TOKEN: it has 5/],
  ])('%j with %j is refused', (http, env, message) => {
    const { config, problems } = parseConfig(http === undefined ? undefined : { http }, env)
    expect(config).toBeUndefined()
    expect(problems.map(formatProblem).join('\n')).toMatch(message)
    expect(JSON.stringify(problems)).not.toContain(TOKEN)
  })

  it('keeps tokens as hashes', () => {
    const tokens = [{ name: 'anna', role: 'viewer', token: TOKEN }]
    const { config } = parseConfig({ http: { host: '0.0.0.0', tokens } }, {})
    expect(config?.http.tokens).toHaveLength(1)
    expect(JSON.stringify(config)).not.toContain(TOKEN)
  })

  it('takes HOST, PORT and TOCSIN_API_TOKEN from the environment', () => {
    const env = { HOST: '0.0.0.0', PORT: '9000', TOCSIN_API_TOKEN: TOKEN }
    const { config } = parseConfig(undefined, env)
    expect(config?.http).toMatchObject({
      host: '0.0.0.0',
      port: 9_000,
      tokens: [{ name: 'api', role: 'admin' }],
    })
  })
})

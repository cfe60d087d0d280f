import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { type ActivityLogClient, createActivityLogClient } from '../../src/source/client.ts'
import type { ClientOptions } from '../../src/source/client.ts'
import { createCredentials, type CredentialSource } from '../../src/source/credentials.ts'
import { SourceError } from '../../src/source/errors.ts'
import { answerJson, type ApiStub, listen, type Respond, startApiStub } from './api-stub.ts'

const SECRET = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJl'
const PASSWORD = 'correct-horse-battery'
const TOKEN: CredentialSource = { kind: 'token', token: SECRET }
const BASIC: CredentialSource = { kind: 'basic', username: 'a@example.com', password: PASSWORD }
const FROM = Date.parse('2026-11-20T09:00:00Z')
const WINDOW = { fromMs: FROM, toMs: FROM + 3_600_000, offset: 200, limit: 100 }
const never = new AbortController().signal

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function connect(
  respond: Respond,
  options: Partial<ClientOptions> & { readonly source?: CredentialSource } = {},
): Promise<{ client: ActivityLogClient; api: ApiStub }> {
  const api = await startApiStub(respond)
  const { source = TOKEN, ...rest } = options
  const client = createActivityLogClient({
    baseUrl: api.url,
    credentials: createCredentials(source),
    clock: systemClock,
    ...rest,
  })
  stops.push(
    async () => await api.stop(),
    async () => await client.close(),
  )
  return { client, api }
}

async function failure(work: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof SourceError) return error
  throw error
}

const page = (total: unknown, hits: readonly unknown[]): unknown => ({ hits: { total, hits } })

const twoContracts: Respond = (response, { url }) =>
  answerJson(response, 200, url.endsWith('/contracts') ? [{ id: 1 }, { id: 2 }] : page(0, []))

describe('what is sent', () => {
  it('asks for one page by the documented names, in whole seconds of UTC', async () => {
    const { client, api } = await connect((response) => answerJson(response, 200, page(0, [])))
    await client.page('31720001', WINDOW, never)
    const [request] = api.received
    const url = new URL(request?.url ?? '', api.url)
    expect(url.pathname).toBe('/activitylog/v1/contracts/31720001')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      dateStart: '2026-11-20T09:00:00Z',
      dateEnd: '2026-11-20T10:00:00Z',
      offset: '200',
      limit: '100',
    })
    expect(request?.headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${SECRET}`,
    })
    expect(request?.headers).not.toHaveProperty('x-contract-number')
  })

  it('names the contract in a header once several are reachable, or always when told to', async () => {
    const auto = await connect(twoContracts)
    await auto.client.contracts(never)
    await auto.client.page('2', WINDOW, never)
    const always = await connect(twoContracts, { contractHeader: 'always' })
    await always.client.page('2', WINDOW, never)
    expect(auto.api.received[1]?.headers['x-contract-number']).toBe('2')
    expect(always.api.received[0]?.headers['x-contract-number']).toBe('2')
  })

  it('names the contract when it is refused without, and from then on at once', async () => {
    const { client, api } = await connect((response, { headers }) => {
      const isNamed = headers['x-contract-number'] === '2'
      answerJson(response, isNamed ? 200 : 403, isNamed ? page(0, []) : {})
    })
    await client.page('2', WINDOW, never)
    await client.page('2', WINDOW, never)
    expect(api.received.map(({ headers }) => headers['x-contract-number'])).toEqual([
      undefined,
      '2',
      '2',
    ])
  })
})

describe('what counts as an answer', () => {
  it('keeps all digits of contract numbers', async () => {
    const body = '[{"id": 9876543218374837483, "type": "contracts"}, {"id": 31720001}, {"id":"7"}]'
    const { client } = await connect((response) => answerJson(response, 200, body))
    expect(await client.contracts(never)).toEqual(['9876543218374837483', '31720001', '7'])
  })

  it('takes a total as number, text or object, and broken hits as they are', async () => {
    const totals: readonly (readonly [unknown, number])[] = [
      [4, 4],
      ['4', 4],
      [{ value: 4, relation: 'eq' }, 4],
      [{ value: 4, relation: 'gte' }, 5],
    ]
    const hits = [{ _source: { a: 1 } }, null, { _source: null }, { _source: 'text', _id: 'x' }]
    for (const [written, total] of totals) {
      const { client } = await connect((response) => answerJson(response, 200, page(written, hits)))
      expect(await client.page('1', WINDOW, never)).toEqual({
        total,
        hits: [{ a: 1 }, null, { _source: null }, { _source: 'text', _id: 'x' }],
        hitCount: 4,
      })
    }
  })

  it.each([
    ['HTML with status 200', '<html><body>Welcome</body></html>', 'HTML'],
    ['half of a JSON text', '{"hits": {"total": 2, "hits": [{"_sou', 'no JSON'],
    ['nothing', '', 'no JSON'],
    ['another shape', '{"items": []}', 'without hits'],
    ['a total that is no count', '{"hits": {"total": -1, "hits": []}}', 'without hits'],
    ['hits that are no list', '{"hits": {"total": 1, "hits": {}}}', 'without hits'],
  ])('refuses %s', async (_name, body, said) => {
    const { client } = await connect((response) => answerJson(response, 200, body))
    const error = await failure(client.page('1', WINDOW, never))
    expect(error).toMatchObject({
      reason: 'bad-answer',
      retryable: true,
      code: 'SOURCE_BAD_ANSWER',
    })
    expect(error.message).toContain(said)
  })

  it('tells the service name and version', async () => {
    const body = { href: 'x', name: 'Activity Log', version: 'v1' }
    const { client } = await connect((response) => answerJson(response, 200, body))
    expect(await client.info(never)).toEqual({ name: 'Activity Log', version: 'v1' })
  })
})

describe('how it fails', () => {
  const unauthorized = {
    httpStatus: 401,
    messages: [{ errorCode: '315', message: 'Unauthorized' }],
  }
  it.each([
    [401, 200, 'unauthorized', false],
    [403, 200, 'forbidden', false],
    [429, 200, 'rate-limited', true],
    [408, 200, 'timeout', true],
    [500, 200, 'server-error', true],
    [503, 9_000, 'server-error', true],
    [500, 9_000, 'refused-window', false],
    [400, 9_000, 'refused-window', false],
    [422, 200, 'refused-window', false],
    [404, 0, 'bad-request', false],
    [302, 0, 'bad-answer', true],
  ])('%i at offset %i is %s', async (status, offset, reason, retryable) => {
    const { client } = await connect((response) => answerJson(response, status, unauthorized))
    const error = await failure(client.page('1', { ...WINDOW, offset }, never))
    expect(error).toMatchObject({ reason, retryable, status })
  })

  it('takes "result window is too large" for a refusal of the window at any offset', async () => {
    const text = 'Result window is too large, from + size must be less than …'
    const { client } = await connect((response) => answerJson(response, 500, { message: text }))
    expect((await failure(client.page('1', WINDOW, never))).reason).toBe('refused-window')
  })

  it('names the call, the status and the wait that was asked for', async () => {
    const { client } = await connect((response) => {
      response.writeHead(429, { 'retry-after': '3' })
      response.end('{"httpStatus":429}')
    })
    const error = await failure(client.page('31720001', WINDOW, never))
    expect(error.retryAfterMs).toBe(3_000)
    expect(error.message).toBe(
      'read contract 31720001, 2026-11-20 09:00:00–10:00:00, offset 200: 429, retry in 3 s ({"httpStatus":429})',
    )
  })

  it('understands Retry-After as a date', async () => {
    const clock = { ...systemClock, now: () => Date.parse('2026-11-20T09:00:00Z') }
    const { client } = await connect(
      (response) => {
        response.writeHead(503, { 'retry-after': 'Fri, 20 Nov 2026 09:00:40 GMT' })
        response.end()
      },
      { clock },
    )
    expect((await failure(client.contracts(never))).retryAfterMs).toBe(40_000)
  })

  it('times out on headers, on a silent body, and on a body that drips', async () => {
    const timeouts = { headersMs: 150, bodyMs: 150, totalMs: 600 }
    const silent = await connect(() => undefined, { timeouts })
    const cut = await connect(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"hits"')
      },
      { timeouts },
    )
    const drip = await connect(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      },
      { timeouts },
    )
    for (const { client } of [silent, cut, drip]) {
      expect((await failure(client.page('1', WINDOW, never))).reason).toBe('timeout')
    }
  })

  it('calls cut and refused connections network', async () => {
    const { client } = await connect((response) => response.socket?.destroy())
    expect((await failure(client.contracts(never))).reason).toBe('network')
    const half = await connect((response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"hits"', () => response.socket?.destroy())
    })
    expect((await failure(half.client.contracts(never))).reason).toBe('network')
    const gone = await connect(() => undefined)
    await gone.api.stop()
    const error = await failure(gone.client.contracts(never))
    expect(error).toMatchObject({
      reason: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('does not follow a redirect, which would carry the token elsewhere', async () => {
    const { client, api } = await connect((response) => {
      response.writeHead(302, { location: 'https://example.com/' })
      response.end()
    })
    const error = await failure(client.contracts(never))
    expect(error.hint).toContain('IONOS_API_URL')
    expect(api.received).toHaveLength(1)
  })

  it('throws the reason of the signal when that aborts', async () => {
    const controller = new AbortController()
    const { client } = await connect(() => controller.abort(new Error('stopping')))
    await expect(client.contracts(controller.signal)).rejects.toThrow('stopping')
  })
})

describe('credentials in use', () => {
  it('hints at two-factor authentication when the answer to a password names it', async () => {
    const { client } = await connect(
      (response) => answerJson(response, 401, { message: 'Basic is disabled: 2FA is enabled' }),
      { source: BASIC },
    )
    const error = await failure(client.contracts(never))
    expect(error.hint).toMatch(/two-factor authentication is on .*IONOS_TOKEN/)
  })

  it.each([
    ['a token', TOKEN, 401, 'IONOS_TOKEN'],
    ['a token', TOKEN, 403, 'Access Activity Log'],
    ['a password', BASIC, 401, 'IONOS_PASSWORD'],
  ])('says what to check when %s is refused', async (_name, source, status, said) => {
    const { client } = await connect((response) => answerJson(response, status, {}), { source })
    expect((await failure(client.contracts(never))).hint).toContain(said)
  })

  it('reads a token file again after a refusal and asks at once with a new token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-token-'))
    stops.push(async () => await rm(folder, { recursive: true }))
    const path = join(folder, 'token')
    await writeFile(path, 'first-token\n')
    const { client, api } = await connect(
      (response, { headers }) => {
        const isNew = headers.authorization === 'Bearer second-token'
        answerJson(response, isNew ? 200 : 401, isNew ? [{ id: 1 }] : {})
      },
      { source: { kind: 'token-file', path } },
    )
    expect((await failure(client.contracts(never))).reason).toBe('unauthorized')
    await writeFile(path, 'second-token\n')
    expect(await client.contracts(never)).toEqual(['1'])
    expect(api.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer first-token',
      'Bearer second-token',
    ])
  })

  it('calls a missing token file a refusal, with the file to check', async () => {
    const source = { kind: 'token-file', path: '/nowhere/token' } as const
    const { client } = await connect(() => undefined, { source })
    const error = await failure(client.contracts(never))
    expect(error).toMatchObject({ reason: 'unauthorized' })
    expect(error.message).toContain('/nowhere/token: ENOENT')
  })

  it('never shows a secret, whatever the answer repeats', async () => {
    const encoded = Buffer.from(`a@example.com:${PASSWORD}`).toString('base64')
    for (const source of [TOKEN, BASIC]) {
      const { client } = await connect(
        (response, { headers }) =>
          answerJson(response, 401, { sent: headers.authorization, SECRET, PASSWORD }),
        { source },
      )
      const error = await failure(client.contracts(never))
      const shown = [error.message, error.stack, error.hint, inspect(error, { depth: 9 })].join(
        '\n',
      )
      for (const secret of [SECRET, PASSWORD, encoded]) {
        if (secret !== (source === TOKEN ? PASSWORD : SECRET)) expect(shown).not.toContain(secret)
      }
      expect(shown).toContain('[secret]')
    }
  })

  it('cuts a long answer and takes its markup and control characters away', async () => {
    const { client } = await connect((response) => {
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end(
        `<html><style>p{}</style><p>Service\u001b[31m\n down</p>${'x'.repeat(9_999)}</html>`,
      )
    })
    const { message } = await failure(client.contracts(never))
    expect(message).toMatch(/^list contracts: 502 \(Service \[31m down x+…\)$/)
    expect(message.length).toBeLessThan(300)
  })
})

describe('a proxy', () => {
  it('is asked for a tunnel to an https address, and a refusal of it is network', async () => {
    const asked: string[] = []
    const proxy = createServer((socket) => {
      socket.once('data', (data) => {
        asked.push(data.toString('latin1').split('\r\n')[0] ?? '')
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      })
    })
    const port = await listen(proxy)
    stops.push(async () => await new Promise((resolve) => proxy.close(resolve)))
    const client = createActivityLogClient({
      baseUrl: 'https://api.example.com',
      credentials: createCredentials(TOKEN),
      clock: systemClock,
      httpsProxy: `http://127.0.0.1:${port}`,
    })
    stops.push(async () => await client.close())
    const error = await failure(client.contracts(never))
    expect(error.reason).toBe('network')
    expect(error.message).toContain('407')
    expect(asked[0]).toBe('CONNECT api.example.com:443 HTTP/1.1')
  })
})

// Owns the proof that what a hostile or broken API sends is bounded and named, and that nothing of
// it reaches further: answers without end, bombs, and entries that no honest log holds.
import { createServer as createHttpsServer } from 'node:https'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { createCalendar } from '../../src/core/calendar.ts'
import { RESOURCES_MAX } from '../../src/core/entry-resources.ts'
import { FACT_LENGTH_MAX } from '../../src/core/fields.ts'
import { normalizeEntry } from '../../src/core/normalize.ts'
import { createActivityLogClient } from '../../src/source/client.ts'
import { createCredentials } from '../../src/source/credentials.ts'
import { SourceError } from '../../src/source/errors.ts'
import { readEntry } from '../../src/source/read-entry.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../notify/certificate.ts'
import { answerJson, type ApiStub, listen, type Respond, startApiStub } from './api-stub.ts'

const never = new AbortController().signal
const WINDOW = { fromMs: 0, toMs: 1_000, offset: 0, limit: 100 }
const CONTEXT = { contract: '1', readTimeMs: 9, calendar: createCalendar('UTC') }

let api: ApiStub | undefined
afterEach(async () => await api?.stop())

async function connect(respond: Respond) {
  api = await startApiStub(respond)
  const credentials = createCredentials({ kind: 'token', token: 'x'.repeat(30) })
  return createActivityLogClient({ baseUrl: api.url, credentials, clock: systemClock })
}

/** A body of a gigabyte; `sent` is what went out before the other side hung up. */
function gigabyte() {
  const sent = { bytes: 0 }
  const chunk = Buffer.alloc(1024 * 1024, 'a')
  const respond: Respond = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => {
      if (response.destroyed || sent.bytes >= 1024 ** 3) return void response.end()
      sent.bytes += chunk.length
      response.write(chunk, () => setImmediate(more))
    }
    more()
  }
  return { sent, respond }
}

describe('an answer', () => {
  it('of a gigabyte is cut off at a part of it, and a window is then read in parts', async () => {
    const { sent, respond } = gigabyte()
    const client = await connect(respond)
    const error = await client.page('1', WINDOW, never).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SourceError)
    expect(error).toMatchObject({ reason: 'refused-window' })
    expect(sent.bytes).toBeLessThan(200 * 1024 * 1024)
    await client.close()
  })

  it('of a gigabyte to what is no window is an answer that can not be used: it is tried again', async () => {
    const client = await connect(gigabyte().respond)
    const error = await client.contracts(never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: 'bad-answer', retryable: true })
    await client.close()
  })

  it('that is a compressed bomb is never unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    const client = await connect((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(bomb)
    })
    const error = await client.page('1', WINDOW, never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: 'bad-answer' })
    await client.close()
  })
})

describe('an answer to what is no window', () => {
  it('that says a window is too large is tried again: it must not end the reading', async () => {
    const client = await connect((response) => {
      answerJson(response, 400, { message: 'Result window is too large' })
    })
    const error = await client.contracts(never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: 'bad-request', status: 400 })
    await client.close()
  })
})

describe('a server whose certificate nobody signed', () => {
  it('is an error that says so and what to do, and is asked again', async () => {
    const server = createHttpsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_request, reply) =>
      reply.end('[]'),
    )
    const port = await listen(server)
    const credentials = createCredentials({ kind: 'token', token: 'x'.repeat(30) })
    const baseUrl = `https://127.0.0.1:${port}`
    const client = createActivityLogClient({ baseUrl, credentials, clock: systemClock })
    const error = await client.contracts(never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: 'network', retryable: true })
    expect(String(error)).toMatch(/list contracts: \w*SELF_SIGNED/)
    expect((error as SourceError).hint).toMatch(/NODE_EXTRA_CA_CERTS/)
    await client.close()
    server.closeAllConnections()
    server.close()
  })
})

describe('entries of 100,000 levels', () => {
  const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const hits = [
    `{"_source":{"@uuid":"deep","meta":{"time":"2026-11-20T09:00:00Z"},"event":${nested}}}`,
    nested,
    '{"_source":{"@uuid":"flat","meta":{"time":"2026-11-20T09:00:00Z"}}}',
  ]

  it('go on to the queue as far as they can be written again, and so does the rest', async () => {
    const client = await connect((response) => {
      answerJson(response, 200, `{"hits":{"total":3,"hits":[${hits.join()}]}}`)
    })
    const page = await client.page('1', WINDOW, never)
    expect(page.hits.map((hit) => JSON.stringify(hit).length < 5_000)).toEqual([true, true, true])
    expect(page.hits.map((hit) => readEntry(hit, '1').id).slice(0, 1)).toEqual(['deep'])
    const { event } = normalizeEntry(page.hits[0], CONTEXT)
    expect(event?.time).toBe(Date.parse('2026-11-20T09:00:00Z'))
    await client.close()
  })
})

const deep = (levels: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)

describe('an entry', () => {
  it.each<readonly [string, unknown]>([
    ['strings of 10 MB', { event: { type: 'a'.repeat(1e7), message: 'b'.repeat(1e7) } }],
    ['1,000 levels', { event: deep(1_000), meta: deep(1_000) }],
    ['keys of prototypes', JSON.parse('{"__proto__":{"event":{"type":"x"}},"constructor":1}')],
    ['lone surrogates', { event: { type: '\ud800', message: '\udc00x' } }],
    [
      '100,000 resources',
      { event: { resources: Array.from({ length: 1e5 }, () => ({ type: 'a', action: ['b'] })) } },
    ],
    ['a date of year 9999', { meta: { time: '9999-12-31T23:59:59Z' } }],
    ['a date far beyond', { meta: { time: 8.64e15 } }],
    ['wrong types', { meta: 1, principal: [], event: { param: 'x', resources: { type: [] } } }],
  ])('with %s is an event of bounded facts, with the time it was read', (_name, entry) => {
    const { event } = normalizeEntry(entry, CONTEXT)
    const { entry: _entry, ...facts } = event ?? expect.unreachable()
    expect(facts.time).toBe(9)
    expect(JSON.stringify(facts).length).toBeLessThan(200 * RESOURCES_MAX + 20 * FACT_LENGTH_MAX)
    const read = readEntry(entry, '1')
    expect([read.usable, read.time, read.id.length < 100]).toEqual([true, undefined, true])
  })
})

// Owns the proof that the API shows what the service holds, on the real one with a real Redis, and
// that its description is that of the routes it has.
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { createReference } from '../../src/http/reference.ts'
import { describedRoutes } from '../../src/open-http.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from '../acceptance/service.ts'
import { type Ask, askServer } from './server-harness.ts'

let service: TestService
let app: App
let ask: Ask

beforeAll(async () => {
  service = await openTestService()
  app = await service.start()
  ask = (path, options) => askServer(app.httpAddress as string, path, options)
  service.simulator.addEntries(CONTRACT, [
    userCreated('mallory@example.com', { id: 'one', agoMs: 60_000 }),
    userCreated('eve@example.com', { id: 'two' }),
  ])
  await service.until(() => expect(service.messages()).toHaveLength(2))
})
afterAll(() => service.close())

type Row = { readonly id: string; readonly title: string }

async function rows(query = ''): Promise<readonly Row[]> {
  const reply = await ask(`/api/alerts${query}`)
  expect(reply.status).toBe(200)
  return reply.json['alerts'] as Row[]
}

describe('alerts', () => {
  it('are listed with the latest first, and filtered', async () => {
    expect((await rows()).map(({ title }) => title)).toEqual([
      'eve@example.com created a user',
      'mallory@example.com created a user',
    ])
    expect(await rows('?q=mallory')).toHaveLength(1)
    expect(await rows('?state=resolved')).toHaveLength(0)
    expect(await rows('?severity=high,critical&state=open&rule=user-created')).toHaveLength(2)
    expect(await rows('?from=40s')).toHaveLength(1)
  })

  it('are paged', async () => {
    const first = await ask('/api/alerts?limit=1')
    const next = String(first.json['next'])
    const second = await ask(`/api/alerts?limit=1&cursor=${next}`)
    expect((second.json['alerts'] as Row[])[0]?.title).toContain('mallory')
  })

  it.each([
    ['?severity=hgih', /\/query\/severity\/0/],
    ['?limit=0', /\/query\/limit/],
    ['?limit=1000', /\/query\/limit/],
    ['?from=yesterday', /24h \(ago\)/],
    ['?cursor=nonsense', /\/query\/cursor/],
    ['?colour=red', /[Uu]nrecognized key.*colour/],
  ])('a question that can not be answered says why: %s', async (query, detail) => {
    const reply = await ask(`/api/alerts${query}`)
    expect(reply.status).toBe(400)
    expect(reply.json['detail']).toMatch(detail)
  })

  it('one is shown with its evidence, its entry, why, and who was told', async () => {
    const [row] = await rows('?q=mallory')
    await service.until(async () => {
      const { json, headers } = await ask(`/api/alerts/${row?.id}`)
      expect(headers['etag']).toBe('"0"')
      expect(json).toMatchObject({
        title: 'mallory@example.com created a user',
        count: 1,
        state: 'open',
        why: { kind: 'all', verdict: true, children: [{ fact: 'actions', verdict: true }] },
        evidence: [{ id: 'one', entry: { principal: { sourceIP: '203.0.113.42' } } }],
      })
      expect(json['deliveries']).toHaveLength(2)
      expect(json['deliveries']).toContainEqual(
        expect.objectContaining({ receiver: 'slack', reason: 'first', state: 'delivered' }),
      )
    })
  })

  it.each(['ffffffffffffffffffff-9', 'x', '..%2f..', '%00'])('%s is none', async (id) => {
    const { status } = await ask(`/api/alerts/${id}`)
    expect([400, 404]).toContain(status)
  })
})

describe('events', () => {
  it('that matched are there to look at, with facts, rules and the entry', async () => {
    const { json } = await ask('/api/events?rule=user-created')
    const events = json['events'] as Record<string, unknown>[]
    expect(events.map(({ id }) => id)).toEqual(['two', 'one'])
    expect(events[0]).toMatchObject({
      rules: ['user-created'],
      facts: { user: 'eve@example.com', ip: '203.0.113.42' },
      entry: { '@uuid': 'two' },
    })
    const byUser = await ask('/api/events?user=mallory%40example.com')
    expect(byUser.json['events']).toHaveLength(1)
    expect((await ask('/api/events?rule=other')).json['events']).toEqual([])
  })
})

describe('the stream', () => {
  it('tells of an alert that came, within a moment', async () => {
    const told: string[] = []
    const stream = get(`${app.httpAddress}/api/stream`, (response) => {
      expect(response.headers['content-type']).toBe('text/event-stream')
      expect(response.headers['content-security-policy']).toContain("default-src 'none'")
      response.on('data', (chunk) => told.push(String(chunk)))
    })
    await service.until(() => expect(told.join('')).toContain('event: hello'))
    service.simulator.addEntries(CONTRACT, [userCreated('trent@example.com', { id: 'three' })])
    await service.until(() =>
      expect(told.join('')).toMatch(/event: alerts\ndata: \{"ids":\["\w+-\d+"\]/),
    )
    stream.destroy()
    const [row] = await rows('?q=trent')
    expect(told.join('')).toContain(row?.id)
  })
})

describe('the description', () => {
  it('names every route that there is, each with a role', async () => {
    const { json } = await ask('/api/openapi.json')
    const paths = json['paths'] as Record<string, Record<string, Record<string, unknown>>>
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/healthz', '/metrics', '/api/alerts/{id}', '/api/stream']),
    )
    for (const methods of Object.values(paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation['summary']).toBeTruthy()
        expect(operation['x-role']).toMatch(/^(anyone|viewer|responder|admin)$/)
      }
    }
  })

  it('in docs/api.md is not older than the routes: node scripts/api-reference.mjs', () => {
    const path = join(import.meta.dirname, '../../docs/api.md')
    expect(readFileSync(path, 'utf8')).toBe(createReference(describedRoutes()))
  })
})

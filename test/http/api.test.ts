// Owns the proof that the API shows what the service holds, on the real one with a real Redis, and
// that its description is that of the routes it has.
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
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
  // What was sent is written down a moment later; from then on nothing changes by itself.
  await service.until(async () => {
    for (const { id } of await rows()) {
      const { json } = await ask(`/api/alerts/${id}`)
      const states = (json['deliveries'] as { state: string }[]).map(({ state }) => state)
      expect(states).toEqual(['delivered', 'delivered'])
    }
  })
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
    expect(await rows('?group=user:mallory%40example.com')).toHaveLength(1)
    expect(
      await rows('?group=user:mallory%40example.com&group=user:eve%40example.com'),
    ).toHaveLength(2)
    expect(await rows('?group=ip:mallory%40example.com')).toHaveLength(0)
  })

  it('are paged', async () => {
    const first = await ask('/api/alerts?limit=1')
    const next = String(first.json['next'])
    const second = await ask(`/api/alerts?limit=1&cursor=${next}`)
    expect((second.json['alerts'] as Row[])[0]?.title).toContain('mallory')
  })

  it.each([
    ['?severity=hgih', /\/query\/severity\/0/],
    ['?group=mallory', /\/query\/group: expected NAME:VALUE/],
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

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers })

describe('actions on an alert', () => {
  it('of two at once, the second is told and overwrites nothing', async () => {
    const [row] = await rows('?q=eve')
    const path = `/api/alerts/${row?.id}`
    const { etag } = (await ask(path)).headers as { etag: string }
    const first = await post(`${path}/ack`, { comment: 'mine' }, { 'if-match': etag })
    expect(first.status).toBe(200)
    expect(first.json).toMatchObject({ state: 'acknowledged', revision: 1 })
    expect(first.headers['etag']).toBe('"1"')
    const second = await post(`${path}/resolve`, {}, { 'if-match': etag })
    expect(second.status).toBe(412)
    expect(second.json).toMatchObject({ code: 'conflict' })
    expect(second.json['detail']).toMatch(/acknowledged by local/)
    const now = await ask(path)
    expect(now.json).toMatchObject({
      state: 'acknowledged',
      acknowledged: { by: 'local', from: 'api' },
      trail: [{ action: 'acknowledge', comment: 'mine', stateBefore: 'open' }],
    })
  })

  it('resolve, comment, and nothing after that', async () => {
    const [row] = await rows('?q=eve&state=acknowledged')
    const path = `/api/alerts/${row?.id}`
    expect((await post(`${path}/comment`, { comment: 'looked at it' })).status).toBe(200)
    const resolved = await post(`${path}/resolve`, { reason: 'false-positive' })
    expect(resolved.json).toMatchObject({ state: 'resolved', resolution: 'false-positive' })
    expect((await post(`${path}/ack`, {})).status).toBe(412)
    const actions = (await ask(path)).json['trail'] as { action: string }[]
    expect(actions.map(({ action }) => action)).toEqual(['acknowledge', 'comment', 'resolve'])
  })

  it.each([
    ['ack', { comment: 1 }, {}, 400],
    ['resolve', { reason: 'quiet' }, {}, 400],
    ['comment', { comment: '' }, {}, 400],
    ['comment', {}, {}, 400],
    ['ack', {}, { 'if-match': 'nonsense' }, 400],
    ['delete', {}, {}, 404],
  ])('%s with %j and %j is refused with %i', async (action, body, headers, status) => {
    const [row] = await rows('?q=mallory')
    expect((await post(`/api/alerts/${row?.id}/${action}`, body, headers)).status).toBe(status)
    const { json } = await ask(`/api/alerts/${row?.id}`)
    expect(json).toMatchObject({ state: 'open', revision: 0, trail: [] })
  })
})

describe('silences', () => {
  const matchers = ['rule = user-created', 'user = "mallory@example.com"']
  const endsAt = '2099-01-01T00:00:00Z'

  it('say beforehand what they would mute, mute it, and end', async () => {
    const preview = await post('/api/silences/preview', { matchers })
    expect(preview.json).toMatchObject({ openCount: 1, recentCount: 1 })
    expect((await ask('/api/silences')).json['silences']).toEqual([])
    const inAnHour = new Date(systemClock.now() + 3_600_000).toISOString()
    const made = await post('/api/silences', { matchers, endsAt: inAnHour, comment: 'planned' })
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({ state: 'active', author: 'local', from: 'api' })
    const [row] = await rows('?q=mallory')
    expect((await ask(`/api/alerts/${row?.id}`)).json['notes']).toEqual(['silenced'])
    const ended = await ask(`/api/silences/${String(made.json['id'])}`, { method: 'DELETE' })
    expect(ended.json).toMatchObject({ state: 'expired', expiredBy: 'local' })
    expect((await ask(`/api/alerts/${row?.id}`)).json['notes']).toEqual([])
  })

  it.each([
    [{ matchers: ['colour = red'], endsAt, comment: 'x' }, /unknown name "colour"/],
    [{ matchers: ['user =~ ('], endsAt, comment: 'x' }, /./],
    [{ matchers, endsAt: '2001-01-01T00:00:00Z', comment: 'x' }, /over already/],
    [{ matchers, endsAt, comment: 'x' }, /longer than a year/],
    [{ matchers, endsAt: inOneHour(), comment: '' }, /comment/],
    [{ matchers: [], endsAt, comment: 'x' }, /matchers/],
  ])('%j is refused with why', async (body, detail) => {
    const reply = await post('/api/silences', body)
    expect(reply.status).toBe(400)
    expect(reply.json['detail']).toMatch(detail)
  })
})

function inOneHour(): string {
  return new Date(systemClock.now() + 3_600_000).toISOString()
}

describe('rules', () => {
  it('are listed with what they are and did', async () => {
    const { json } = await ask('/api/rules')
    expect(json['rules']).toMatchObject([
      { id: 'user-created', severity: 'high', state: 'active', detect: 'match', day: {} },
    ])
    expect(JSON.stringify(json['problems'])).toContain('there is no test')
  })

  it('one is shown with its source', async () => {
    const { json } = await ask('/api/rules/user-created')
    expect(json).toMatchObject({
      id: 'user-created',
      source: { alert: { groupBy: ['user'] } },
      tests: [],
    })
    expect(json['volume']).toHaveLength(7 * 24)
    expect(json['file']).toMatch(/user-created\.json$/)
    expect((await ask('/api/rules/nothing')).status).toBe(404)
  })

  it('are loaded again when an administrator asks', async () => {
    expect((await post('/api/rules/reload', {})).json).toMatchObject({ changed: false })
  })

  const rule = {
    id: 'trial',
    title: 'Trial',
    severity: 'low',
    conditions: { all: [{ fact: 'ip', operator: 'equal', value: '203.0.113.42' }] },
    alert: { title: 'trial of {{ user }}', groupBy: ['user'] },
  }

  it('explain themselves, with the message people would get', async () => {
    const entry = userCreated('walter@example.com')
    const { json } = await post('/api/rules/explain', { rule, entry })
    expect(json).toMatchObject({
      problems: [],
      verdict: true,
      why: { kind: 'all', children: [{ fact: 'ip', found: '"203.0.113.42"', verdict: true }] },
      facts: { user: 'walter@example.com' },
      message: { mail: { subject: expect.stringMatching(/\[LOW\] trial of walter/) as unknown } },
    })
    const other = { ...rule, conditions: { all: [{ fact: 'hour', operator: 'equal', value: 99 }] } }
    expect((await post('/api/rules/explain', { rule: other, entry })).json).toMatchObject({
      verdict: false,
    })
    expect((await post('/api/rules/explain', { rule: 'user-created', entry })).json).toMatchObject({
      verdict: true,
    })
  })

  it('are checked with the tests inside them, and described by their schema', async () => {
    const tests = [
      { name: 'that address', alerts: 1, events: [{ user: 'a', ip: '203.0.113.42' }] },
      { name: 'another one', alerts: 1, events: [{ user: 'a', ip: '192.0.2.1' }] },
    ]
    const { json } = await post('/api/rules/check', { rule: { ...rule, tests } })
    expect(json).toMatchObject({
      problems: [],
      tests: [
        { test: 'that address', passed: true },
        { test: 'another one', passed: false },
      ],
    })
    const wrong = await post('/api/rules/check', { rule: { ...rule, severity: 'hihg' } })
    expect(wrong.json).toMatchObject({ problems: [{ place: '/severity' }], tests: [] })
    const schema = await ask('/api/schemas/rule')
    expect(schema.json).toMatchObject({ required: ['id', 'title', 'severity', 'conditions'] })
  })

  it('that have errors say so, all at once', async () => {
    const faulty = {
      ...rule,
      severity: 'hihg',
      conditions: { all: [{ fact: 'usr', operator: 'x' }] },
    }
    const { json } = await post('/api/rules/explain', { rule: faulty, entry: {} })
    const problems = json['problems'] as { place: string }[]
    expect(problems.length).toBeGreaterThanOrEqual(3)
    expect(json['verdict']).toBeUndefined()
    expect((await post('/api/rules/try', { rule: faulty })).status).toBe(400)
  })

  it('are tried on the events that are kept, and nothing is stored', async () => {
    const before = (await rows()).length
    const { json } = await post('/api/rules/try', { rule })
    expect(json).toMatchObject({ problems: [] })
    expect(json['events']).toBeGreaterThanOrEqual(2)
    expect((json['alerts'] as Row[]).map(({ title }) => title)).toContain(
      'trial of mallory@example.com',
    )
    expect(await rows()).toHaveLength(before)
  })
})

describe('the status', () => {
  it('tells marks, queues and receivers', async () => {
    const { json } = await ask('/api/status')
    expect(json).toMatchObject({
      contracts: [{ contract: CONTRACT, state: 'reading', gaps: 0 }],
      receivers: [
        { name: 'slack', type: 'slack', dead: 0 },
        { name: 'email', type: 'email', dead: 0 },
      ],
      rules: { count: 1 },
      canary: {},
    })
    expect((json['receivers'] as { lastDelivered?: string }[])[0]?.lastDelivered).toBeDefined()
  })
})

describe('a GET', () => {
  const changing = describedRoutes().filter(({ method }) => method !== 'GET')
  it.each(changing.map(({ method, path }) => [method, path]))(
    'of the path of %s %s changes nothing',
    async (_method, path) => {
      const [row] = await rows('?q=mallory')
      const asked = path.replace('/api/alerts/:id', `/api/alerts/${row?.id}`).replace(':id', 'x')
      const before = await ask(`/api/alerts/${row?.id}`)
      for (const method of ['GET', 'HEAD']) {
        const { status } = await ask(asked, { method })
        // The list of silences and the session have the path of what changes them.
        const isRead = describedRoutes().some((one) => one.method === 'GET' && one.path === path)
        expect(status).toBe(isRead ? 200 : 404)
      }
      expect((await ask(`/api/alerts/${row?.id}`)).text).toBe(before.text)
      expect((await ask('/api/silences')).text).not.toContain('"active"')
    },
  )
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
    await service.until(async () => {
      expect(told.join('')).toMatch(/event: alerts\ndata: \{"ids":\["\w+-\d+"/)
      const [row] = await rows('?q=trent')
      expect(told.join('')).toContain(row?.id)
    })
    stream.destroy()
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

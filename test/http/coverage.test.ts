// Owns the proof that the API says what of a span was evaluated, on the real service: counts, gaps,
// and the difference between complete and promised.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from '../acceptance/service.ts'
import { type Ask, askServer } from './server-harness.ts'

let service: TestService
let ask: Ask

beforeAll(async () => {
  service = await openTestService()
  const app = await service.start()
  ask = (path, options) => askServer(app.httpAddress as string, path, options)
  service.simulator.addEntries(CONTRACT, [
    userCreated('mallory@example.com', { id: 'one', agoMs: 60_000 }),
    userCreated('eve@example.com', { id: 'two' }),
  ])
  await service.until(() => expect(service.messages()).toHaveLength(2))
  // How late the first read finds things says nothing; what comes now does.
  service.simulator.addEntries(CONTRACT, [
    userCreated('trent@example.com', { id: 'three', agoMs: 0 }),
  ])
  await service.until(() => expect(service.messages()).toHaveLength(3))
})
afterAll(() => service.close())

async function coverage(query = ''): Promise<readonly Record<string, unknown>[]> {
  const { json, status } = await ask(`/api/coverage${query}`)
  expect(status).toBe(200)
  return json['contracts'] as Record<string, unknown>[]
}

describe('the coverage', () => {
  it('tells how many of how many entries were evaluated, by which rules, and how late', async () => {
    await service.until(async () => {
      expect(await coverage()).toMatchObject([
        {
          contract: CONTRACT,
          entries: 3,
          evaluated: 3,
          waiting: 0,
          poisoned: 0,
          ruleSets: [{ entries: 3 }],
          gaps: [],
          gapCount: 0,
          delay: { p50: expect.any(Number) as number, max: expect.any(Number) as number },
          complete: true,
          faults: [],
        },
      ])
    })
  })

  it('of a span that begins before reading did, is not complete', async () => {
    const [found] = await coverage(`?from=300d&contract=${CONTRACT}`)
    expect(found).toMatchObject({ complete: false })
    expect(found?.['faults']).toEqual([expect.stringMatching(/^reading began only 20/)])
    expect(await coverage(`?after=${CONTRACT}`)).toEqual([])
  })

  it('shows a gap with its reason', async () => {
    const from = Math.floor(systemClock.now() / 1_000) * 1_000 - 600_000
    const { reads } = openRedisStores(service.redis.redis, service.redis.keys)
    await reads.giveUp(CONTRACT, [{ from, to: from + 1_000 }])
    const [found] = await coverage()
    expect(found).toMatchObject({ gapCount: 1, complete: false, faults: ['1 gap'] })
    expect(found?.['gaps']).toMatchObject([
      { from: new Date(from).toISOString(), reason: 'given-up' },
    ])
  })

  it.each([
    ['?from=1h&to=2h', 400, /not after from/],
    ['?from=500d', 400, /400 days/],
    ['?from=soon', 400, /24h \(ago\)/],
    ['?contract=1', 404, /never read/],
  ])('%s is refused with why', async (query, status, detail) => {
    const reply = await ask(`/api/coverage${query}`)
    expect(reply.status).toBe(status)
    expect(reply.json['detail']).toMatch(detail)
  })
})

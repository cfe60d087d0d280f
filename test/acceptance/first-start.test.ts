// Owns the proof of a first start: the service reads history before anything else, learns from it what is
// usual, tells nobody of the past, and says what it found there; a second start does none of it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../src/observe/log.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { CONTRACT, openTestService, type TestService, userCreated } from './service.ts'

const WAIT_MS_MAX = 60_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const conditions = { all: [{ fact: 'actions', operator: 'contains', value: 'sec.user.create' }] }
const RULES = {
  'new-address': {
    id: 'new-address',
    title: 'An address that is new for this user',
    severity: 'high',
    conditions,
    detect: {
      ...{ kind: 'firstSeen', value: ['ip'], groupBy: ['user'], history: '5h', learn: '1h' },
    },
    alert: { title: '{{ user }} came from {{ ip }}' },
  },
  many: {
    id: 'many',
    title: 'Many users created',
    severity: 'high',
    conditions,
    detect: { kind: 'threshold', count: 3, within: '10m', groupBy: ['user'] },
    alert: { title: '{{ user }} created {{ count }} users' },
  },
}
const [HOME, HOTEL, CAFE] = ['203.0.113.1', '203.0.113.2', '203.0.113.3']

type Line = { readonly msg: string; readonly alerts?: number }
const lines: Line[] = []
const log = createLog({
  level: 'info',
  output: { write: (text: string) => lines.push(JSON.parse(text) as Line) },
})
const said = (start: string) => lines.filter(({ msg }) => msg.startsWith(start))

let service: TestService
beforeAll(async () => {
  service = await openTestService(RULES, {
    config: { ionos: { backfill: '6h' }, detection: { settle: '1s' } },
  })
}, WAIT_MS_MAX)
afterAll(() => service.close())

test(
  'history teaches what is usual, and nobody is told of it',
  async () => {
    const { alerts } = openRedisStores(service.redis.redis, createKeys(service.redis.prefix))
    service.simulator.addEntries(CONTRACT, [
      userCreated('ann@example.com', { agoMs: 5.5 * HOUR_MS, ip: HOME }),
      userCreated('ann@example.com', { agoMs: 4 * HOUR_MS, ip: HOME }),
      // Both are alerts of the past: an address that was new then, and three within minutes.
      userCreated('ann@example.com', { agoMs: 3 * HOUR_MS, ip: HOTEL }),
      ...[1, 2, 3].map((minutes) =>
        userCreated('bob@example.com', { agoMs: 2 * HOUR_MS + minutes * MINUTE_MS }),
      ),
    ])
    const app = await service.start({ log })
    await service.until(() => expect(said('history was read')).toHaveLength(1))
    expect(said('first start: reading history')).toHaveLength(1)
    expect(said('history was read')[0]?.alerts).toBe(2)
    const past = await alerts.latest(CONTRACT, 10)
    expect(past.map(({ title, historical }) => [title, historical])).toEqual([
      ['bob@example.com created 3 users', true],
      [`ann@example.com came from ${HOTEL}`, true],
    ])

    // What history showed is usual now; what it did not is told, and comes after whatever would
    // have been told before.
    service.simulator.addEntries(CONTRACT, [
      userCreated('ann@example.com', { ip: HOME, agoMs: 6_000 }),
      userCreated('ann@example.com', { ip: CAFE }),
    ])
    await service.until(() => expect(service.messages().join()).toContain(CAFE))
    const told = service.messages().filter((text) => text.includes('ann@') || text.includes('bob@'))
    expect(told).toHaveLength(1)
    await app.stop()

    await service.start({ log })
    service.simulator.addEntries(CONTRACT, [userCreated('ann@example.com', { ip: '203.0.113.4' })])
    await service.until(() => expect(service.messages().join()).toContain('203.0.113.4'))
    expect(said('first start')).toHaveLength(1)
    expect(said('history was read')).toHaveLength(1)
  },
  WAIT_MS_MAX,
)

// Owns the proof that the Redis stores keep the same promises on a cluster: all keys of a transition
// in one slot, and what reaches over slots taken apart.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestEntry } from '../../src/core/digest.ts'
import { connectRedis } from '../../src/state/connection.ts'
import { createKeys } from '../../src/state/keys.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { alertOf, notificationOf } from '../notify/notifications.ts'
import { type RedisServers, startCluster } from '../redis-servers.ts'
import { describeActionStore } from './action-store.contract.ts'
import { describeAlertStore } from './alert-store.contract.ts'
import { describeCoverage } from './coverage.contract.ts'
import {
  describeLeaseStore,
  describeMarkStore,
  describeReadStore,
  describeSeenStore,
  HOUR_MS,
} from './read-store.contract.ts'
import { describeSilenceStore } from './silence-store.contract.ts'
import { describeWindowStore } from './window-store.contract.ts'

let cluster: RedisServers
let redis: ReturnType<typeof connectRedis>
let opened = 0

beforeAll(async () => {
  cluster = await startCluster()
  redis = connectRedis(cluster.url, 'state')
}, 60_000)

afterAll(async () => {
  redis.disconnect()
  await cluster.close()
})

function open() {
  opened += 1
  return openRedisStores(redis, createKeys(`c-${opened}`))
}

describe('reads', () => describeReadStore(open))
describe('the evaluated mark', () => describeMarkStore(open))
describe('ids that were seen', () => describeSeenStore(open))
describe('leases of readers', () => describeLeaseStore(open))
describe('the ledger', () => describeCoverage(open))
describe('alerts', () => describeAlertStore(() => open().alerts))
describe('actions', () => describeActionStore(open))
describe('silences', () => describeSilenceStore(() => open().silences))
describe('windows', () => describeWindowStore(open))

const CONTRACTS = Array.from({ length: 20 }, (_, at) => `${31_720_000 + at}`)

describe('what reaches over slots', () => {
  it('leases of many contracts are renewed and given back together', async () => {
    const { readLeases } = open()
    const leases = await Promise.all(
      CONTRACTS.map(async (contract) => {
        const fence = (await readLeases.acquire(contract, 60_000)) ?? 0
        return { contract, fence }
      }),
    )
    expect(await readLeases.renew(leases, 60_000)).toEqual(CONTRACTS.map(() => true))
    await readLeases.release(leases)
    const again = await Promise.all(CONTRACTS.map((one) => readLeases.acquire(one, 1_000)))
    expect(again).toEqual(CONTRACTS.map(() => 2))
  })

  it('a digest of alerts of many contracts is noted on each of them', async () => {
    const { deliveries, digests } = open()
    const notifications = CONTRACTS.map((contract, at) =>
      notificationOf({ id: `n-${at}`, alert: { ...alertOf({ id: `a-${at}` }), contract } }),
    )
    const receiver = { name: 'slack', budget: { count: 1, withinMs: 60_000 } }
    const requests = notifications.map((notification) => ({
      notification,
      passage: 'normal' as const,
    }))
    await digests.admit(receiver, requests, 1_000)
    await digests.closeDue(receiver, 10_000_000)
    const [closed] = await digests.closed('slack')
    expect(closed?.entries.length).toBeGreaterThan(10)
    await digests.forget('slack', closed?.number ?? '')
    expect(await digests.closed('slack')).toEqual([])
    await deliveries.gathered('slack', notifications.map(digestEntry), 1_000, 'd-1')
    const states = await Promise.all(
      CONTRACTS.map(async (contract, at) => (await deliveries.list(contract, `a-${at}`))[0]?.state),
    )
    expect(states).toEqual(CONTRACTS.map(() => 'gathered'))
  })

  it('statistics of many hours are read together', async () => {
    const { ruleStats } = open()
    const hours = Array.from({ length: 24 }, (_, at) => at * HOUR_MS)
    for (const at of hours) await ruleStats.add(at, { events: 2, rules: new Map() })
    expect((await ruleStats.read({ from: 0, to: 24 * HOUR_MS })).events).toBe(48)
  })
})

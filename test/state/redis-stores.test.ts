// Owns the proof that the smaller Redis stores keep their promises.
import { afterAll, describe, expect, it } from 'vitest'
import { createKeys } from '../../src/state/keys.ts'
import { createMemoryReadLeaseStore } from '../../src/state/memory-read-leases.ts'
import { createMemoryReadStore } from '../../src/state/memory-reads.ts'
import { openRedisStores } from '../../src/state/redis.ts'
import { DEAD_LETTER_LENGTH_MAX } from '../../src/state/redis-letters.ts'
import { describeCoverage } from './coverage.contract.ts'
import {
  describeLeaseStore,
  describeMarkStore,
  describeReadStore,
  describeSeenStore,
  type ReadStores,
} from './read-store.contract.ts'
import { openTestRedis } from './redis.ts'
import { digestEntry } from '../../src/core/digest.ts'
import { sampleNotification } from './sample.ts'

const test = openTestRedis()
afterAll(() => test.close())

let opened = 0
function open() {
  opened += 1
  return openRedisStores(test.redis, createKeys(`${test.prefix}-${opened}`))
}

function openMemory(): ReadStores {
  const readLeases = createMemoryReadLeaseStore({ now: () => 0 })
  const reads = createMemoryReadStore({ leases: readLeases })
  return { reads, marks: reads, batches: reads, seen: reads, coverage: reads, readLeases }
}

describe.each([
  ['in memory', openMemory],
  ['in redis', open],
] as const)('%s', (_where, openStores) => {
  describe('reads', () => describeReadStore(openStores))
  describe('the evaluated mark', () => describeMarkStore(openStores))
  describe('ids that were seen', () => describeSeenStore(openStores))
  describe('leases of readers', () => describeLeaseStore(openStores))
  describe('the ledger', () => describeCoverage(openStores))
})

describe('numbers', () => {
  it('are never handed out twice, also to several processes at once', async () => {
    const prefix = `${test.prefix}-numbers`
    const processes = [1, 2, 3].map(() => openRedisStores(test.redis, createKeys(prefix)).numbers)
    const counts = [1, 7, 25, 3, 1]
    const taken = await Promise.all(
      processes.flatMap((numbers) => counts.map((count) => numbers.take(count))),
    )
    const all = taken.flat()
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBe(3 * 37)
  })

  it('that were given back come again', async () => {
    const { numbers } = open()
    const [a, b] = await numbers.take(2)
    numbers.giveBack([b as number])
    expect(await numbers.take(1)).toEqual([b])
    expect(a).toBe(1_000)
  })
})

describe('dead letters', () => {
  it('are kept with reason and bounded text, the newest first, and counted', async () => {
    const { deadLetters } = open()
    await deadLetters.add('1', [{ reason: 'no-time', text: '{"a":1}', at: 5 }])
    await deadLetters.add('1', [{ reason: 'not-an-object', text: 'x'.repeat(100_000), at: 6 }])
    const letters = await deadLetters.list('1', 10)
    expect(letters.map((letter) => letter.reason)).toEqual(['not-an-object', 'no-time'])
    expect(letters[0]?.text.length).toBe(DEAD_LETTER_LENGTH_MAX)
    expect(letters[1]).toEqual({ reason: 'no-time', text: '{"a":1}', at: 5 })
    expect(await deadLetters.count('1')).toBe(2)
    expect(await deadLetters.count('2')).toBe(0)
  })
})

describe('deliveries', () => {
  const notification = sampleNotification()
  const ends: [
    name: string,
    result: 'delivered' | 'not-accepted' | 'unknown' | undefined,
    next: string,
  ][] = [
    ['an attempt that was accepted is not made again', 'delivered', 'delivered'],
    ['an attempt that was refused is made again as if new', 'not-accepted', 'fresh'],
    ['an attempt without an answer makes the next a possible repeat', 'unknown', 'possible-repeat'],
    ['an attempt cut by a crash makes the next a possible repeat', undefined, 'possible-repeat'],
  ]
  it.each(ends)('%s', async (_name, result, next) => {
    const { deliveries } = open()
    expect(await deliveries.begin(notification, 1)).toBe('fresh')
    if (result !== undefined) await deliveries.finish(notification, { result, at: 2 })
    expect(await deliveries.begin(notification, 3)).toBe(next)
  })

  it('a possible repeat stays one though a later try was refused', async () => {
    const { deliveries } = open()
    await deliveries.begin(notification, 1)
    await deliveries.begin(notification, 2)
    await deliveries.finish(notification, { result: 'not-accepted', reason: 'server-error', at: 3 })
    expect(await deliveries.begin(notification, 4)).toBe('possible-repeat')
  })

  it('are listed with attempts, times and the last failure', async () => {
    const { deliveries } = open()
    const { contract, id } = notification.alert
    await deliveries.begin(notification, 1)
    await deliveries.finish(notification, { result: 'dead', reason: 'refused', at: 2 })
    expect(await deliveries.list(contract, id)).toEqual([
      {
        notificationId: notification.id,
        receiver: 'slack',
        reason: 'first',
        state: 'dead',
        attempts: 1,
        firstAt: 1,
        lastAt: 2,
        failure: 'refused',
        tries: [{ at: 2, result: 'dead', reason: 'refused' }],
      },
    ])
    expect(await deliveries.list(contract, 'other-1')).toEqual([])
  })
})

describe('attempts', () => {
  const notification = sampleNotification()
  const { contract, id } = notification.alert

  it('are kept each with when, result and reason, also one that a crash cut', async () => {
    const { deliveries } = open()
    await deliveries.begin(notification, 1)
    await deliveries.finish(notification, { result: 'not-accepted', reason: 'timeout', at: 2 })
    await deliveries.begin(notification, 3)
    await deliveries.begin(notification, 4)
    await deliveries.finish(notification, { result: 'unknown', reason: 'network', at: 5 })
    await deliveries.begin(notification, 6)
    await deliveries.finish(notification, { result: 'delivered', at: 7 })
    const [delivery] = await deliveries.list(contract, id)
    expect(delivery?.tries).toEqual([
      { at: 2, result: 'not-accepted', reason: 'timeout' },
      { at: 3, result: 'unknown' },
      { at: 5, result: 'unknown', reason: 'network' },
      { at: 7, result: 'delivered' },
    ])
    expect(delivery?.attempts).toBe(4)
  })

  it('are the latest twenty', async () => {
    const { deliveries } = open()
    for (let at = 1; at <= 25; at += 1) {
      await deliveries.begin(notification, at)
      await deliveries.finish(notification, { result: 'not-accepted', reason: 'timeout', at })
    }
    const [delivery] = await deliveries.list(contract, id)
    expect(delivery?.tries?.map(({ at }) => at)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 6),
    )
  })

  it('say of a gathered notification in which digest it is told, unless it was tried', async () => {
    const { deliveries } = open()
    const entries = [digestEntry(notification)]
    await deliveries.gathered('slack', entries, 1)
    expect(await deliveries.list(contract, id)).toMatchObject([{ state: 'gathered' }])
    await deliveries.gathered('slack', entries, 2, 'digest-slack-1')
    expect(await deliveries.list(contract, id)).toMatchObject([
      { state: 'gathered', digest: 'digest-slack-1' },
    ])
    expect(await deliveries.begin(notification, 3)).toBe('fresh')
    await deliveries.gathered('slack', entries, 4, 'digest-slack-2')
    expect(await deliveries.list(contract, id)).toMatchObject([{ state: 'sending' }])
  })
})

describe('contracts', () => {
  it('are remembered once each', async () => {
    const { contracts } = open()
    await contracts.add('2')
    await contracts.add('1')
    await contracts.add('2')
    expect(await contracts.list()).toEqual(['1', '2'])
  })
})

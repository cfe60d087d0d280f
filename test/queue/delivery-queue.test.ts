// Owns the tests of a receiver's queue on real Redis: order, waits, dead deliveries and sending them
// again. The receivers are made of functions; what real ones do is test/notify's matter.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Notice } from '../../src/core/digest.ts'
import type { Severity } from '../../src/core/severity.ts'
import { DeliveryError, type Receiver } from '../../src/notify/receiver.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createDeliveryQueue } from '../../src/queue/delivery-queue.ts'
import { createDeliveryWorker, type DeliveryWorker } from '../../src/queue/delivery-worker.ts'
import { createRedisDeliveryStore } from '../../src/state/redis-deliveries.ts'
import { systemClock } from '../../src/clock.ts'
import { alertOf, notificationOf } from '../notify/notifications.ts'
import { openTestRedis } from '../state/redis.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type Behaviour = (notice: Notice) => Promise<void> | void

function open(behave: Behaviour, settings: { paceMs?: number; ageMaxMs?: number } = {}) {
  const test = openTestRedis()
  closing.push(() => test.close())
  const connections = {
    producer: test.connect('producer'),
    worker: test.connect('worker'),
    prefixOf: test.keys.queue,
  }
  const queue = createDeliveryQueue('slack', { connections, log: silentLog })
  closing.push(() => queue.close())
  const deliveries = createRedisDeliveryStore(test.redis, test.keys)
  const sent: { id: string; at: number; possibleRepeat: boolean }[] = []
  const dead: { id: string; reason: string }[] = []
  const receiver: Receiver = {
    name: 'slack',
    type: 'slack',
    async send(notice) {
      await behave(notice)
      const possibleRepeat = notice.possibleRepeat ?? false
      sent.push({ id: notice.id, at: performance.now(), possibleRepeat })
    },
    close: async () => {},
  }
  const start = (): DeliveryWorker => {
    const worker = createDeliveryWorker({
      connections,
      queue,
      receiver,
      paceMs: settings.paceMs ?? 0,
      oneByOne: false,
      ageMaxMs: settings.ageMaxMs ?? 86_400_000,
      deliveries,
      onDead: async ({ id }, { reason }) => void dead.push({ id, reason }),
      onDelivered: () => {},
      clock: systemClock,
      metrics: createMetrics(),
      log: silentLog,
      random: () => 0,
    })
    closing.push(() => worker.close())
    return worker
  }
  return { queue, deliveries, sent, dead, start }
}

function noticeOf(number: number, severity: Severity = 'high') {
  const alert = alertOf({ id: `al-${number}`, number, severity })
  return notificationOf({ alert, receiver: 'slack', createdAt: systemClock.now() })
}

const until = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 })

const refused = (message = 'gone') =>
  new DeliveryError(message, { reason: 'refused', retryable: false })

describe('a queue', () => {
  it('sends the most severe first, and those alike in the order they came', async () => {
    const { queue, sent, start } = open(() => {}, { paceMs: 1 })
    const order: Severity[] = ['low', 'critical', 'medium', 'high', 'low', 'critical']
    await queue.publish(order.map((severity, at) => noticeOf(at, severity)))
    start()
    await until(() => expect(sent).toHaveLength(6))
    const numbers = sent.map(({ id }) => Number(/^al-(\d)/.exec(id)?.[1]))
    expect(numbers).toEqual([1, 5, 3, 2, 0, 4])
  })

  it('keeps that order through a limit of the other side, and waits as long as it asks', async () => {
    let limitedAt: number | undefined
    const { queue, sent, start } = open(
      () => {
        if (limitedAt !== undefined) return
        limitedAt = performance.now()
        throw new DeliveryError('429', {
          reason: 'rate-limited',
          retryable: true,
          retryAfterMs: 1_500,
        })
      },
      { paceMs: 1 },
    )
    start()
    await queue.publish([noticeOf(0, 'low')])
    await until(() => expect(limitedAt).toBeDefined())
    await queue.publish([noticeOf(1, 'medium'), noticeOf(2, 'critical'), noticeOf(3, 'high')])
    await until(() => expect(sent).toHaveLength(4))
    expect((sent[0]?.at ?? 0) - (limitedAt ?? 0)).toBeGreaterThanOrEqual(1_450)
    expect(sent.map(({ id }) => id.slice(0, 4))).toEqual(['al-2', 'al-3', 'al-1', 'al-0'])
  })

  it('waits as long as an unwell server asks, longer than it would by itself', async () => {
    let failedAt = 0
    const { queue, sent, start } = open(() => {
      if (failedAt > 0) return
      failedAt = performance.now()
      const options = { reason: 'server-error', retryable: true, retryAfterMs: 2_000 } as const
      throw new DeliveryError('503', options)
    })
    start()
    await queue.publish([noticeOf(1)])
    await until(() => expect(sent).toHaveLength(1))
    expect((sent[0]?.at ?? 0) - failedAt).toBeGreaterThanOrEqual(1_950)
  })

  it('takes the same notice once, however often it is published', async () => {
    const { queue, sent, start } = open(() => {})
    const notice = noticeOf(1)
    await queue.publish([notice])
    await queue.publish([notice])
    start()
    await until(() => expect(sent).toHaveLength(1))
    await queue.publish([notice])
    await queue.publish([noticeOf(2)])
    await until(() => expect(sent).toHaveLength(2))
  })
})

describe('what is dead', () => {
  it('is listed with why, and sent again when asked for, as new', async () => {
    let isMended = false
    const { queue, deliveries, sent, dead, start } = open(() => {
      if (!isMended) throw refused('post to receiver slack: 410 gone')
    })
    start()
    await queue.publish([noticeOf(1), noticeOf(2)])
    await until(async () => expect(await queue.counts()).toMatchObject({ dead: 2 }))
    expect(dead.map(({ reason }) => reason)).toEqual(['refused', 'refused'])
    const listed = await queue.list(['dead', 'waiting'], 10)
    expect(listed).toMatchObject([
      { state: 'dead', failure: 'post to receiver slack: 410 gone', attempts: 1 },
      { state: 'dead' },
    ])
    isMended = true
    const [first] = listed
    expect(await queue.retryDead([first?.id ?? '', 'nothing'], systemClock.now())).toEqual([
      first?.id,
    ])
    await until(() => expect(sent.map(({ id }) => id)).toEqual([first?.id]))
    await until(async () => {
      expect(await queue.counts()).toEqual({ dead: 1, sending: 0, waiting: 0 })
    })
    expect(await queue.retryDead('all', systemClock.now())).toHaveLength(1)
    await until(() => expect(sent).toHaveLength(2))
    const alert = noticeOf(1).alert
    const [record] = await deliveries.list(alert.contract, alert.id)
    expect(record).toMatchObject({ state: 'delivered' })
    expect(record?.tries?.map(({ result }) => result)).toEqual(['dead', 'delivered'])
  })

  it('of age is tried for a whole new time when asked for again', async () => {
    const { queue, sent, dead, start } = open(() => {}, { ageMaxMs: 60_000 })
    start()
    await queue.publish([{ ...noticeOf(1), createdAt: systemClock.now() - 61_000 }])
    await until(() => expect(dead).toMatchObject([{ reason: 'expired' }]))
    await until(async () => expect(await queue.counts()).toMatchObject({ dead: 1 }))
    await queue.retryDead('all', systemClock.now())
    await until(() => expect(sent).toHaveLength(1))
  })

  it('says when what waits is tried again', async () => {
    const { queue, start } = open(() => {
      throw new DeliveryError('500', { reason: 'server-error', retryable: true })
    })
    start()
    await queue.publish([noticeOf(1)])
    await until(async () => {
      const [waiting] = await queue.list(['waiting'], 10)
      expect(waiting?.nextAt).toBeGreaterThan(systemClock.now() - 1_000)
      expect(waiting?.attempts).toBeGreaterThan(0)
    })
  })
})

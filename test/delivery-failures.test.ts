// Owns the tests of what is raised when a receiver was not told, and when it is over.
import { describe, expect, it, vi } from 'vitest'
import { createDeliveryFailures } from '../src/delivery-failures.ts'
import { DeliveryError } from '../src/notify/receiver.ts'
import { silentLog } from '../src/observe/log.ts'
import type { SystemAlerts } from '../src/system-alerts.ts'
import { digestSample } from './notify/message-kinds.ts'
import { alertOf, notificationOf } from './notify/notifications.ts'

const REFUSED = new DeliveryError('post to receiver soc: 410', {
  reason: 'refused',
  retryable: false,
})

function open(dead = 0) {
  const raised: Parameters<SystemAlerts['raise']>[0][] = []
  const cleared: unknown[] = []
  const state = { dead }
  const failures = createDeliveryFailures({
    system: {
      async raise(cause) {
        raised.push(cause)
        return alertOf()
      },
      async clear(cause) {
        cleared.push(cause.subject?.value)
        return undefined
      },
    },
    queues: new Map([
      ['soc', { counts: async () => ({ dead: state.dead, sending: 0, waiting: 0 }) }],
    ]),
    clock: { now: () => 5_000, sleep: async () => {} },
    log: silentLog,
  })
  return { failures, raised, cleared, state }
}

describe('a notice that was given up', () => {
  it('raises an alert about its receiver, with what and why', async () => {
    const { failures, raised } = open()
    await failures.dead(notificationOf({ receiver: 'soc' }), REFUSED)
    await failures.dead(digestSample({ receiver: 'soc' }), REFUSED)
    expect(raised).toMatchObject([
      {
        rule: 'tocsin-delivery-failed',
        contract: 'tocsin',
        subject: { name: 'receiver', value: 'soc' },
        at: 5_000,
        text: 'soc was not told of A-1042 (refused): post to receiver soc: 410',
      },
      { text: 'soc was not told of a digest of 412 alerts (refused): post to receiver soc: 410' },
    ])
  })

  it('that was such news itself raises none', async () => {
    const { failures, raised } = open()
    const rule = { ...alertOf().rule, id: 'tocsin-delivery-failed' }
    await failures.dead(notificationOf({ receiver: 'soc', alert: alertOf({ rule }) }), REFUSED)
    expect(raised).toEqual([])
  })
})

describe('a notice that was taken', () => {
  it('ends the alert when nothing is dead any more, and asks once', async () => {
    const { failures, cleared, state } = open(1)
    const notice = notificationOf({ receiver: 'soc' })
    failures.delivered(notice)
    await vi.waitFor(() => expect(cleared).toEqual([]))
    state.dead = 0
    failures.delivered(notice)
    await vi.waitFor(() => expect(cleared).toEqual(['soc']))
    failures.delivered(notice)
    await failures.dead(notice, REFUSED)
    failures.delivered(notice)
    await vi.waitFor(() => expect(cleared).toEqual(['soc', 'soc']))
  })
})

// Owns the tests of budgets and of what is gathered above them, on a real Redis with a clock of its
// own: who passes, who is gathered, when a digest is closed, and that nothing is counted twice.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Notification, Reason } from '../../src/core/alert.ts'
import { passageOf } from '../../src/core/budget.ts'
import { isDigest, type Notice } from '../../src/core/digest.ts'
import { SEVERITIES, type Severity } from '../../src/core/severity.ts'
import { createRedisDigestStore } from '../../src/state/redis-digests.ts'
import { alertOf, notificationOf } from '../notify/notifications.ts'
import { openTestRedis, type TestRedis } from './redis.ts'

const MINUTE_MS = 60_000
const START = Date.parse('2026-11-20T09:00:00Z')
const SLACK = {
  name: 'slack',
  budget: { count: 4, withinMs: 10 * MINUTE_MS },
  stateful: false,
  readBy: 'people',
} as const

const opened: TestRedis[] = []
const closeAll = () => Promise.all(opened.splice(0).map((one) => one.close()))
afterEach(closeAll)

function openStore(receiver: Parameters<typeof passageOf>[1] & { name: string } = SLACK) {
  const test = openTestRedis()
  opened.push(test)
  const store = createRedisDigestStore(test.redis, test.keys)
  const told: Notice[] = []
  return {
    store,
    told,
    admit: (notifications: readonly Notification[], at: number) =>
      store.admit(
        receiver,
        notifications.map((notification) => ({
          notification,
          passage: passageOf(notification, receiver),
        })),
        at,
      ),
    /** Closes what is due and takes it, as the service does each second. */
    flush: async (at: number) => {
      await store.closeDue(receiver, at)
      for (const { number, notice } of await store.closed(receiver.name)) {
        if (notice !== undefined) told.push(notice)
        await store.forget(receiver.name, number)
      }
    },
  }
}

function notification(number: number, severity: Severity = 'high', reason: Reason = 'first') {
  const alert = alertOf({ id: `al-${number}`, number, severity, title: `alert ${number}` })
  return notificationOf({ alert, reason, receiver: 'slack' })
}

function several(from: number, count: number, severity: Severity = 'high'): Notification[] {
  return Array.from({ length: count }, (_, at) => notification(from + at, severity))
}

const passed = (answers: readonly string[]) => answers.filter((one) => one === 'passed').length

describe('a budget', () => {
  it('lets as many through as it has, then gathers', async () => {
    const { admit } = openStore()
    const answers = await admit(several(1, 6), START)
    expect(answers).toEqual(['passed', 'passed', 'passed', 'passed', 'gathered', 'gathered'])
  })

  it('is whole again when its span has passed, and nothing was gathered', async () => {
    const { admit } = openStore()
    await admit(several(1, 4), START)
    expect(await admit(several(5, 1), START + 10 * MINUTE_MS - 1)).toEqual(['gathered'])
    const later = openStore()
    await later.admit(several(1, 4), START)
    expect(passed(await later.admit(several(5, 4), START + 10 * MINUTE_MS))).toBe(4)
  })

  it('may be overdrawn by half for critical alerts, in a storm too', async () => {
    const { admit } = openStore()
    await admit(several(1, 10), START)
    const answers = await admit(several(11, 5, 'critical'), START + 1)
    expect(answers).toEqual(['passed', 'passed', 'gathered', 'gathered', 'gathered'])
  })

  it('gives the same answer to what comes again, even when it is whole again', async () => {
    const { admit, flush } = openStore()
    const first = await admit(several(1, 6), START)
    expect(await admit(several(1, 6), START + 1)).toEqual(first)
    for (let minute = 1; minute < 60; minute += 1) await flush(START + minute * MINUTE_MS)
    expect(await admit(several(1, 6), START + 60 * MINUTE_MS)).toEqual(first)
    expect(passed(await admit(several(7, 4), START + 60 * MINUTE_MS))).toBe(4)
  })

  it('is each receiver’s own', async () => {
    const { store, admit } = openStore()
    await admit(several(1, 6), START)
    const mail = { name: 'mail', budget: { count: 1, withinMs: MINUTE_MS } }
    const requests = several(1, 2).map((one) => ({ notification: one, passage: 'normal' as const }))
    expect(await store.admit(mail, requests, START)).toEqual(['passed', 'gathered'])
  })
})

describe('a digest', () => {
  it('comes after a tenth of the span, with everything that was gathered', async () => {
    const { admit, flush, told } = openStore()
    await admit([...several(1, 6), ...several(7, 2, 'low')], START)
    await flush(START + MINUTE_MS - 1)
    expect(told).toEqual([])
    await flush(START + MINUTE_MS)
    expect(told).toMatchObject([
      {
        id: 'digest-slack-1',
        receiver: 'slack',
        reason: 'digest',
        cause: 'budget',
        from: START,
        createdAt: START + MINUTE_MS,
        notifications: 4,
        alerts: 4,
        severities: { high: 2, low: 2 },
        reasons: { first: 4 },
      },
    ])
    await flush(START + 2 * MINUTE_MS)
    expect(told).toHaveLength(1)
  })

  it('comes once a span while the storm goes on, and not at all when it is over', async () => {
    const { admit, flush, told } = openStore()
    let number = 1
    for (let minute = 0; minute < 35; minute += 1) {
      await admit(several(number, 10), START + minute * MINUTE_MS)
      number += 10
      await flush(START + minute * MINUTE_MS)
    }
    for (let minute = 35; minute < 90; minute += 1) await flush(START + minute * MINUTE_MS)
    const digests = told.filter(isDigest)
    const minutes = digests.map(({ createdAt }) => (createdAt - START) / MINUTE_MS)
    expect(minutes).toEqual([1, 11, 21, 31, 41])
    expect(digests.reduce((sum, { alerts }) => sum + alerts, 0)).toBe(350 - 4)
    expect(passed(await admit(several(number, 4), START + 90 * MINUTE_MS))).toBe(4)
  })

  it('of a single notification is that notification', async () => {
    const { admit, flush, told } = openStore()
    const all = several(1, 5)
    await admit(all, START)
    await flush(START + MINUTE_MS)
    expect(told).toEqual([all[4]])
  })

  it('counts an alert once, with its highest severity', async () => {
    const { admit, flush, told } = openStore()
    const low = notification(9, 'low')
    const risen = notification(9, 'high', 'severity')
    await admit([...several(1, 4), low, risen, notification(10)], START)
    await flush(START + MINUTE_MS)
    expect(told).toMatchObject([
      {
        notifications: 3,
        alerts: 2,
        severities: { high: 2 },
        reasons: { first: 2, severity: 1 },
      },
    ])
  })

  it('that was closed and not yet sent is there after a crash, and the same', async () => {
    const { admit, store } = openStore()
    await admit(several(1, 8), START)
    await store.closeDue(SLACK, START + MINUTE_MS)
    const [before] = await store.closed('slack')
    await admit(several(20, 8), START + 2 * MINUTE_MS)
    await store.closeDue(SLACK, START + 2 * MINUTE_MS)
    const [after, ...others] = await store.closed('slack')
    expect(after).toEqual(before)
    expect(others).toEqual([])
  })

  it('is closed by one of many processes', async () => {
    const { admit, store } = openStore()
    await admit(several(1, 8), START)
    await Promise.all([1, 2, 3, 4, 5].map(() => store.closeDue(SLACK, START + MINUTE_MS)))
    expect(await store.closed('slack')).toHaveLength(1)
  })

  it('names the most severe first, and leaves out no alert', async () => {
    const severity = fc.constantFrom(...SEVERITIES)
    const minute = fc.integer({ min: 0, max: 40 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(severity, minute), { maxLength: 60 }), async (plan) => {
        const { admit, flush, told } = openStore()
        const alone: Notification[] = []
        for (let now = 0; now < 70; now += 1) {
          const due = plan.flatMap(([how, at], number) =>
            at === now ? [notification(number, how)] : [],
          )
          const answers = due.length === 0 ? [] : await admit(due, START + now * MINUTE_MS)
          alone.push(...due.filter((_, at) => answers[at] === 'passed'))
          await flush(START + now * MINUTE_MS)
        }
        const digests = told.filter(isDigest)
        const single = told.filter((one): one is Notification => !isDigest(one))
        const counted = digests.reduce((sum, { alerts }) => sum + alerts, 0)
        expect(alone.length + single.length + counted).toBe(plan.length)
        for (const { groups } of digests) {
          const ranks = groups.map((group) => SEVERITIES.indexOf(group.severity))
          expect(ranks).toEqual([...ranks].sort((a, b) => b - a))
        }
        await closeAll()
      }),
      { numRuns: 15 },
    )
  })
})

describe('reminders', () => {
  it('that are due within a minute go in one message, whatever the budget', async () => {
    const { admit, flush, told } = openStore({ ...SLACK, budget: 'off' })
    const reminders = [1, 2, 3].map((number) => notification(number, 'high', 'repeat'))
    expect(await admit(reminders.slice(0, 2), START)).toEqual(['gathered', 'gathered'])
    await admit(reminders.slice(2), START + 30_000)
    await flush(START + MINUTE_MS)
    expect(told).toMatchObject([{ cause: 'repeat', alerts: 3, reasons: { repeat: 3 } }])
  })
})

describe('the way of a notification', () => {
  const cases: readonly [string, Partial<typeof SLACK> | object, Reason, Severity, string][] = [
    ['counts against the budget', {}, 'first', 'high', 'normal'],
    ['may overdraw it when critical', {}, 'first', 'critical', 'critical'],
    ['is free without a budget', { budget: 'off' }, 'first', 'high', 'always'],
    ['of a test is free', {}, 'test', 'critical', 'always'],
    ['of a reminder waits for others', {}, 'repeat', 'high', 'repeat'],
    ['of a reminder to a program does not', { readBy: 'programs' }, 'repeat', 'high', 'normal'],
    ['that closes is free where it must close', { stateful: true }, 'resolved', 'high', 'always'],
    ['that closes counts where nothing is open', {}, 'resolved', 'high', 'normal'],
    ['of what was withdrawn closes', { stateful: true }, 'withdrawn', 'high', 'always'],
    ['of an acknowledgement is free', { stateful: true }, 'acknowledged', 'high', 'always'],
  ]
  it.each(cases)('%s', (_name, over, reason, severity, way) => {
    expect(passageOf(notification(1, severity, reason), { ...SLACK, ...over })).toBe(way)
  })
})

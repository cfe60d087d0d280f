// Owns what every alert store promises; the memory and the Redis one run the same tests.
import { expect, it } from 'vitest'
import type { AlertStore, GroupCommit } from '../../src/state/stores.ts'
import { sampleAlert, sampleNotification } from './sample.ts'

const CONTRACT = '31720001'

function commitOf(changes: Partial<GroupCommit> = {}): GroupCommit {
  return {
    key: 'g1',
    version: 0,
    at: 2_000,
    events: [{ id: 'e1', time: 1_000 }],
    alerts: [sampleAlert()],
    notifications: [],
    ...changes,
  }
}

function question(ids: readonly string[], time = 1_000, reachMs = 500) {
  return [{ key: 'g1', reachMs, events: ids.map((id) => ({ id, time })) }]
}

export function describeAlertStore(open: () => AlertStore): void {
  it('knows nothing of a group that nobody wrote', async () => {
    const [answer] = await open().read(CONTRACT, question(['e1']))
    expect(answer).toEqual({ version: 0, known: [false], alerts: [], cuts: [] })
  })

  it('gives back what was committed, with a new version', async () => {
    const store = open()
    expect(await store.commit(CONTRACT, [commitOf()])).toEqual(['committed'])
    const [answer] = await store.read(CONTRACT, question(['e1', 'e2']))
    expect(answer).toEqual({ version: 1, known: [true, false], alerts: [sampleAlert()], cuts: [] })
  })

  it('refuses a commit on a version that moved on, and changes nothing', async () => {
    const store = open()
    await store.commit(CONTRACT, [commitOf()])
    const late = commitOf({
      events: [{ id: 'e9', time: 1_000 }],
      alerts: [sampleAlert({ count: 9 })],
      notifications: [sampleNotification()],
    })
    expect(await store.commit(CONTRACT, [late])).toEqual(['conflict'])
    const [answer] = await store.read(CONTRACT, question(['e9']))
    expect(answer?.known).toEqual([false])
    expect(answer?.alerts[0]?.count).toBe(1)
    expect(await store.outbox(CONTRACT, 10)).toEqual([])
  })

  it('commits groups of one call independently of each other', async () => {
    const store = open()
    await store.commit(CONTRACT, [commitOf()])
    const other = commitOf({ key: 'g2', alerts: [sampleAlert({ id: 'g2-2', number: 2 })] })
    expect(await store.commit(CONTRACT, [commitOf(), other])).toEqual(['conflict', 'committed'])
  })

  it.each([
    ['an alert that ends just within reach before', { first: 100, last: 500 }, true],
    ['an alert that ended before reach', { first: 100, last: 499 }, false],
    ['an alert that begins just within reach after', { first: 1_500, last: 9_000 }, true],
    ['an alert that begins beyond reach', { first: 1_501, last: 9_000 }, false],
    ['an alert around the event', { first: 0, last: 9_000 }, true],
  ])('finds by time: %s', async (_name, span, found) => {
    const store = open()
    await store.commit(CONTRACT, [commitOf({ alerts: [sampleAlert(span)] })])
    const [answer] = await store.read(CONTRACT, question(['e2'], 1_000, 500))
    expect(answer?.alerts.length).toBe(found ? 1 : 0)
  })

  it('keeps contracts apart', async () => {
    const store = open()
    await store.commit(CONTRACT, [commitOf()])
    const [answer] = await store.read('31720002', question(['e1']))
    expect(answer).toEqual({ version: 0, known: [false], alerts: [], cuts: [] })
    expect(await store.latest('31720002', 10)).toEqual([])
  })

  it('finds an alert by its id, and the latest ones newest first', async () => {
    const store = open()
    const older = sampleAlert({ last: 1_000 })
    const newer = sampleAlert({ id: 'g1-2', number: 2, first: 5_000, last: 5_000 })
    await store.commit(CONTRACT, [commitOf({ alerts: [older, newer] })])
    expect(await store.alert(CONTRACT, 'g1-2')).toEqual(newer)
    expect(await store.alert(CONTRACT, 'g1-3')).toBeUndefined()
    expect(await store.latest(CONTRACT, 10)).toEqual([newer, older])
    expect(await store.latest(CONTRACT, 1)).toEqual([newer])
  })

  it('keeps notifications in the outbox, oldest first, until they are cleared', async () => {
    const store = open()
    const notifications = ['a', 'b', 'c'].map((receiver) => sampleNotification({ receiver }))
    await store.commit(CONTRACT, [commitOf({ notifications })])
    const items = await store.outbox(CONTRACT, 10)
    expect(items.map((item) => item.notification)).toEqual(notifications)
    const [first] = items
    await store.clearOutbox(CONTRACT, [first?.place ?? ''])
    const rest = await store.outbox(CONTRACT, 10)
    expect(rest.map((item) => item.notification.receiver)).toEqual(['b', 'c'])
    expect((await store.outbox(CONTRACT, 1)).length).toBe(1)
  })
}

// Owns what every store of actions on alerts promises; the memory and the Redis one run the same.
import { expect, it } from 'vitest'
import type { TrailEntry } from '../../src/core/alert-action.ts'
import type { AlertActionStore, AlertStore, GroupChange } from '../../src/state/stores.ts'
import { sampleAlert, sampleNotification } from './sample.ts'

const CONTRACT = '31720001'

export type ActionStores = { readonly alerts: AlertStore; readonly actions: AlertActionStore }

function changeOf(changes: Partial<GroupChange> = {}): GroupChange {
  return {
    group: 'g1',
    version: 0,
    alerts: [sampleAlert()],
    trail: [],
    notifications: [],
    ...changes,
  }
}

const entry = (at: number): TrailEntry => ({
  by: 'anna',
  from: 'cli',
  at,
  action: 'acknowledge',
  stateBefore: 'open',
  stateAfter: 'acknowledged',
})

export function describeActionStore(open: () => ActionStores): void {
  it('knows nothing of a group that nobody wrote', async () => {
    expect(await open().actions.group(CONTRACT, 'g1')).toEqual({ version: 0, alerts: [] })
  })

  it('gives back what was changed, with a new version', async () => {
    const { actions, alerts } = open()
    expect(await actions.change(CONTRACT, changeOf())).toBe('committed')
    expect(await actions.group(CONTRACT, 'g1')).toEqual({ version: 1, alerts: [sampleAlert()] })
    expect(await alerts.alert(CONTRACT, 'g1-1')).toEqual(sampleAlert())
    expect(await alerts.latest(CONTRACT, 10)).toEqual([sampleAlert()])
  })

  it('refuses a change of a version that moved on, and changes nothing', async () => {
    const { actions, alerts } = open()
    await actions.change(CONTRACT, changeOf())
    const late = changeOf({
      alerts: [sampleAlert({ count: 9 })],
      trail: [{ alertId: 'g1-1', entry: entry(1) }],
      notifications: [sampleNotification()],
    })
    expect(await actions.change(CONTRACT, late)).toBe('conflict')
    expect((await actions.group(CONTRACT, 'g1')).alerts[0]?.count).toBe(1)
    expect(await actions.trail(CONTRACT, 'g1-1')).toEqual([])
    expect(await alerts.outbox(CONTRACT, 10)).toEqual([])
  })

  it('shares versions with detections', async () => {
    const { actions, alerts } = open()
    const commit = { key: 'g1', version: 0, at: 1, events: [], notifications: [] }
    await alerts.commit(CONTRACT, [{ ...commit, alerts: [sampleAlert()] }])
    expect(await actions.change(CONTRACT, changeOf())).toBe('conflict')
    expect(await actions.change(CONTRACT, changeOf({ version: 1 }))).toBe('committed')
    const results = await alerts.commit(CONTRACT, [{ ...commit, version: 1, alerts: [] }])
    expect(results).toEqual(['conflict'])
  })

  it('keeps the audit trail in order, and notifications in the outbox', async () => {
    const { actions, alerts } = open()
    const line = (at: number) => [{ alertId: 'g1-1', entry: entry(at) }]
    const notifications = [sampleNotification()]
    await actions.change(CONTRACT, changeOf({ trail: line(1), notifications }))
    await actions.change(CONTRACT, changeOf({ version: 1, trail: line(2) }))
    expect(await actions.trail(CONTRACT, 'g1-1')).toEqual([entry(1), entry(2)])
    expect((await alerts.outbox(CONTRACT, 10)).map((item) => item.notification)).toEqual(
      notifications,
    )
  })

  it('finds an alert by its number', async () => {
    const { actions } = open()
    await actions.change(CONTRACT, changeOf())
    expect(await actions.find(CONTRACT, 1)).toEqual({ group: 'g1', id: 'g1-1' })
    expect(await actions.find(CONTRACT, 11)).toBeUndefined()
    expect(await actions.find('31720002', 1)).toBeUndefined()
  })

  it('lists what is not resolved, whoever wrote it', async () => {
    const { actions, alerts } = open()
    const other = sampleAlert({ id: 'g2-2', number: 2 })
    await actions.change(CONTRACT, changeOf())
    const commit = { key: 'g2', version: 0, at: 1, events: [], notifications: [] }
    await alerts.commit(CONTRACT, [{ ...commit, alerts: [other] }])
    const numbers = async () => (await actions.open(CONTRACT, 10)).map(({ number }) => number)
    expect(new Set(await numbers())).toEqual(new Set([1, 2]))
    const resolved = sampleAlert({ state: 'resolved', resolution: 'manual' })
    await actions.change(CONTRACT, changeOf({ version: 1, alerts: [resolved] }))
    expect(await numbers()).toEqual([2])
  })

  it('says which alerts want to be looked at', async () => {
    const { actions } = open()
    const alerts = [
      sampleAlert({ lookAt: 500 }),
      sampleAlert({ id: 'g1-2', number: 2, lookAt: 501 }),
      sampleAlert({ id: 'g1-3', number: 3 }),
    ]
    await actions.change(CONTRACT, changeOf({ alerts }))
    expect(await actions.due(CONTRACT, 499, 10)).toEqual([])
    expect(await actions.due(CONTRACT, 500, 10)).toEqual([{ group: 'g1', id: 'g1-1' }])
    expect((await actions.due(CONTRACT, 501, 10)).length).toBe(2)
    expect((await actions.due(CONTRACT, 501, 1)).length).toBe(1)
    await actions.touch(CONTRACT, 100)
    expect((await actions.due(CONTRACT, 100, 10)).length).toBe(3)
    const again = sampleAlert({ lookAt: 900 })
    await actions.change(CONTRACT, changeOf({ version: 1, alerts: [again] }))
    expect((await actions.due(CONTRACT, 100, 10)).map(({ id }) => id).sort()).toEqual([
      'g1-2',
      'g1-3',
    ])
  })
}

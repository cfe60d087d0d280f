// Owns the proof that the system's own alerts open once, tell once, rise, end and open again.
import { afterAll, describe, expect, it } from 'vitest'
import { createRouter, defaultRoute } from '../src/core/route.ts'
import { SYSTEM_RULE_IDS, systemRule } from '../src/core/system-rule.ts'
import { silentLog } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { createKeys } from '../src/state/keys.ts'
import { createMemoryAlertActionStore } from '../src/state/memory-alert-actions.ts'
import { createMemoryAlertState } from '../src/state/memory-alert-state.ts'
import { createMemoryAlertStore, createMemoryNumberStore } from '../src/state/memory-alerts.ts'
import { createMemorySilenceStore } from '../src/state/memory-silences.ts'
import { openRedisStores, type Stores } from '../src/state/redis.ts'
import { createSystemAlerts } from '../src/system-alerts.ts'
import { createTeller } from '../src/teller.ts'
import { openTestRedis } from './state/redis.ts'

const CONTRACT = '31720001'
const test = openTestRedis()
afterAll(() => test.close())

type Parts = Pick<Stores, 'alerts' | 'actions' | 'numbers' | 'contracts' | 'silences'>

function openMemory(): Parts {
  const state = createMemoryAlertState()
  return {
    alerts: createMemoryAlertStore(state),
    actions: createMemoryAlertActionStore(state),
    numbers: createMemoryNumberStore(),
    contracts: { add: async () => {}, list: async () => [] },
    silences: createMemorySilenceStore(),
  }
}

let opened = 0
function openRedis(): Parts {
  opened += 1
  return openRedisStores(test.redis, createKeys(`${test.prefix}-${opened}`))
}

function start(open: () => Parts) {
  const stores = open()
  const system = () =>
    createSystemAlerts({
      ...stores,
      teller: createTeller({
        router: createRouter(defaultRoute(['slack', 'pager'])),
        mutes: new Map(),
        maintenance: [],
        silences: stores.silences,
        isStateful: (receiver) => receiver === 'pager',
      }),
      announce: () => {},
      metrics: createMetrics(),
      log: silentLog,
    })
  const told = async () =>
    (await stores.alerts.outbox(CONTRACT, 100)).map(
      ({ notification }) => `${notification.receiver} ${notification.reason}`,
    )
  return { ...stores, system, told }
}

const blind = { rule: 'tocsin-blind', contract: CONTRACT } as const

describe.each([
  ['memory', openMemory],
  ['redis', openRedis],
])('on stores in %s', (_name, open) => {
  it('opens once, however often it is raised, and tells once', async () => {
    const { system, told, actions } = start(open)
    const first = await system().raise({ ...blind, text: '401', at: 1_000 })
    expect(first).toMatchObject({
      state: 'open',
      severity: 'critical',
      rule: { id: 'tocsin-blind' },
      summary: '401',
    })
    let last = first
    for (let at = 2; at <= 120; at += 1) {
      last = await system().raise({ ...blind, text: 'timeout', at: at * 1_000 })
    }
    expect(last).toMatchObject({
      id: first.id,
      first: 1_000,
      last: 120_000,
      count: 120,
      summary: 'timeout',
    })
    expect(await actions.open(CONTRACT, 10)).toEqual([last])
    expect(await told()).toEqual(['slack first', 'pager first'])
  })

  it('is over when it is cleared, closes what is stateful, and opens anew later', async () => {
    const { system, told, actions } = start(open)
    const first = await system().raise({ ...blind, text: '401', at: 1_000 })
    const over = await system().clear({ ...blind, at: 5_000 })
    expect(over).toMatchObject({
      id: first.id,
      state: 'resolved',
      resolution: 'returned',
      resolved: { by: 'system', at: 5_000 },
    })
    expect(await system().clear({ ...blind, at: 6_000 })).toBeUndefined()
    expect((await actions.trail(CONTRACT, first.id)).map(({ action }) => action)).toEqual(['end'])
    const again = await system().raise({ ...blind, text: '401', at: 9_000 })
    expect(again.id).not.toBe(first.id)
    expect(await told()).toEqual([
      'slack first',
      'pager first',
      'pager resolved',
      'slack first',
      'pager first',
    ])
  })

  it('clearing what never was does nothing', async () => {
    const { system, told } = start(open)
    expect(await system().clear({ ...blind, at: 5_000 })).toBeUndefined()
    expect(await told()).toEqual([])
  })

  it('tells when its severity rises', async () => {
    const { system, told } = start(open)
    const expiring = {
      rule: 'tocsin-token-expiring',
      contract: 'tocsin',
      text: 'in 14 days',
    } as const
    await system().raise({ ...expiring, contract: CONTRACT, at: 1_000 })
    await system().raise({ ...expiring, contract: CONTRACT, at: 2_000, severity: 'high' })
    await system().raise({ ...expiring, contract: CONTRACT, at: 3_000, severity: 'high' })
    expect(await told()).toEqual(['slack first', 'pager first', 'slack severity', 'pager severity'])
  })

  it('keeps subjects and contracts apart', async () => {
    const { system, actions } = start(open)
    const failed = { rule: 'tocsin-delivery-failed', text: 'x', at: 1_000 } as const
    const about = (value: string) => ({ name: 'receiver', value })
    await system().raise({ ...failed, contract: CONTRACT, subject: about('slack') })
    await system().raise({ ...failed, contract: CONTRACT, subject: about('mail') })
    await system().raise({ ...failed, contract: '31720002', subject: about('slack') })
    expect((await actions.open(CONTRACT, 10)).length).toBe(2)
    await system().clear({ ...failed, contract: CONTRACT, subject: about('slack') })
    const [left] = await actions.open(CONTRACT, 10)
    expect(left?.group).toEqual([about('mail')])
  })

  it('raised by several at once, is one', async () => {
    const { system, actions, told } = start(open)
    const systems = [system(), system(), system()]
    await Promise.all(systems.map((one, at) => one.raise({ ...blind, text: 'x', at: 1_000 + at })))
    const raised = await actions.open(CONTRACT, 10)
    expect(raised.map(({ count }) => count)).toEqual([3])
    expect((await told()).length).toBe(2)
  })

  it('that is silenced tells nobody', async () => {
    const { system, told, silences } = start(open)
    const matchers = [{ fact: 'rule', op: '=', value: 'tocsin-blind' } as const]
    const silence = { id: 's', matchers, startsAt: 0, endsAt: 5_000, author: 'a', comment: '' }
    await silences.add({ ...silence, createdAt: 0, from: 'cli' }, 0)
    await system().raise({ ...blind, text: '401', at: 1_000 })
    expect(await told()).toEqual([])
    await system().raise({ ...blind, text: '401', at: 5_000 })
    expect(await told()).toEqual(['slack first', 'pager first'])
  })
})

describe('every rule of the system', () => {
  it.each(SYSTEM_RULE_IDS)('%s says what it means and what to do', (id) => {
    const { title, description = '', runbook = '' } = systemRule(id)
    for (const text of [title, description, runbook]) expect(text.length).toBeGreaterThan(10)
  })
})

// Owns the time-lines of telling people: every reason and every reason not to, each change of state,
// silences, maintenance across changes of the clock, and a process that dies between any two steps.
import { afterAll, describe, expect, it } from 'vitest'
import { openTestRedis } from '../state/redis.ts'
import { CONTRACT, type Process, type Setting, timeLine } from './time-line.ts'

const redis = openTestRedis()
afterAll(() => redis.close())

const conditions = (operation: string) => ({
  all: [{ fact: 'operation', operator: 'equal', value: operation }],
})

const RULES = [
  {
    id: 'deletes',
    severity: 'high',
    conditions: conditions('delete'),
    alert: {
      groupBy: ['user'],
      quiet: '12h',
      severity: [{ when: { count: 50 }, severity: 'critical' }],
    },
  },
  { id: 'reads', severity: 'low', conditions: conditions('read'), alert: { quiet: '1h' } },
  { id: 'trial', severity: 'high', status: 'staged', conditions: conditions('trial') },
  {
    id: 'noise',
    severity: 'medium',
    conditions: conditions('noise'),
    alert: { quiet: '10m', resolveAfter: '1h' },
  },
] as const

/** Silence of ten minutes, believed a quarter of an hour later. */
const HEARTBEAT = {
  id: 'heartbeat',
  severity: 'high',
  conditions: conditions('beat'),
  detect: { kind: 'absence', groupBy: ['user'], within: '10m' },
}

/** Two within an hour. */
const BURST = {
  id: 'burst',
  severity: 'high',
  conditions: conditions('burst'),
  detect: { kind: 'threshold', count: 2, within: '1h' },
  alert: { quiet: '12h' },
}

/** A delete after a login, unless it was approved in between. */
const CHAIN = {
  id: 'chain',
  severity: 'high',
  conditions: { all: [{ fact: 'user', operator: 'exists', value: true }] },
  detect: {
    kind: 'sequence',
    groupBy: ['user'],
    within: '30m',
    steps: [
      { name: 'login', conditions: conditions('login') },
      { name: 'approval', conditions: conditions('approve'), absent: true },
      { name: 'delete', conditions: conditions('delete') },
    ],
  },
}

function line(changes: Partial<Setting> = {}) {
  return timeLine({ redis, rules: RULES, receivers: ['slack'], until: '1h', ...changes })
}

const DELETE = { operation: 'delete' }
const READ = { operation: 'read' }
const BEAT = { operation: 'beat' }
const NOISE = { operation: 'noise' }
const ACK = { kind: 'acknowledge' } as const
const RESOLVE = { kind: 'resolve', reason: 'manual' } as const

describe('an alert', () => {
  it('is told first, then when it grows tenfold, then when its severity rises', async () => {
    const t = line()
    t.at('0s').push(DELETE)
    t.at('5m').push(DELETE, 8)
    t.at('10m').push(DELETE, 1)
    t.at('20m').push(DELETE, 39)
    t.at('30m').push(DELETE, 1)
    t.want('slack').between('0s', '0s', 'first')
    t.want('slack').between('10m', '10m', 'grown')
    t.want('slack').between('20m', '30m', 'severity')
    await t.run()
  })

  it('that is high is told again every day until somebody takes it on', async () => {
    const t = line({ until: '4d', tick: '30m' })
    t.at('0s').push(DELETE)
    t.at('2d 12h').act(ACK)
    t.want('slack').between('0s', '0s', 'first')
    t.want('slack').between('1d', '1d', 'repeat')
    t.want('slack').between('2d', '2d', 'repeat')
    await t.run()
  })

  it('that is low is not told again, unless its route says so', async () => {
    const once = line({ until: '3d', tick: '1h' })
    once.at('0s').push(READ)
    once.want('slack').between('0s', '0s', 'first')
    await once.run()
    const often = line({ until: '10h', tick: '30m', route: { receivers: ['slack'], repeat: '4h' } })
    often.at('0s').push(READ)
    often.want('slack').between('0s', '0s', 'first')
    often.want('slack').between('4h', '4h', 'repeat')
    often.want('slack').between('8h', '8h', 'repeat')
    await often.run()
  })

  it('that nobody takes on goes up, stage by stage', async () => {
    const escalate = [
      { after: '30m', receivers: ['lead'] },
      { after: '1h', receivers: ['boss', 'lead'] },
    ]
    const t = line({
      receivers: ['slack', 'lead', 'boss'],
      until: '3h',
      route: { receivers: ['slack'], escalate },
    })
    t.at('0s').push(DELETE)
    t.want('slack').between('0s', '0s', 'first')
    t.want('lead').between('30m', '31m', 'escalation')
    t.want('lead').between('1h', '61m', 'escalation')
    t.want('boss').between('1h', '61m', 'escalation')
    await t.run()
  })

  it('that is taken on goes nowhere, and yet is told when it gets worse', async () => {
    const t = line({
      receivers: ['slack', 'pager', 'lead'],
      stateful: ['pager'],
      until: '2d',
      tick: '10m',
      route: { receivers: ['slack', 'pager'], escalate: [{ after: '30m', receivers: ['lead'] }] },
    })
    t.at('0s').push(DELETE)
    t.at('20m').act(ACK)
    t.at('1h').push(DELETE, 9)
    t.at('2h').push(DELETE, 40)
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('0s', '0s', 'first')
      t.want(receiver).between('1h', '1h', 'grown')
      t.want(receiver).between('2h', '2h', 'severity')
    }
    t.want('pager').between('20m', '20m', 'acknowledged')
    await t.run()
  })

  it('that a person resolved is told to whom it matters; what comes later opens a new one', async () => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'] })
    t.at('0s').push(DELETE)
    t.at('10m').act(RESOLVE)
    t.at('20m').push(DELETE)
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('0s', '0s', 'first')
      t.want(receiver).between('20m', '20m', 'first')
    }
    t.want('pager').between('10m', '10m', 'resolved')
    await t.run()
  })

  it('that a person resolved is told to all where the route says so', async () => {
    const t = line({ route: { receivers: ['slack'], sendResolved: true } })
    t.at('0s').push(DELETE)
    t.at('10m').act({ kind: 'resolve', reason: 'false-positive' })
    t.want('slack').between('0s', '0s', 'first')
    t.want('slack').between('10m', '10m', 'resolved')
    await t.run()
  })

  it('of a staged rule, and one that no receiver hears, is told to nobody', async () => {
    const t = line({
      route: { receivers: ['slack'], routes: [{ match: { rule: 'reads' }, receivers: [] }] },
    })
    t.at('0s').push({ operation: 'trial' }).push(READ)
    await t.run()
  })

  it('that stays quiet resolves when its rule says so, silently, and a late entry takes it back', async () => {
    const t = line({ until: '4h', route: { receivers: ['slack'], sendResolved: true } })
    const states: string[] = []
    const look = (when: string) =>
      t.at(when).also(async ({ stores }) => {
        const [alert] = await stores.alerts.latest(CONTRACT, 1)
        states.push(`${when} ${alert?.state} ${alert?.resolution ?? '-'} ${alert?.count}`)
      })
    t.at('0s').push(NOISE)
    look('1h 10m')
    look('1h 20m')
    t.at('2h').pushLate(NOISE, '1h 55m')
    look('2h')
    t.want('slack').between('0s', '0s', 'first')
    await t.run()
    expect(states).toEqual(['1h 10m open - 1', '1h 20m resolved quiet 1', '2h open - 2'])
  })

  it('that a late entry undoes is taken back, from all who were told', async () => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'], rules: [CHAIN] })
    t.at('0s').push({ operation: 'login' })
    t.at('5m').push(DELETE)
    t.at('8m').pushLate({ operation: 'approve' }, '5m')
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('5m', '5m', 'first')
      t.want(receiver).between('8m', '8m', 'withdrawn')
    }
    await t.run()
  })

  it.each([
    ['after it was told', ['45m', '50m'], '45m', '46m'],
    ['before it could be told', ['12m', '20m', '28m', '36m', '44m', '50m'], '25m', '30m'],
  ])('that something was not heard is over when it is: %s', async (_when, heard, from, to) => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'], rules: [HEARTBEAT] })
    t.at('0s').push(BEAT)
    for (const when of heard) t.at(when).push(BEAT)
    const states: string[] = []
    t.at('50m').also(async ({ stores }) => {
      const alerts = await stores.alerts.latest(CONTRACT, 5)
      states.push(...alerts.map(({ state, resolution }) => `${state} ${resolution}`))
    })
    for (const receiver of ['slack', 'pager']) t.want(receiver).between('25m', '30m', 'first')
    t.want('pager').between(from, to, 'resolved')
    await t.run()
    expect(states).toEqual(['resolved returned'])
  })

  it('that was over and is not is told again to whom its end was told', async () => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'], rules: [HEARTBEAT] })
    t.at('0s').push(BEAT)
    t.at('30m').push(BEAT)
    for (const receiver of ['slack', 'pager']) t.want(receiver).between('25m', '26m', 'first')
    t.want('pager').between('30m', '30m', 'resolved')
    t.want('pager').between('55m', '56m', 'first')
    await t.run()
  })

  it('that becomes a part of another is only closed where a state is kept', async () => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'], until: '1h' })
    t.at('0s').push(NOISE)
    t.at('15m').push(NOISE)
    t.at('20m').pushLate(NOISE, '12m')
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('0s', '0s', 'first')
      t.want(receiver).between('15m', '15m', 'first')
    }
    t.want('pager').between('20m', '20m', 'resolved')
    await t.run()
  })

  it('of before the first start is history until something live joins it', async () => {
    const t = line({ liveFrom: '2026-11-20T08:30:00Z' })
    t.at('10m').push(DELETE)
    t.at('20m').push(READ)
    t.at('40m').push(DELETE)
    t.want('slack').between('40m', '40m', 'first')
    await t.run()
  })

  it('of before the first start is history over time too, until something live joins it', async () => {
    const t = line({ rules: [BURST], liveFrom: '2026-11-20T08:30:00Z' })
    const historical: unknown[] = []
    const look = async ({ stores }: Process) =>
      historical.push(...(await stores.alerts.latest(CONTRACT, 10)).map((one) => one.historical))
    t.at('10m').push({ operation: 'burst' }, 2).also(look)
    t.at('40m').push({ operation: 'burst' }).also(look)
    t.want('slack').between('40m', '40m', 'first')
    await t.run()
    expect(historical).toEqual([true, undefined])
  })
})

describe('a clock that is wrong', () => {
  it('an entry from a clock that is wrong is told of once, and is in no window', async () => {
    const t = line({ rules: [...RULES, BURST], until: '3h' })
    t.at('0s').pushAhead({ operation: 'burst' }, '3h')
    t.at('10m').pushAhead({ operation: 'burst' }, '3h')
    t.at('2h').pushAhead({ operation: 'burst' }, '3h')
    t.want('slack').between('0s', '0s', 'first')
    const { told } = await t.run()
    expect(told.map(({ rule }) => rule)).toEqual(['tocsin-clock'])
  })

  it('is no matter to rules without detect', async () => {
    const t = line()
    t.at('0s').pushAhead({ operation: 'delete' }, '3h')
    t.want('slack').between('0s', '0s', 'first', 2)
    const { told } = await t.run()
    expect(told.map(({ rule }) => rule).sort()).toEqual(['deletes', 'tocsin-clock'])
  })
})

describe('a silence', () => {
  const matchers = ['user = mallory']

  it('tells at its end what opened in it, once', async () => {
    const t = line({ until: '4h' })
    t.at('0s').silence(matchers, '1h')
    t.at('10m').push(DELETE)
    t.at('20m').push(DELETE, 49)
    t.want('slack').between('1h', '61m', 'first')
    await t.run()
  })

  it('reminds at its end of what is still open, whatever its severity', async () => {
    const t = line({ until: '4h' })
    t.at('0s').push(READ)
    t.at('10m').silence(matchers, '1h')
    t.want('slack').between('0s', '0s', 'first')
    t.want('slack').between('70m', '71m', 'repeat')
    await t.run()
  })

  it('tells at its end what got worse in it', async () => {
    const t = line({ until: '4h' })
    t.at('0s').push(DELETE)
    t.at('10m').silence(matchers, '1h')
    t.at('20m').push(DELETE, 49)
    t.want('slack').between('0s', '0s', 'first')
    t.want('slack').between('70m', '71m', 'severity')
    await t.run()
  })

  it('that ends early tells then', async () => {
    const t = line({ until: '4h' })
    t.at('0s').silence(matchers, '3h')
    t.at('10m').push(DELETE)
    t.at('30m').expire('s1')
    t.want('slack').between('30m', '31m', 'first')
    await t.run()
  })

  it('tells nothing at its end of what was taken on or resolved in it', async () => {
    const t = line({ until: '4h' })
    t.at('0s').push(DELETE).push(READ)
    t.at('10m').silence(['severity =~ .'], '1h')
    t.at('20m').act(ACK, 'deletes').act(RESOLVE, 'reads')
    t.want('slack').between('0s', '0s', 'first', 2)
    await t.run()
  })

  it('over other alerts mutes none of these, and one within another goes on', async () => {
    const t = line({ until: '4h' })
    t.at('0s').silence(['user = other'], '1h', 's0')
    t.at('1m').push(READ)
    t.at('2m').silence(matchers, '1h', 's1').silence(matchers, '2h', 's2')
    t.at('3m').push(DELETE)
    t.want('slack').between('1m', '1m', 'first')
    t.want('slack').between('122m', '123m', 'first')
    t.want('slack').between('122m', '123m', 'repeat')
    await t.run()
  })
})

describe('maintenance', () => {
  const sunday = { timezone: 'Europe/Berlin', days: ['sun'], hours: ['02:00-04:00'] }
  const maintenance = [{ name: 'patching', matchers: ['rule = deletes'], schedule: sunday }]

  it.each([
    ['in winter', '2026-11-22T00:30:00Z', '2h 30m'],
    // 02:00 to 04:00 is one hour: clocks go from 02:00 to 03:00.
    ['the night clocks go forward', '2026-03-29T00:30:00Z', '1h 30m'],
    // It is three hours: clocks go from 03:00 back to 02:00. It begins at 00:00 UTC.
    ['the night clocks go back', '2026-10-24T23:30:00Z', '3h 30m'],
  ])('mutes until its end: %s', async (_when, start, end) => {
    const t = line({ start, maintenance, until: '4h', tick: '5m' })
    t.at('45m').push(DELETE).push(READ)
    t.want('slack').between('45m', '45m', 'first')
    t.want('slack').between(end, `${end} 5m`, 'first')
    await t.run()
  })

  it('mutes one route and not the other, which owes its receivers nothing afterwards', async () => {
    const t = line({
      start: '2026-11-22T00:30:00Z',
      receivers: ['archive', 'slack'],
      until: '4h',
      tick: '5m',
      schedules: { nights: sunday },
      route: {
        receivers: ['archive'],
        continue: true,
        routes: [{ match: { severity: '>=high' }, receivers: ['slack'], mute: ['nights'] }],
      },
    })
    t.at('45m').push(DELETE)
    t.want('archive').between('45m', '45m', 'first')
    t.want('slack').between('2h 30m', '2h 35m', 'first')
    await t.run()
  })
})

describe('the system itself', () => {
  it('is heard, silenced and over like any alert', async () => {
    const t = line({ receivers: ['slack', 'pager'], stateful: ['pager'], until: '3h' })
    const blind = { rule: 'tocsin-blind', contract: CONTRACT } as const
    for (const when of ['0s', '10m', '20m']) {
      t.at(when).also(({ telling }, at) => telling.system.raise({ ...blind, text: '401', at }))
    }
    t.at('30m').also(({ telling }, at) => telling.system.clear({ ...blind, at }))
    t.at('1h').silence(['rule =~ ^tocsin-'], '1h')
    t.at('70m').also(({ telling }, at) => telling.system.raise({ ...blind, text: '401', at }))
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('0s', '0s', 'first')
      t.want(receiver).between('2h', '121m', 'first')
    }
    t.want('pager').between('30m', '30m', 'resolved')
    await t.run()
  })
})

describe('a process that dies', () => {
  const busy = () => {
    const t = line({
      receivers: ['slack', 'lead', 'pager'],
      stateful: ['pager'],
      until: '3h',
      tick: '10m',
      route: {
        receivers: ['slack', 'pager'],
        repeat: '2h',
        escalate: [{ after: '30m', receivers: ['lead'] }],
      },
    })
    t.at('0s').push(DELETE)
    t.at('5m').push(DELETE, 9).push(READ)
    t.at('10m').silence(['rule = reads'], '1h')
    t.at('50m').act(RESOLVE, 'deletes')
    t.at('55m').push(DELETE)
    for (const receiver of ['slack', 'pager']) {
      t.want(receiver).between('0s', '0s', 'first')
      t.want(receiver).between('5m', '5m', 'grown')
      t.want(receiver).between('5m', '5m', 'first')
      t.want(receiver).between('55m', '55m', 'first')
      t.want(receiver).between('70m', '70m', 'repeat')
      t.want(receiver).between('175m', '3h', 'repeat')
    }
    t.want('pager').between('50m', '50m', 'resolved')
    // Of the first, of the one that came after it was resolved, and of the one that was silenced.
    t.want('lead').between('30m', '30m', 'escalation')
    t.want('lead').between('70m', '80m', 'escalation')
    t.want('lead').between('85m', '90m', 'escalation')
    return t
  }

  it('at any write, before it or after it, changes nothing of what is told', async () => {
    const { writes } = await busy().run()
    expect(writes).toBeGreaterThan(10)
    for (let dieAt = 0; dieAt < 2 * writes; dieAt += 1) await busy().run({ dieAt })
  }, 120_000)

  it('and starts again before every step changes nothing either', async () => {
    await busy().run({ restarts: true })
  })
})

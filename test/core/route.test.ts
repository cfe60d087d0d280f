// Owns which way alerts take through a tree of routes, and what is wrong with trees.
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../src/core/problem.ts'
import { createRouter, defaultRoute, repeatMsOf, type Routable } from '../../src/core/route.ts'
import { checkRoutes } from '../../src/core/route-check.ts'
import { routeShape } from '../../src/core/route-shape.ts'
import { sampleAlert } from '../state/sample.ts'

const HOUR_MS = 3_600_000
const RECEIVERS = ['archive', 'slack', 'mail', 'pager', 'net']

function alertOf(changes: Partial<Routable> & { id?: string; tags?: string[] } = {}): Routable {
  const { id = 'ionos-bulk-delete', tags = [], ...rest } = changes
  return { severity: 'high', contract: '1', group: [], rule: { id, tags }, ...rest }
}

function read(value: unknown, mutes: readonly string[] = ['nights']) {
  const problems: Problem[] = []
  const route = routeShape.parse(value, '/route', (problem) => problems.push(problem))
  if (route !== undefined) problems.push(...checkRoutes(route, { receivers: RECEIVERS, mutes }))
  return {
    route,
    messages: problems.map(({ level, pointer, message }) => `${level} ${pointer}: ${message}`),
  }
}

function takes(tree: unknown, alert: Routable): string[] {
  const { route } = read(tree)
  return createRouter(route ?? {})(alert).map((b) => `${b.path || '/'} ${b.receivers.join('+')}`)
}

const DOCUMENTED = {
  receivers: ['archive'],
  continue: true,
  routes: [
    {
      match: { severity: '>=high' },
      receivers: ['slack'],
      repeat: '4h',
      escalate: [{ after: '30m', receivers: ['mail'] }],
    },
    { match: { severity: ['low', 'medium'] }, receivers: ['mail'] },
  ],
}

const NESTED = {
  receivers: ['mail'],
  routes: [
    {
      match: { tags: ['network', 'vpn'] },
      receivers: ['net'],
      continue: true,
      routes: [{ match: { severity: 'critical' }, receivers: ['pager'] }],
    },
    { match: { rule: 'ionos-*', group: { user: ['svc-*', 'robot'] } }, receivers: ['archive'] },
    { match: { contract: '2' } },
  ],
}

const WAYS: [name: string, tree: unknown, alert: Routable, way: string[]][] = [
  ['high', DOCUMENTED, alertOf(), ['/ archive', '/routes/0 slack']],
  ['medium', DOCUMENTED, alertOf({ severity: 'medium' }), ['/ archive', '/routes/1 mail']],
  ['info, which no route takes', DOCUMENTED, alertOf({ severity: 'info' }), ['/ archive']],
  ['nothing matches', NESTED, alertOf(), ['/ mail']],
  ['one of several tags', NESTED, alertOf({ tags: ['vpn'] }), ['/routes/0 net']],
  [
    'a route within a route',
    NESTED,
    alertOf({ tags: ['network'], severity: 'critical' }),
    ['/routes/0/routes/0 pager'],
  ],
  [
    'on to later routes after a continue',
    NESTED,
    alertOf({ tags: ['network'], group: [{ name: 'user', value: 'svc-x' }] }),
    ['/routes/0 net', '/routes/1 archive'],
  ],
  [
    'a rule and a group value, both',
    NESTED,
    alertOf({ group: [{ name: 'user', value: 'robot' }] }),
    ['/routes/1 archive'],
  ],
  [
    'a group value without the rule',
    NESTED,
    alertOf({ id: 'other', group: [{ name: 'user', value: 'robot' }] }),
    ['/ mail'],
  ],
  ['a contract, with receivers from above', NESTED, alertOf({ contract: '2' }), ['/routes/2 mail']],
  [
    'no further than the first that matches',
    { receivers: ['mail'], routes: [{ match: { severity: 'high' } }, { match: { tags: 'a' } }] },
    alertOf({ tags: ['a'] }),
    ['/routes/0 mail'],
  ],
]

describe('an alert goes', () => {
  it.each(WAYS)('%s', (_name, tree, alert, way) => {
    expect(read(tree).messages.filter((message) => message.startsWith('error'))).toEqual([])
    expect(takes(tree, alert)).toEqual(way)
  })

  it('with what routes above say, unless its own says otherwise', () => {
    const tree = {
      receivers: ['mail'],
      repeat: '4h',
      mute: ['nights'],
      resolveAfter: '2h',
      sendResolved: true,
      routes: [
        {
          match: { severity: 'high' },
          repeat: 'off',
          routes: [{ match: { tags: 'a' }, sendResolved: false }],
        },
      ],
    }
    const [branch] = createRouter(read(tree).route ?? {})(alertOf({ tags: ['a'] }))
    expect(branch).toEqual({
      path: '/routes/0/routes/0',
      receivers: ['mail'],
      escalate: [],
      mute: ['nights'],
      repeatMs: 0,
      resolveAfterMs: 2 * HOUR_MS,
      sendResolved: false,
    })
  })

  it.each([
    ['info', []],
    ['low', ['slack', 'mail']],
    ['critical', ['slack', 'mail']],
  ] as const)('without routes: %s to %j', (severity, receivers) => {
    const [branch] = createRouter(defaultRoute(['slack', 'mail']))(alertOf({ severity }))
    expect(branch?.receivers).toEqual(receivers)
  })

  it('with a reminder a day for high and critical, and none else', () => {
    const [branch] = createRouter(defaultRoute(['slack']))(sampleAlert())
    const of = (severity: Routable['severity']) => repeatMsOf(branch as never, severity)
    expect([of('medium'), of('high'), of('critical')]).toEqual([0, 24 * HOUR_MS, 24 * HOUR_MS])
  })
})

const to = (receivers: string[], more: object = {}) => ({ receivers, ...more })
const FAULTS: [name: string, tree: unknown, messages: string[]][] = [
  [
    'the documented one',
    DOCUMENTED,
    [
      'warning /route: no route leads to the receiver "pager"',
      'warning /route: no route leads to the receiver "net"',
    ],
  ],
  [
    'a receiver nobody has',
    to(['slak']),
    ['error /route/receivers/0: unknown receiver "slak", did you mean "slack"?'],
  ],
  [
    'an escalation to nobody known',
    to(['slack'], { escalate: [{ after: '5m', receivers: ['pagr'] }] }),
    ['error /route/escalate/0/receivers/0: unknown receiver "pagr", did you mean "pager"?'],
  ],
  [
    'an escalation to nobody',
    to(['slack'], { escalate: [{ after: '5m', receivers: [] }] }),
    ['error /route/escalate/0/receivers: this stage tells nobody: name a receiver'],
  ],
  [
    'a mute nobody has',
    to(['slack'], { mute: ['night'] }),
    ['error /route/mute/0: unknown schedule or maintenance window "night", did you mean "nights"?'],
  ],
  [
    'a root that matches',
    to(['slack'], { match: { severity: 'high' } }),
    ['error /route/match: the root takes every alert: put it into a route below, under "routes"'],
  ],
  [
    'a route behind one that takes everything',
    to(['slack'], { routes: [{}, { match: { severity: 'high' } }] }),
    [
      'error /route/routes/1: no alert gets here: /route/routes/0 takes all of them; move it up, or let the other one "continue"',
    ],
  ],
  [
    'but not behind one that continues',
    to(['slack'], { routes: [{ continue: true }, { match: { severity: 'high' } }] }),
    [],
  ],
  [
    'a route behind a wider one',
    to(['slack'], {
      routes: [{ match: { severity: '>=medium' } }, { match: { severity: 'high', tags: 'a' } }],
    }),
    [
      'error /route/routes/1: no alert gets here: /route/routes/0 takes all of them; move it up, or let the other one "continue"',
    ],
  ],
  [
    'a rule behind a glob that takes it',
    to(['slack'], { routes: [{ match: { rule: 'ionos-*' } }, { match: { rule: 'ionos-x' } }] }),
    [
      'error /route/routes/1: no alert gets here: /route/routes/0 takes all of them; move it up, or let the other one "continue"',
    ],
  ],
  [
    'but not a wider one behind a narrower',
    to(['slack'], { routes: [{ match: { rule: 'ionos-x' } }, { match: { rule: 'ionos-*' } }] }),
    [],
  ],
  [
    'a route that asks for what the one above excludes',
    to(['slack'], {
      routes: [{ match: { severity: '>=high' }, routes: [{ match: { severity: 'low' } }] }],
    }),
    [
      'error /route/routes/0/routes/0/match: no alert gets here: a route above asks for something else',
    ],
  ],
  [
    'a route no one hears',
    { routes: [{ match: { severity: 'high' } }] },
    [
      'warning /route: no one hears this route: alerts that none of its routes takes are told to nobody; give it "receivers" ([] if that is meant)',
      'error /route/routes/0: no one hears this route: its alerts are told to nobody; give it "receivers" ([] if that is meant)',
    ],
  ],
  [
    'a route nobody is meant to hear',
    to(['slack'], { routes: [{ match: { tags: 'noise' }, receivers: [] }] }),
    ['warning /route/routes/0/receivers: alerts of this route are told to nobody'],
  ],
  [
    'an unknown key',
    to(['slack'], { repat: '1h' }),
    ['error /route/repat: unknown key "repat", did you mean "repeat"?'],
  ],
  [
    'a repeat that is none',
    to(['slack'], { repeat: 'never' }),
    ['error /route/repeat: found "never", expected a duration such as "4h", or "off"'],
  ],
  [
    'a severity that is none',
    to(['slack'], { routes: [{ match: { severity: '>=hihg' } }] }),
    [
      'error /route/routes/0/match/severity: found ">=hihg", expected ">=high", a severity, or a list of severities: info, low, medium, high, critical',
    ],
  ],
  [
    'more than critical',
    to(['slack'], { routes: [{ match: { severity: '>critical' } }] }),
    ['error /route/routes/0/match/severity: no severity is ">critical"'],
  ],
  [
    'a group that is a text',
    to(['slack'], { routes: [{ match: { group: 'user' } }] }),
    [
      'error /route/routes/0/match/group: found "user", expected an object of globs by the name of a group value, such as { "user": "svc-*" }',
    ],
  ],
  [
    'a route that is a text',
    to(['slack'], { routes: ['x'] }),
    ['error /route/routes/0: found "x", expected a route as an object'],
  ],
]

describe('a tree of routes with', () => {
  it.each(FAULTS)('%s', (name, tree, wanted) => {
    const { messages } = read(tree)
    const told = name.startsWith('the doc')
      ? messages
      : messages.filter((message) => !message.includes('no route leads'))
    expect(told).toEqual(wanted)
  })

  it('depth without end is refused', () => {
    let tree: object = { receivers: ['slack'] }
    for (let depth = 0; depth < 15; depth += 1) tree = { receivers: ['slack'], routes: [tree] }
    expect(read(tree).messages.join('\n')).toMatch(/routes more than 10 deep are not allowed/)
  })
})

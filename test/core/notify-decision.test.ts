// Owns the table of who is told, and why: every reason, and every reason not to.
import { describe, expect, it } from 'vitest'
import type { Alert, Told } from '../../src/core/alert.ts'
import { type DecisionInput, decideNotification } from '../../src/core/notify-decision.ts'
import type { Branch } from '../../src/core/route.ts'
import { tellAlert, uniteTold } from '../../src/core/told.ts'
import { sampleAlert } from '../state/sample.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NOW = 100 * HOUR_MS

const branch = (changes: Partial<Branch> = {}): Branch => ({
  path: '',
  receivers: ['slack'],
  escalate: [],
  mute: [],
  ...changes,
})

const told = (changes: Partial<Told> = {}): Told => ({
  firstAt: NOW - MINUTE_MS,
  lastAt: NOW - MINUTE_MS,
  count: 1,
  severity: 'high',
  receivers: { slack: NOW - MINUTE_MS },
  sequences: { first: 1 },
  ...changes,
})

type Case = {
  readonly before?: Partial<Alert> | null
  readonly after?: Partial<Alert>
} & Partial<Omit<DecisionInput, 'before' | 'after'>>

/** The sentence, the case, and the reason with its receivers, or why not. */
type Row = [sentence: string, given: Case, decision: string]

function inputOf({ before, after, ...rest }: Case): DecisionInput {
  return {
    before: before === null ? undefined : sampleAlert(before ?? after),
    after: sampleAlert(after),
    now: NOW,
    branches: [branch()],
    mutedBranches: new Set(),
    silenced: false,
    inMaintenance: false,
    isStateful: (receiver) => receiver === 'pager',
    ...rest,
  }
}

function decide(given: Case): string {
  const decision = decideNotification(inputOf(given))
  if (decision.reason === 'none') return `none:${decision.why}`
  return `${decision.reason} → ${decision.receivers.join(' ')}`
}

const acknowledged = { by: 'anna', from: 'cli', at: 5, count: 3, severity: 'high' } as const
const escalate = [
  { afterMs: 30 * MINUTE_MS, receivers: ['mail'] },
  { afterMs: HOUR_MS, receivers: ['pager'] },
]
const HOURS_AGO = (hours: number) => NOW - hours * HOUR_MS
const toldAgo = (ms: number, changes: Partial<Told> = {}) =>
  told({ firstAt: NOW - ms, lastAt: NOW - ms, receivers: { slack: NOW - ms }, ...changes })

const FIRST: Row[] = [
  ['an alert that opens is told first', { before: null }, 'first → slack'],
  ['one that nobody was told of is told when it changes', { after: { count: 2 } }, 'first → slack'],
  ['history that became live is told first', { before: { historical: true } }, 'first → slack'],
  ['one that nobody listens for', { branches: [branch({ receivers: [] })] }, 'none:no-receiver'],
  [
    'every receiver of every branch is told once',
    {
      branches: [
        branch({ receivers: ['a', 'b'] }),
        branch({ path: '/routes/1', receivers: ['b', 'c'] }),
      ],
    },
    'first → a b c',
  ],
]

const GROWING: Row[] = [
  ['one that only grew is not told again', { after: { count: 9, told: told() } }, 'none:no-change'],
  ['a severity that rose', { after: { severity: 'critical', told: told() } }, 'severity → slack'],
  ['a severity that fell', { after: { severity: 'low', told: told() } }, 'none:no-change'],
  ['ten times what was told', { after: { count: 10, told: told() } }, 'grown → slack'],
  [
    'ten times a later notification',
    { after: { count: 69, told: told({ count: 7 }) } },
    'none:no-change',
  ],
  [
    'ten times a later notification, reached',
    { after: { count: 70, told: told({ count: 7 }) } },
    'grown → slack',
  ],
  [
    'a hundred times at once is told once',
    { after: { count: 100, told: told() } },
    'grown → slack',
  ],
  [
    'what was not heard has no events to grow by',
    { after: { count: 0, told: told({ count: 0 }) } },
    'none:no-change',
  ],
  [
    'severity goes before growth',
    { after: { count: 10, severity: 'critical', told: told() } },
    'severity → slack',
  ],
  [
    'an acknowledged alert whose severity rose',
    { after: { state: 'acknowledged', acknowledged, severity: 'critical', told: told() } },
    'severity → slack',
  ],
  [
    'an acknowledged alert that grew',
    { after: { state: 'acknowledged', acknowledged, count: 10, told: told() } },
    'grown → slack',
  ],
  [
    'an acknowledged alert that nobody was told of counts from what was seen',
    { after: { state: 'acknowledged', acknowledged, count: 29 } },
    'none:acknowledged',
  ],
  [
    'and is told when it grew beyond that',
    { after: { state: 'acknowledged', acknowledged, count: 30 } },
    'grown → slack',
  ],
]

const WAITING: Row[] = [
  ['a high alert a day after', { after: { told: toldAgo(24 * HOUR_MS) } }, 'repeat → slack'],
  ['a high alert just before', { after: { told: toldAgo(24 * HOUR_MS - 1) } }, 'none:no-change'],
  [
    'a medium alert is not repeated by default',
    { after: { severity: 'medium', told: toldAgo(99 * HOUR_MS, { severity: 'medium' }) } },
    'none:no-change',
  ],
  [
    "the route's own repeat",
    {
      after: { severity: 'low', told: toldAgo(HOUR_MS, { severity: 'low' }) },
      branches: [branch({ repeatMs: HOUR_MS })],
    },
    'repeat → slack',
  ],
  [
    'a route that wants none',
    { after: { told: toldAgo(99 * HOUR_MS) }, branches: [branch({ repeatMs: 0 })] },
    'none:no-change',
  ],
  [
    'only the receiver whose time has come is reminded',
    {
      after: { told: toldAgo(5 * HOUR_MS, { receivers: { a: HOURS_AGO(5), b: HOURS_AGO(5) } }) },
      branches: [
        branch({ receivers: ['a'], repeatMs: 4 * HOUR_MS }),
        branch({ path: '/routes/1', receivers: ['b'] }),
      ],
    },
    'repeat → a',
  ],
  [
    'an acknowledged alert is not repeated',
    { after: { state: 'acknowledged', acknowledged, told: toldAgo(99 * HOUR_MS) } },
    'none:acknowledged',
  ],
  [
    'the first stage of an escalation',
    { after: { told: toldAgo(30 * MINUTE_MS) }, branches: [branch({ escalate })] },
    'escalation → mail',
  ],
  [
    'before its first stage',
    { after: { told: toldAgo(30 * MINUTE_MS - 1) }, branches: [branch({ escalate })] },
    'none:no-change',
  ],
  [
    'the second stage, the first being told',
    {
      after: { told: toldAgo(HOUR_MS, { escalatedMs: 30 * MINUTE_MS }) },
      branches: [branch({ escalate })],
    },
    'escalation → pager',
  ],
  [
    'both stages at once after a pause',
    { after: { told: toldAgo(2 * HOUR_MS) }, branches: [branch({ escalate })] },
    'escalation → mail pager',
  ],
  [
    'a stage is told once',
    {
      after: { told: toldAgo(2 * HOUR_MS, { escalatedMs: HOUR_MS }) },
      branches: [branch({ escalate })],
    },
    'none:no-change',
  ],
  [
    'an acknowledged alert is not escalated',
    {
      after: { state: 'acknowledged', acknowledged, told: toldAgo(9 * HOUR_MS) },
      branches: [branch({ escalate })],
    },
    'none:acknowledged',
  ],
  [
    'the end of a silence reminds once',
    { after: { told: toldAgo(HOUR_MS) }, silenceEndedAt: NOW - MINUTE_MS },
    'repeat → slack',
  ],
  [
    'what was told after that silence is not told again',
    { after: { told: toldAgo(MINUTE_MS) }, silenceEndedAt: NOW - HOUR_MS },
    'none:no-change',
  ],
  [
    'the end of a silence tells what opened in it first',
    { after: {}, silenceEndedAt: NOW },
    'first → slack',
  ],
  [
    'the end of a silence leaves acknowledged alerts alone',
    { after: { state: 'acknowledged', acknowledged, told: toldAgo(HOUR_MS) }, silenceEndedAt: NOW },
    'none:acknowledged',
  ],
]

const TAKEN: Row[] = [
  [
    'an alert that somebody takes on, where a state is kept',
    {
      before: {},
      after: {
        state: 'acknowledged',
        acknowledged,
        told: told({ receivers: { slack: 1, pager: 1 } }),
      },
    },
    'acknowledged → pager',
  ],
  [
    'an alert that somebody takes on, to people',
    { before: {}, after: { state: 'acknowledged', acknowledged, told: told() } },
    'none:acknowledged',
  ],
  [
    'one that was taken on before',
    { after: { state: 'acknowledged', acknowledged, told: told({ receivers: { pager: 1 } }) } },
    'none:acknowledged',
  ],
]

const MUTED: Row[] = [
  ['a staged rule', { before: null, after: { staged: true } }, 'none:staged'],
  ['history', { before: null, after: { historical: true } }, 'none:historical'],
  ['a silence', { before: null, silenced: true }, 'none:silenced'],
  ['maintenance', { before: null, inMaintenance: true }, 'none:maintenance'],
  [
    'a silence, though severity rose',
    { after: { severity: 'critical', told: told() }, silenced: true },
    'none:silenced',
  ],
  ['a route that is muted', { before: null, mutedBranches: new Set(['']) }, 'none:maintenance'],
  [
    'one muted route of two',
    {
      before: null,
      branches: [branch({ receivers: ['a'] }), branch({ path: '/routes/1', receivers: ['b'] })],
      mutedBranches: new Set(['']),
    },
    'first → b',
  ],
  [
    'its receivers are told when the mute is over',
    {
      after: { told: told({ owed: ['a'], receivers: { b: NOW } }) },
      branches: [branch({ receivers: ['a'] }), branch({ path: '/routes/1', receivers: ['b'] })],
    },
    'first → a',
  ],
]

const manual = { state: 'resolved', resolution: 'manual' } as const
const OVER: Row[] = [
  [
    'what a person resolved, by default',
    { before: {}, after: { ...manual, told: told() } },
    'none:no-change',
  ],
  [
    'what a person resolved, to a stateful receiver',
    { before: {}, after: { ...manual, told: told({ receivers: { slack: 1, pager: 1 } }) } },
    'resolved → pager',
  ],
  [
    'what returned, to a stateful receiver',
    {
      before: {},
      after: { state: 'resolved', resolution: 'returned', told: told({ receivers: { pager: 1 } }) },
    },
    'resolved → pager',
  ],
  [
    'a route that says sendResolved',
    { before: {}, after: { ...manual, told: told() }, branches: [branch({ sendResolved: true })] },
    'resolved → slack',
  ],
  [
    'a route that wants none, even of a stateful receiver',
    {
      before: {},
      after: { ...manual, told: told({ receivers: { pager: 1 } }) },
      branches: [branch({ receivers: ['pager'], sendResolved: false })],
    },
    'none:no-change',
  ],
  [
    'one that nobody was told of',
    { before: {}, after: manual, branches: [branch({ sendResolved: true })] },
    'none:no-change',
  ],
  [
    'one that ended by being quiet is never told',
    {
      before: {},
      after: { state: 'resolved', resolution: 'quiet', told: told() },
      branches: [branch({ sendResolved: true })],
    },
    'none:no-change',
  ],
  [
    'one that was resolved before',
    { after: { ...manual, told: told() }, branches: [branch({ sendResolved: true })] },
    'none:no-change',
  ],
  [
    'one that grows silently after a person resolved it',
    { before: manual, after: { ...manual, count: 99, told: told() } },
    'none:no-change',
  ],
  [
    'one that a late entry undid, to all who were told',
    {
      before: {},
      after: {
        state: 'resolved',
        resolution: 'superseded',
        told: told({ receivers: { slack: 1, mail: 1 } }),
      },
    },
    'withdrawn → slack mail',
  ],
  [
    'one that a late entry undid, and nobody was told',
    { before: {}, after: { state: 'resolved', resolution: 'superseded' } },
    'none:no-change',
  ],
  [
    'one united into another',
    { before: {}, after: { state: 'resolved', resolution: 'merged', told: told() } },
    'none:merged',
  ],
  [
    'one united into another is closed at a stateful receiver',
    {
      before: {},
      after: { state: 'resolved', resolution: 'merged', told: told({ receivers: { pager: 1 } }) },
    },
    'resolved → pager',
  ],
]

describe('first', () =>
  it.each(FIRST)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))
describe('grow', () =>
  it.each(GROWING)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))
describe('wait', () =>
  it.each(WAITING)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))
describe('taken on', () =>
  it.each(TAKEN)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))
describe('muted', () =>
  it.each(MUTED)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))
describe('over', () =>
  it.each(OVER)('%s', (_, given, wanted) => expect(decide(given)).toBe(wanted)))

describe('what a decision writes down', () => {
  it('is who was told when, of how much', () => {
    const { alert, notifications } = tellAlert(inputOf({ before: null, after: { count: 3 } }))
    expect(alert.told).toEqual({
      firstAt: NOW,
      lastAt: NOW,
      count: 3,
      severity: 'high',
      receivers: { slack: NOW },
      sequences: { first: 1 },
    })
    expect(notifications.map(({ id }) => id)).toEqual(['g1-1.slack.first.0'])
  })

  it('numbers notifications of one reason', () => {
    const after = { count: 100, told: told({ count: 10, sequences: { first: 1, grown: 1 } }) }
    const { alert, notifications } = tellAlert(inputOf({ after }))
    expect(notifications.map(({ id, sequence }) => [id, sequence])).toEqual([
      ['g1-1.slack.grown.1', 1],
    ])
    expect(alert.told?.sequences).toEqual({ first: 1, grown: 2 })
  })

  it('keeps count and severity of what was told when somebody takes it on', () => {
    const after = { count: 9, told: told({ receivers: { pager: 1 } }) }
    const taken = { ...after, state: 'acknowledged', acknowledged } as const
    expect(tellAlert(inputOf({ before: after, after: taken })).alert.told).toMatchObject({
      count: 1,
      receivers: { pager: NOW },
      sequences: { first: 1, acknowledged: 1 },
    })
  })

  it('is the stage that was escalated to', () => {
    const given = { after: { told: toldAgo(2 * HOUR_MS) }, branches: [branch({ escalate })] }
    expect(tellAlert(inputOf(given)).alert.told?.escalatedMs).toBe(HOUR_MS)
  })

  it('is whom a muted route owes a message', () => {
    const branches = [branch({ receivers: ['a'] }), branch({ path: '/routes/1', receivers: ['b'] })]
    const given = { before: null, branches, mutedBranches: new Set(['/routes/1']) }
    const { alert } = tellAlert(inputOf(given))
    expect(alert.told?.owed).toEqual(['b'])
    const later = tellAlert(inputOf({ after: alert, branches }))
    expect(later.decision).toEqual({ reason: 'first', receivers: ['b'] })
    expect(later.alert.told?.owed).toBeUndefined()
    expect(later.notifications.map(({ id }) => id)).toEqual(['g1-1.b.first.1'])
  })

  const LOOKS: [string, Case, number | undefined][] = [
    ['a day later for a high alert', { before: null }, NOW + 24 * HOUR_MS],
    ['never for a medium one', { before: null, after: { severity: 'medium' } }, undefined],
    [
      'at the next stage of its escalation',
      { before: null, branches: [branch({ escalate })] },
      NOW + 30 * MINUTE_MS,
    ],
    ['a minute later in maintenance', { before: null, inMaintenance: true }, NOW + MINUTE_MS],
    ['never in a silence: its end says so', { before: null, silenced: true }, undefined],
    ['never when staged', { before: null, after: { staged: true } }, undefined],
    [
      'never when acknowledged',
      { after: { state: 'acknowledged', acknowledged, told: told() } },
      undefined,
    ],
    ['never when resolved', { before: {}, after: { ...manual, told: told() } }, undefined],
    [
      'when it may be over',
      { before: null, after: { severity: 'low', last: NOW, resolveAfterMs: 2 * HOUR_MS } },
      NOW + 2 * HOUR_MS,
    ],
  ]
  it.each(LOOKS)('is when to look again: %s', (_, given, lookAt) => {
    expect(tellAlert(inputOf(given)).alert.lookAt).toBe(lookAt)
  })

  it('is who was told of its end, should it be open again', () => {
    const before = { told: told({ receivers: { slack: 1, pager: 1 } }) }
    const over = tellAlert(inputOf({ before, after: { ...manual, ...before } }))
    expect(over.decision).toEqual({ reason: 'resolved', receivers: ['pager'] })
    const branches = [branch({ receivers: ['slack', 'pager'] })]
    const again = { ...over.alert, state: 'open', resolution: undefined } as unknown as Alert
    const opened = tellAlert(inputOf({ after: again, branches }))
    expect(opened.decision).toEqual({ reason: 'first', receivers: ['pager'] })
  })

  it('of two alerts that become one is put together', () => {
    const a = told({ firstAt: 5, lastAt: 9, count: 3, severity: 'low', receivers: { slack: 9 } })
    const b = told({ firstAt: 4, lastAt: 8, count: 7, receivers: { slack: 8, mail: 4 } })
    expect(uniteTold(a, b)).toMatchObject({
      firstAt: 4,
      lastAt: 9,
      count: 7,
      severity: 'high',
      receivers: { slack: 9, mail: 4 },
    })
    expect(uniteTold(undefined, b)).toBe(b)
  })
})

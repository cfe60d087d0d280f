// Owns the table of who is told, and why.
import { expect, it } from 'vitest'
import { decideNotification, type Decision } from '../../src/core/notify-decision.ts'
import { sampleAlert } from '../state/sample.ts'

const none = (why: string) => ({ reason: 'none', why }) as Decision
const alert = sampleAlert()

const cases: [
  name: string,
  before: Parameters<typeof sampleAlert>[0] | undefined,
  after: Parameters<typeof sampleAlert>[0],
  status: 'active' | 'staged',
  decision: Decision,
][] = [
  ['an alert that opens is told first', undefined, {}, 'active', { reason: 'first' }],
  ['one that only grew is not told again', {}, { count: 2 }, 'active', none('no-change')],
  ['a staged rule tells nobody', undefined, {}, 'staged', none('staged')],
  ['the past tells nobody', undefined, { historical: true }, 'active', none('historical')],
  [
    'the past that becomes present is told first',
    { historical: true },
    { count: 2 },
    'active',
    { reason: 'first' },
  ],
  [
    'an alert united into another is only closed',
    {},
    { state: 'resolved', resolution: 'merged' },
    'active',
    none('merged'),
  ],
]

it.each(cases)('%s', (_name, before, after, status, decision) => {
  const change = {
    before: before === undefined ? undefined : { ...alert, ...before },
    after: { ...alert, ...after },
  }
  expect(decideNotification(change, { status })).toEqual(decision)
})

// Owns when an alert says why, and what happens when json-rules-engine does not agree.
import { expect, it } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import { silentLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { addWhy } from '../../src/raise/open-alert.ts'
import { createExplain } from '../../src/why.ts'
import { ruleSetOf } from '../backtest/replay.ts'
import { eventAt } from '../oracle/event-at.ts'
import { sampleAlert } from '../state/sample.ts'

const conditions = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }
const ruleSet = ruleSetOf([{ id: 'deletes', conditions } as { id: string }])
const [rule] = ruleSet.rules

const events = new Map([
  ['e1', eventAt('e1', 1, { operation: 'delete', user: 'anna' })],
  ['e2', eventAt('e2', 2, { operation: 'delete', user: 'otto' })],
  ['e3', eventAt('e3', 3, { operation: 'read' })],
])

const alertOf = (ids: readonly string[], changes: Partial<Alert> = {}) =>
  sampleAlert({ evidence: ids.map((id, at) => ({ id, time: at, fields: [] })), ...changes })

async function explained(before: Alert | undefined, after: Alert) {
  const metrics = createMetrics()
  const parts = { explain: createExplain(ruleSet), log: silentLog, metrics }
  const change = await addWhy({ before, after }, rule as never, events, parts)
  const [count] = (await metrics.disputed.get()).values
  return { ...change.after, disputes: count?.value ?? 0 }
}

it('an alert that opens says why, of its first event', async () => {
  const alert = await explained(undefined, alertOf(['e1', 'e2']))
  expect(alert.why).toMatchObject({ kind: 'all', verdict: true, children: [{ found: '"delete"' }] })
  expect([alert.disputed, alert.disputes]).toEqual([undefined, 0])
})

it('one that only grew keeps what it said', async () => {
  expect((await explained(alertOf(['e1']), alertOf(['e1', 'e2']))).why).toBeUndefined()
})

it('one whose severity rose says why again, of its latest event', async () => {
  const after = alertOf(['old', 'e2'], { severity: 'critical' })
  expect((await explained(alertOf(['old']), after)).why).toMatchObject({ verdict: true })
  const other = alertOf(['e1', 'e3'], { severity: 'critical' })
  expect((await explained(alertOf(['e1']), other)).why).toMatchObject({ verdict: false })
})

it('what json-rules-engine denies is raised all the same, disputed and counted', async () => {
  const alert = await explained(undefined, alertOf(['e3']))
  expect(alert).toMatchObject({
    state: 'open',
    disputed: true,
    disputes: 1,
    why: { verdict: false },
  })
})

// Owns the tests of detect.ts: which alert group an event counts for, and what a match is told as.
import { expect, it } from 'vitest'
import { groupDetections } from '../../src/detect.ts'
import { ruleSetOf } from '../backtest/replay.ts'
import { eventAt } from '../oracle/event-at.ts'

const conditions = { all: [{ fact: 'operation', operator: 'equal', value: 'delete' }] }
const alert = { title: '{{ user }} deleted', groupBy: ['user', 'ip'], fields: ['user', 'country'] }
const [rule] = ruleSetOf([{ id: 'deletes', conditions, alert } as { id: string }]).rules

type Facts = Parameters<typeof eventAt>[2]

/** The groups that events of these facts make, each as its values and the ids in it. */
function groupsOf(...facts: readonly Facts[]) {
  const matches = facts.map((fact, at) => ({
    rule: rule as never,
    event: eventAt(`e${at}`, at, fact),
  }))
  return groupDetections('31720001', matches).map(({ group, detections }) => {
    return { values: group.map(({ value }) => value), ids: detections.map(({ id }) => id) }
  })
}

it('events with the same values of all facts of groupBy are one group', () => {
  const anna = { user: 'anna', ip: '8.8.8.8' }
  expect(groupsOf(anna, { user: 'otto', ip: '8.8.8.8' }, anna)).toEqual([
    { values: ['anna', '8.8.8.8'], ids: ['e0', 'e2'] },
    { values: ['otto', '8.8.8.8'], ids: ['e1'] },
  ])
})

it('a value that is missing counts as "unknown", so that no detection is dropped', () => {
  expect(groupsOf({ user: 'anna' }, { user: 'anna' }, { user: 'anna', ip: 'unknown' }, {})).toEqual(
    [
      { values: ['anna', 'unknown'], ids: ['e0', 'e1', 'e2'] },
      { values: ['unknown', 'unknown'], ids: ['e3'] },
    ],
  )
})

it('an event that is twice in a batch counts once', () => {
  const event = eventAt('e1', 1, { user: 'anna' })
  const match = { rule: rule as never, event }
  expect(groupDetections('31720001', [match, match])[0]?.detections).toHaveLength(1)
})

it('of its fields an event shows those that it has, and templates get "unknown" for the others', () => {
  const [group] = groupDetections('31720001', [
    { rule: rule as never, event: eventAt('e1', 1, { country: 'DE' }) },
  ])
  const [detection] = group?.detections ?? []
  expect(detection?.evidence.fields).toEqual([{ name: 'country', value: 'DE' }])
  expect(detection?.values).toEqual({ user: 'unknown' })
})

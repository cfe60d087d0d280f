// Owns the proof that alerts are a function of the set of detections, whatever their order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import { applyDetections, type Detection, type GroupSpec } from '../../src/core/alert-group.ts'
import { sampleAlert } from '../state/sample.ts'

const QUIET_MS = 10

function detection(time: number, id = `e${time}`): Detection {
  const fields = [{ name: 'user', value: id }]
  return { id, time, evidence: { id, time, fields }, values: { user: id } }
}

function specOf(): GroupSpec {
  let number = 0
  return {
    cuts: [],
    quietMs: QUIET_MS,
    severity: 'medium',
    severitySteps: [
      { count: 3, severity: 'high' },
      { count: 5, severity: 'critical' },
    ],
    open: ({ time, evidence, values }) => {
      number += 1
      return sampleAlert({
        id: `g-${number}`,
        number,
        severity: 'medium',
        first: time,
        last: time,
        evidence: [evidence],
        values,
        fields: evidence.fields,
      })
    },
    describe: (alert) => ({ title: `${alert.values['user']} × ${alert.count}` }),
  }
}

/** Runs batches one after the other, as the store would keep them, and gives the open alerts. */
function run(batches: readonly (readonly Detection[])[]): readonly Alert[] {
  const spec = specOf()
  const stored = new Map<string, Alert>()
  const counted = new Set<string>()
  for (const batch of batches) {
    const fresh = batch.filter(({ id }) => !counted.has(id))
    const unique = [...new Map(fresh.map((one) => [one.id, one])).values()]
    for (const { after } of applyDetections([...stored.values()], unique, spec)) {
      stored.set(after.id, after)
    }
    for (const { id } of batch) counted.add(id)
  }
  return [...stored.values()]
    .filter((alert) => alert.state === 'open')
    .sort((a, b) => a.first - b.first)
}

/** Plain words: sort, cut where the gap is more than quiet. */
function oracle(detections: readonly Detection[]) {
  const sorted = [...detections].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
  const alerts: Detection[][] = []
  for (const one of sorted) {
    const current = alerts.at(-1)
    if (current !== undefined && one.time - (current.at(-1) as Detection).time <= QUIET_MS) {
      current.push(one)
    } else alerts.push([one])
  }
  return alerts.map((members) => ({
    first: members[0]?.time,
    last: members.at(-1)?.time,
    count: members.length,
    severity: members.length >= 5 ? 'critical' : members.length >= 3 ? 'high' : 'medium',
    title: `${members[0]?.id} × ${members.length}`,
    evidence: (members.length <= 20
      ? members
      : [...members.slice(0, 10), ...members.slice(-10)]
    ).map(({ id }) => id),
  }))
}

function seen(alert: Alert) {
  const { first, last, count, severity, title, evidence } = alert
  return { first, last, count, severity, title, evidence: evidence.map(({ id }) => id) }
}

describe('detections become alerts', () => {
  const cases: [name: string, times: readonly number[], spans: readonly [number, number][]][] = [
    ['one detection is one alert', [5], [[5, 5]]],
    ['a detection exactly quiet after the last joins', [0, 10], [[0, 10]]],
    [
      'a detection later than quiet opens another',
      [0, 11],
      [
        [0, 0],
        [11, 11],
      ],
    ],
    ['a late one joins the alert it precedes', [20, 12], [[12, 20]]],
    ['a late one unites the two it lies between', [0, 18, 9], [[0, 18]]],
    ['the same time twice, with other ids, counts twice', [3, 3], [[3, 3]]],
  ]
  it.each(cases)('%s', (_name, times, spans) => {
    const alerts = run(times.map((time, at) => [detection(time, `e${at}`)]))
    expect(alerts.map(({ first, last }) => [first, last])).toEqual(spans)
    expect(alerts.reduce((sum, { count }) => sum + count, 0)).toBe(times.length)
  })

  it('are told with what they were before, and a united one is closed as merged', () => {
    const spec = specOf()
    const [a] = applyDetections([], [detection(0)], spec)
    const [b] = applyDetections([], [detection(18)], spec)
    const changes = applyDetections([a?.after as Alert, b?.after as Alert], [detection(9)], spec)
    expect(changes.map(({ before, after }) => [before?.number, after.number, after.state])).toEqual(
      [
        [1, 1, 'open'],
        [2, 2, 'resolved'],
      ],
    )
    expect(changes[1]?.after.resolution).toBe('merged')
  })

  it('that were united within one call leave no trace', () => {
    const changes = applyDetections([], [detection(0), detection(18), detection(9)], specOf())
    expect(changes.length).toBe(1)
  })

  describe('beside an alert that a person resolved', () => {
    const resolved = sampleAlert({ state: 'resolved', resolution: 'manual', first: 0, last: 5 })
    const spec = (): GroupSpec => ({ ...specOf(), cuts: [5] })

    it('open another that goes on from it, when they lie beyond the cut', () => {
      const [change, ...others] = applyDetections([resolved], [detection(6)], spec())
      expect(others).toEqual([])
      expect(change?.before).toBeUndefined()
      expect(change?.after).toMatchObject({ first: 6, state: 'open', continues: resolved.id })
    })

    it('join it silently, when they lie before the cut', () => {
      const [change, ...others] = applyDetections([resolved], [detection(3)], spec())
      expect(others).toEqual([])
      expect(change?.before).toEqual(resolved)
      expect(change?.after).toMatchObject({ count: 2, state: 'resolved', resolution: 'manual' })
    })

    it('unite it with an open alert before it: all of that lies before the cut', () => {
      const open = sampleAlert({ id: 'g-0', number: 0, first: -20, last: -14 })
      const changes = applyDetections([open, resolved], [detection(-5)], spec())
      expect(changes.map(({ after }) => [after.id, after.state, after.resolution])).toEqual([
        ['g-0', 'resolved', 'manual'],
        [resolved.id, 'resolved', 'merged'],
      ])
    })
  })

  it('are the same for any order, any batches and any repeats', () => {
    const set = fc.uniqueArray(fc.record({ time: fc.nat(200), n: fc.nat(5) }), {
      maxLength: 60,
      selector: ({ time, n }) => `${time}/${n}`,
    })
    const deal = fc.array(fc.array(fc.nat(1_000), { maxLength: 12 }), { maxLength: 12 })
    fc.assert(
      fc.property(set, deal, (members, picks) => {
        const detections = members.map(({ time, n }) => detection(time, `e${time}-${n}`))
        const someBatches = picks.map((batch) =>
          batch.flatMap((pick) => detections[pick % Math.max(1, detections.length)] ?? []),
        )
        const alerts = run([...someBatches, detections])
        expect(alerts.map(seen)).toEqual(oracle(detections))
      }),
      { numRuns: 2_000 },
    )
  })
})

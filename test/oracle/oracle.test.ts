// Owns what the oracle must make of detections: alerts, severity, cuts; and laws that hold for all
// kinds. Detections of each kind: kinds.test.ts.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../../src/core/event.ts'
import { KIND_NAMES } from './arbitrary-detect.ts'
import { detectionCase } from './arbitrary-detection.ts'
import { subsetsOf } from './chains.ts'
import { detectionsOf, distinctValues, type OracleDetect } from './detections.ts'
import { type Case, eventsOf, judge, ms, type Setup, shown } from './notation.ts'
import { oracle } from './oracle.ts'

const threshold: OracleDetect = { kind: 'threshold', groupBy: ['user'], count: 3, withinMs: 10_000 }
const each: OracleDetect = { ...threshold, count: 1 }

const still: Setup = { alert: { quietMs: 0 } }

describe('extents become alerts', () => {
  const cases: readonly Case[] = [
    ['a gap that is quiet exactly unites', '0 1 2', '0–2 ×3'],
    ['a millisecond more does not', '0 1.001', '0–0 ×1, 1.001–1.001 ×1'],
    ['quiet of nothing unites what is at one time', '0 0 0.001', '0–0 ×2, 0.001–0.001 ×1', still],
    ['the order of the line is nothing', '2 0 1', '0–2 ×3'],
    ['users have alerts of their own', '0 0@bob', '0–0 ×1, 0–0 ×1'],
    ['contracts too', '0 0#2', '0–0 ×1, 0–0 ×1'],
  ]
  for (const [sentence, line, alerts, setup] of cases) {
    test(sentence, () => expect(shown(judge(undefined, line, setup))).toBe(alerts))
  }

  test('a long extent unites what lies inside it', () => {
    const line = '0 9 18 4@bob 5@bob'
    const within9: OracleDetect = { ...threshold, count: 2, withinMs: 9_000 }
    expect(shown(judge(within9, line, { alert: { groupBy: [] } }))).toBe('0–18 ×5')
  })

  test('groups are the contract and the values of groupBy', () => {
    expect(judge(undefined, '0 0@- 0#2').map(({ group }) => group)).toEqual([
      ['1', 'ann'],
      ['1', 'unknown'],
      ['2', 'ann'],
    ])
  })

  test('groupBy may name the contract, though detect does not', () => {
    const alerts = judge(each, '0 0#2', { alert: { groupBy: ['contract'] } })
    expect(alerts.map(({ group }) => group)).toEqual([
      ['1', '1'],
      ['2', '2'],
    ])
  })

  test('an event is counted once however many detections it is evidence of', () => {
    expect(shown(judge(each, '0 5 10'))).toBe('0–10 ×3')
  })

  test('an event whose id was counted is the same event', () => {
    const events = [...eventsOf('0'), ...eventsOf('0')]
    expect(shown(judge(undefined, '', { events }))).toBe('0–0 ×1')
  })

  test('an event without a time is in no set', () => {
    const events = eventsOf('0').map((event): Event => ({ ...event, time: undefined }))
    expect(judge(undefined, '', { events })).toEqual([])
  })
})

describe('severity', () => {
  const severitySteps = [
    { count: 3, severity: 'high' as const },
    { count: 5, severity: 'medium' as const },
    { count: 2, severity: 'info' as const },
  ]
  test.each([
    ['low', '0'],
    ['low', '0 1'],
    ['high', '0 1 2'],
    ['high', '0 1 2 3 4 5'],
  ])('is %s for %s', (severity, line) => {
    const alerts = judge(undefined, line, { alert: { severitySteps } })
    expect(alerts.map((alert) => alert.severity)).toEqual([severity])
  })

  test('goes by values where the rule counts those', () => {
    const detect: OracleDetect = { ...threshold, count: 2, distinct: 'country' }
    const alerts = judge(detect, '0:DE 1:FR 2:FR 3:FR', { alert: { severitySteps } })
    expect(alerts).toMatchObject([{ count: 2, severity: 'low' }])
  })

  test('is that of the rule for what has no evidence', () => {
    const detect: OracleDetect = { kind: 'absence', groupBy: ['user'], withinMs: 10_000 }
    const alerts = judge(detect, '0', { alert: { severitySteps } })
    expect(alerts).toMatchObject([{ count: 0, severity: 'low' }])
  })
})

describe('a cut by a person', () => {
  const cutAt = (...seconds: number[]): Setup => {
    return { cuts: seconds.map((second) => ({ group: ['1', 'ann'], at: ms(second) })) }
  }
  const bobs: Setup = { cuts: [{ group: ['1', 'bob'], at: 0 }] }
  const points: readonly Case[] = [
    ['keeps apart what quiet would unite', '0 1 2', '0–1 ×2, 2–2 ×1', cutAt(1)],
    ['lets join what is not after it', '0 1 0.5', '0–1 ×3', cutAt(1)],
    ['of another group is nothing', '0 1', '0–1 ×2', bobs],
    ['may be one of two', '0 1 2', '0–0 ×1, 1–1 ×1, 2–2 ×1', cutAt(1, 0)],
  ]
  for (const [sentence, line, alerts, setup] of points) {
    test(sentence, () => expect(shown(judge(undefined, line, setup))).toBe(alerts))
  }

  const spans: readonly Case[] = [
    ['clips what reaches over it', '0 5 10 15', '0–10 ×3, 15–15 ×1', cutAt(10)],
    ['leaves a part that begins with an event', '0 5 10 12 15', '0–11 ×3, 12–15 ×2', cutAt(11)],
    ['at the end of all changes nothing', '0 5 10', '0–10 ×3', cutAt(10)],
    ['before all changes nothing', '0 5 10', '0–10 ×3', cutAt(-1)],
  ]
  for (const [sentence, line, alerts, setup] of spans) {
    test(sentence, () => expect(shown(judge(threshold, line, setup))).toBe(alerts))
  }

  test('leaves no part of an extent without an event', () => {
    const spike = { groupBy: ['user'], withinMs: 10_000, baselineMs: 30_000, factor: 1, min: 3 }
    const found = (line: string) => shown(judge({ kind: 'spike', ...spike }, line, cutAt(45)))
    expect(found('0 40 41 42')).toBe('40–45 ×3')
    expect(found('0 47 48 49')).toBe('47–49.999 ×3')
    expect(found('0 41 48 49')).toBe('40–45 ×1, 48–49.999 ×2')
  })

  test('belongs to the alert group, not to the group of the detection', () => {
    const setup: Setup = { alert: { groupBy: [] }, cuts: [{ group: ['1'], at: 0 }] }
    expect(shown(judge(each, '0 0@bob 1 1@bob', setup))).toBe('0–0 ×2, 1–1 ×2')
  })
})

const CASES = Number(process.env['CASES'] ?? 100)

describe('the definition by every subset', () => {
  test('a threshold has the extents of all subsets that are large enough', () => {
    fc.assert(
      fc.property(detectionCase('threshold'), ({ input }) => {
        const detect = input.detect as Extract<OracleDetect, { kind: 'threshold' }>
        // One group and few events: there are 2^n subsets.
        const events = input.events.filter((event) => event.contract === '1').slice(0, 9)
        const matching = events.filter(input.conditions)
        const spans = new Set<string>()
        for (let size = 1; size <= matching.length; size += 1) {
          for (const subset of subsetsOf(matching, size)) {
            const times = subset.map((event) => event.time ?? 0)
            const [first, last] = [Math.min(...times), Math.max(...times)]
            const count = detect.distinct ? distinctValues(subset, detect.distinct) : size
            const isOne = last - first <= detect.withinMs && count >= detect.count
            if (isOne) spans.add(`${first} ${last}`)
          }
        }
        const found = detectionsOf({ ...input, detect: { ...detect, groupBy: [] }, events })
        expect(found.map(({ first, last }) => `${first} ${last}`).sort()).toEqual([...spans].sort())
      }),
      { numRuns: CASES },
    )
  })
})

describe.each(KIND_NAMES)('whatever the rule of kind %s', (kind) => {
  test('order, repeats and batches of the events change nothing', () => {
    fc.assert(
      fc.property(detectionCase(kind), ({ input, deliveries }) => {
        expect(oracle({ ...input, events: deliveries.flat() })).toEqual(oracle(input))
      }),
      { numRuns: CASES },
    )
  })

  test('random cases find something often, and often nothing', () => {
    const found = fc
      .sample(detectionCase(kind), { numRuns: 200, seed: 7 })
      .filter(({ input }) => oracle(input).length > 0).length
    expect(found).toBeGreaterThan(40)
    expect(found).toBeLessThan(200)
  })
})

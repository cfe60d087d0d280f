// Owns the proof of thresholds: the table of boundaries, and every subset of small groups.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countDistinct } from '../../../src/core/detection/extent.ts'
import { derive } from '../../../src/core/detection/registry.ts'
import type { Member } from '../../../src/core/detection/member.ts'
import { at, settled, shown, spans, subsetsOf, threshold, unionOf, valued } from './samples.ts'

type Case = readonly [
  name: string,
  detect: readonly [count: number, withinMs: number],
  members: string,
  extents: readonly (readonly [number, number, string])[],
]

describe('a threshold', () => {
  const cases: readonly Case[] = [
    ['of no events is nothing', [1, 10], '', []],
    [
      'of one detects each event, apart',
      [1, 10],
      '0 11',
      [
        [0, 0, '0'],
        [11, 11, '11'],
      ],
    ],
    ['of one unites events within reach of each other', [1, 10], '0 10', [[0, 10, '0 10']]],
    ['is not reached by one event less', [3, 10], '0 5', []],
    ['counts events exactly within apart', [3, 10], '0 5 10', [[0, 10, '0 5 10']]],
    ['does not count events a millisecond further apart', [3, 10], '0 5 11', []],
    ['counts events at the same time', [3, 10], '5a 5b 5c', [[5, 5, '5a 5b 5c']]],
    ['covers what is within reach of enough', [3, 10], '0 8 9 10 18', [[0, 18, '0 8 9 10 18']]],
    ['leaves out what is not part of any', [3, 10], '0 11 12 13 24', [[11, 13, '11 12 13']]],
    [
      'is two when nothing holds them together',
      [2, 10],
      '0 1 20 21',
      [
        [0, 1, '0 1'],
        [20, 21, '20 21'],
      ],
    ],
    ['is one when two share an event', [2, 10], '0 10 20', [[0, 20, '0 10 20']]],
    [
      'is two when spans only touch',
      [2, 10],
      '0 9 20 29',
      [
        [0, 9, '0 9'],
        [20, 29, '20 29'],
      ],
    ],
    ['sorts events itself', [3, 10], '10 0 5', [[0, 10, '0 5 10']]],
    ['counts a repeated event once', [3, 10], '0 5 5 5', []],
  ]
  it.each(cases)('%s', (_name, [count, within], members, extents) => {
    const group = members.split(' ').filter(Boolean).map(at)
    expect(shown(derive(threshold(count, within), group, settled))).toEqual(extents)
  })

  it('is widened by a late event, and never shrunk', () => {
    const detect = threshold(2, 10)
    const group = ['0', '8', '30', '38'].map(at)
    expect(spans(derive(detect, group, settled))).toEqual([
      [0, 8],
      [30, 38],
    ])
    expect(spans(derive(detect, [...group, at('18')], settled))).toEqual([
      [0, 18],
      [30, 38],
    ])
    expect(spans(derive(detect, [...group, at('18'), at('22')], settled))).toEqual([[0, 38]])
  })
})

describe('a threshold of different values', () => {
  const cases: readonly (readonly [...Case, distinct: readonly number[]])[] = [
    ['counts a value once', [2, 10], '0=a 1=a 2=a', [], []],
    ['counts different ones', [2, 10], '0=a 1=b', [[0, 1, '0=a 1=b']], [2]],
    ['does not count events without a value', [2, 10], '0 1=b 2', [], []],
    ['covers events without a value', [2, 10], '0 5=a 6=b 10', [[0, 10, '0 5=a 6=b 10']], [2]],
    [
      'does not reach further than within',
      [2, 10],
      '0=a 1=a 10=a 11=b',
      [[1, 11, '1=a 10=a 11=b']],
      [2],
    ],
    [
      'counts again when a value moved out of the span',
      [2, 10],
      '0=a 5=b 20=a 25=b',
      [
        [0, 5, '0=a 5=b'],
        [20, 25, '20=a 25=b'],
      ],
      [2, 2],
    ],
    [
      'says how many values there are in all',
      [2, 10],
      '0=a 10=b 20=c',
      [[0, 20, '0=a 10=b 20=c']],
      [3],
    ],
  ]
  it.each(cases)('%s', (_name, [count, within], members, extents, distinct) => {
    const group = members.split(' ').map(valued)
    const derived = derive(threshold(count, within, 'ip'), group, settled)
    expect(shown(derived)).toEqual(extents)
    expect(derived.map((extent) => extent.distinct)).toEqual(distinct)
  })
})

const members = fc
  .array(
    fc.record({ time: fc.integer({ min: 0, max: 30 }), value: fc.constantFrom('a', 'b', 'c', '') }),
    { maxLength: 9 },
  )
  .map((all) =>
    all.map(({ time, value }, index): Member => {
      return { id: `e${index}`, time, ...(value !== '' && { value }) }
    }),
  )

describe('any threshold', () => {
  it.each([
    ['of events', undefined],
    ['of different values', 'ip'],
  ])('%s is the union of all sets that qualify', (_name, distinct) => {
    const property = fc.property(
      members,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 12 }),
      (group, count, withinMs) => {
        const qualifying = subsetsOf(group).flatMap((subset): [number, number][] => {
          if (subset.length === 0) return []
          const times = subset.map(({ time }) => time)
          const [first, last] = [Math.min(...times), Math.max(...times)]
          const size = distinct === undefined ? subset.length : countDistinct(subset)
          return last - first <= withinMs && size >= count ? [[first, last]] : []
        })
        const derived = derive(threshold(count, withinMs, distinct), group, settled)
        expect(spans(derived)).toEqual(unionOf(qualifying))
        for (const { first, last, evidence } of derived) {
          const inside = group.filter(({ time }) => time >= first && time <= last)
          expect(new Set(evidence)).toEqual(new Set(inside))
        }
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })
})

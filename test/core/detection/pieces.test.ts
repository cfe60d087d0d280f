// Owns the proof of how extents become alerts in time: union, quiet, cuts, counts.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Extent, countDistinct } from '../../../src/core/detection/extent.ts'
import type { Member } from '../../../src/core/detection/member.ts'
import { uniteExtents } from '../../../src/core/detection/pieces.ts'
import { at, valued } from './samples.ts'

/** `0 5 9`: an extent from the first to the last of its events. */
function extent(text: string): Extent {
  const evidence = text.split(' ').map(at)
  return { first: evidence[0]?.time ?? 0, last: evidence.at(-1)?.time ?? 0, evidence }
}

type Case = readonly [
  name: string,
  extents: readonly string[],
  cuts: readonly number[],
  pieces: readonly (readonly [first: number, last: number, count: number])[],
]

describe('extents become pieces', () => {
  const cases: readonly Case[] = [
    ['of nothing, none', [], [], []],
    ['one for one', ['0 5'], [], [[0, 5, 2]]],
    ['one for two exactly quiet apart', ['0 5', '15 20'], [], [[0, 20, 4]]],
    [
      'two for two further apart',
      ['0 5', '16 20'],
      [],
      [
        [0, 5, 2],
        [16, 20, 2],
      ],
    ],
    [
      'one for two that overlap, counting shared events once',
      ['0 5 9', '5 9 12'],
      [],
      [[0, 12, 4]],
    ],
    ['one for one inside another', ['0 30', '5 6'], [], [[0, 30, 4]]],
    ['one for two held together by a third', ['0 5', '20 25', '12'], [], [[0, 25, 5]]],
    [
      'cut where a person resolved',
      ['0 5', '8 9'],
      [5],
      [
        [0, 5, 2],
        [8, 9, 2],
      ],
    ],
    [
      'with an event at the cut on its left',
      ['5', '6'],
      [5],
      [
        [5, 5, 1],
        [6, 6, 1],
      ],
    ],
    [
      'clipped at a cut, beginning again with an event',
      ['0 5 9'],
      [5],
      [
        [0, 5, 2],
        [9, 9, 1],
      ],
    ],
    [
      'clipped at a cut between events, which the left alert keeps as its last',
      ['0 5 9'],
      [7],
      [
        [0, 7, 2],
        [9, 9, 1],
      ],
    ],
    [
      'clipped at every cut',
      ['0 5 9 12'],
      [2, 9],
      [
        [0, 2, 1],
        [5, 9, 2],
        [12, 12, 1],
      ],
    ],
    ['not changed by cuts elsewhere', ['0 5'], [-3, 5, 8], [[0, 5, 2]]],
    [
      'united on each side of a cut',
      ['0 5', '3 12', '9 20'],
      [10],
      [
        [0, 10, 4],
        [12, 20, 2],
      ],
    ],
  ]
  it.each(cases)('%s', (_name, extents, cuts, pieces) => {
    const united = uniteExtents(extents.map(extent), 10, cuts)
    expect(united.map(({ first, last, count }) => [first, last, count])).toEqual(pieces)
  })

  it('of points without evidence, which count no events', () => {
    const points = [
      { first: 5, last: 5, evidence: [] },
      { first: 8, last: 8, evidence: [] },
    ]
    const [piece, ...others] = uniteExtents(points, 10, [20])
    expect(piece).toEqual({ first: 5, last: 8, evidence: [], count: 0, detections: 2 })
    expect(others).toEqual([])
  })

  it('leaving out the part of an extent that has no event', () => {
    const spike = { first: 0, last: 9, evidence: [at('2')] }
    expect(uniteExtents([spike], 10, [5])).toEqual([
      { first: 0, last: 5, evidence: [at('2')], count: 1, detections: 1 },
    ])
  })

  it('counting different values across all of them', () => {
    const of = (text: string): Extent => {
      const evidence = text.split(' ').map(valued)
      const [first, last] = [evidence[0]?.time ?? 0, evidence.at(-1)?.time ?? 0]
      return { first, last, evidence, distinct: countDistinct(evidence) }
    }
    const [piece] = uniteExtents([of('0=a 1=b'), of('5=b 6=c 7')], 10)
    expect(piece?.count).toBe(3)
    expect(piece?.evidence).toHaveLength(5)
  })
})

describe('a piece behind a cut', () => {
  const links = (extents: readonly string[], cuts: readonly number[]) =>
    uniteExtents(extents.map(extent), 10, cuts).map((piece) => piece.continues)

  it('links to the alert before that it would have joined', () => {
    expect(links(['0 5', '15 16'], [5])).toEqual([undefined, 5])
    expect(links(['0 5 9'], [5])).toEqual([undefined, 5])
    expect(links(['0 5 30'], [5])).toEqual([undefined, 5])
  })

  it('is an alert of its own when quiet parts them anyway', () => {
    expect(links(['0 5', '16 17'], [5])).toEqual([undefined, undefined])
  })

  it('links to the latest of several cuts', () => {
    expect(links(['0 5', '9 10'], [5, 7])).toEqual([undefined, 7])
  })
})

const extents = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 60 }), fc.array(fc.nat(12), { maxLength: 3 })),
  { maxLength: 8 },
)

describe('any extents', () => {
  it('are united alike in any order, and a member is in one piece at most', () => {
    const property = fc.property(
      extents,
      fc.array(fc.nat(70), { maxLength: 2 }),
      fc.nat(8),
      (drawn, cuts, quietMs) => {
        const all = drawn.map(([start, steps]): Extent => {
          const times = [...new Set([start, ...steps.map((step) => start + step)])].sort(
            (a, b) => a - b,
          )
          const evidence = times.map((time): Member => ({ id: `e${time}`, time }))
          return { first: start, last: times.at(-1) ?? start, evidence }
        })
        const pieces = uniteExtents(all, quietMs, cuts)
        expect(uniteExtents(all.toReversed(), quietMs, cuts)).toEqual(pieces)
        const ids = pieces.flatMap(({ evidence }) => evidence.map(({ id }) => id))
        expect(ids).toEqual([...new Set(ids)])
        expect(new Set(ids)).toEqual(
          new Set(all.flatMap(({ evidence }) => evidence.map(({ id }) => id))),
        )
        for (const [index, { first, last }] of pieces.entries()) {
          expect(cuts.some((cut) => first <= cut && cut < last)).toBe(false)
          const before = pieces[index - 1]
          if (before === undefined) continue
          const isCut = cuts.some((cut) => before.last <= cut && cut < first)
          expect(first - before.last > quietMs || isCut).toBe(true)
        }
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })
})

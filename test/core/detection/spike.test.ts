// Owns the proof of spikes: the table of boundaries, and the mean counted out plainly.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Member } from '../../../src/core/detection/member.ts'
import { derive } from '../../../src/core/detection/registry.ts'
import { type DetectOf, settled, shown, spans } from './samples.ts'

const WITHIN_MS = 10

function spike(options: Partial<DetectOf<'spike'>> = {}): DetectOf<'spike'> {
  return {
    kind: 'spike',
    groupBy: [],
    withinMs: WITHIN_MS,
    baselineMs: 40,
    factor: 2,
    min: 2,
    ...options,
  }
}

/** `1 0 2`: one event in the first span, none in the second, two in the third. */
function group(counts: string, from = 0): readonly Member[] {
  return counts.split(' ').flatMap((count, span) =>
    Array.from({ length: Number(count) }, (_, index): Member => {
      return { id: `e${span}.${index}`, time: (from + span) * WITHIN_MS + (index % 10) }
    }),
  )
}

describe('a spike', () => {
  type Case = readonly [
    name: string,
    options: Partial<DetectOf<'spike'>>,
    counts: string,
    spikes: readonly number[],
  ]
  const cases: readonly Case[] = [
    ['is a span with factor times the mean before', {}, '1 1 1 2', [3]],
    ['is not less than that', { factor: 2.5 }, '1 1 1 2', []],
    ['needs three earlier spans', {}, '1 1 9', []],
    ['needs min events', { min: 3 }, '1 1 1 2', []],
    ['counts empty spans into the mean', {}, '3 0 0 2', [3]],
    ['counts no spans before the first event', {}, '0 0 0 1 1 9', []],
    ['compares with the baseline only', {}, '9 1 1 1 1 2', [5]],
    ['counts a span that lies in the baseline as a whole', { baselineMs: 49 }, '9 1 1 1 1 2', [5]],
    ['counts one span more when the baseline is as long', { baselineMs: 50 }, '9 1 1 1 1 2', []],
    ['has nothing to compare with but silence', {}, '1 0 0 0 0 2', [5]],
    ['may be followed by another', {}, '1 1 1 3 4', [3, 4]],
    ['takes a factor for what it says: 33 are 2.2 times 15', { factor: 2.2 }, '15 15 15 33', [3]],
  ]
  it.each(cases)('%s', (_name, options, counts, spikes) => {
    const derived = derive(spike(options), group(counts), settled)
    expect(spans(derived)).toEqual(spikes.map((span) => [span * 10, span * 10 + 9]))
  })

  it('has the events of its span as evidence', () => {
    expect(shown(derive(spike(), group('1 1 1 2'), settled))).toEqual([[30, 39, '3.0 3.1']])
  })

  it('is counted from the epoch, before it too', () => {
    const events = [-11, -10, -1].map((time): Member => ({ id: `e${time}`, time }))
    const detect = spike({ min: 2, factor: 1 })
    expect(spans(derive(detect, events, { ...settled, groupFirst: -100 }))).toEqual([[-10, -1]])
  })

  it('is withdrawn by a late event before it, and made by one inside it', () => {
    const late: Member = { id: 'late', time: 15 }
    expect(derive(spike(), [...group('1 1 1 2'), late], settled)).toEqual([])
    const inside: Member = { id: 'inside', time: 39 }
    expect(spans(derive(spike({ factor: 3 }), [...group('1 1 1 2'), inside], settled))).toEqual([
      [30, 39],
    ])
  })

  it('is made by a late first event that adds empty spans to the mean', () => {
    expect(derive(spike(), group('2 0 2', 2), settled)).toEqual([])
    const early: Member = { id: 'early', time: 0 }
    expect(spans(derive(spike(), [early, ...group('2 0 2', 2)], settled))).toEqual([[40, 49]])
  })

  it('is what counting each span out says', () => {
    const property = fc.property(
      fc.array(fc.nat(6), { minLength: 1, maxLength: 14 }),
      fc.constantFrom(1, 1.5, 2, 3),
      fc.integer({ min: 3, max: 6 }),
      (counts, factor, width) => {
        const detect = spike({ factor, baselineMs: width * WITHIN_MS })
        const start = counts.findIndex((count) => count > 0)
        const spikes = counts.flatMap((count, span) => {
          const before = counts.slice(Math.max(start, span - width, 0), span)
          const sum = before.reduce((total, one) => total + one, 0)
          const isSpike = before.length >= 3 && count >= 2 && count * before.length >= factor * sum
          return start >= 0 && isSpike ? [[span * 10, span * 10 + 9]] : []
        })
        expect(spans(derive(detect, group(counts.join(' ')), settled))).toEqual(spikes)
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })
})

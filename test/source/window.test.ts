import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatTime,
  formatWindow,
  halve,
  hotSpan,
  nextWidth,
  splitByTimes,
  splitSpan,
  subtractSpans,
  sweepSpan,
} from '../../src/source/window.ts'
import type { Span } from '../../src/state/stores.ts'

const at = (time: string): number => Date.parse(`2026-11-20T${time}Z`)
const span = (from: string, to: string): Span => ({ from: at(from), to: at(to) })

describe('the span of a hot read', () => {
  it.each([
    [
      'begins before the mark and ends at the last whole second',
      '09:00:00',
      '09:00:30.900',
      span('08:58:00', '09:00:30'),
    ],
    [
      'rounds a mark within a second down',
      '09:00:00.700',
      '09:00:30',
      span('08:58:00', '09:00:30'),
    ],
    [
      'is all that was missed after an outage',
      '05:00:00',
      '09:00:00',
      span('04:58:00', '09:00:00'),
    ],
    ['is nothing while the clock is far behind the mark', '09:00:00', '08:57:00', undefined],
  ])('%s', (_name, mark, now, expected) => {
    expect(hotSpan({ markMs: at(mark), nowMs: at(now), overlapMs: 120_000 })).toEqual(expected)
  })
})

describe('the span of a sweep', () => {
  const plan = { nowMs: at('09:00:10.5'), markMs: at('09:00:00'), reachMs: 900_000, sinceMs: 0 }
  it('reaches back from now, and not beyond the mark', () => {
    expect(sweepSpan(plan)).toEqual(span('08:45:10', '09:00:00'))
  })
  it('does not reach behind the begin of reading', () => {
    expect(sweepSpan({ ...plan, sinceMs: at('08:50:00') })).toEqual(span('08:50:00', '09:00:00'))
  })
  it('is nothing when reading has just begun', () => {
    expect(sweepSpan({ ...plan, sinceMs: at('09:00:00') })).toBeUndefined()
  })
})

const inside = (time: number, spans: readonly Span[]): boolean =>
  spans.some(({ from, to }) => time >= from && time < to)

describe('cutting', () => {
  it('gives pieces of an hour at most, oldest first', () => {
    expect([...splitSpan(span('07:30:00', '09:00:00'))]).toEqual([
      span('07:30:00', '08:30:00'),
      span('08:30:00', '09:00:00'),
    ])
  })

  it('halves at whole seconds, and not below one', () => {
    expect(halve(span('09:00:00', '09:00:03'))).toEqual([
      span('09:00:00', '09:00:01'),
      span('09:00:01', '09:00:03'),
    ])
    expect(halve(span('09:00:00', '09:00:01'))).toBeUndefined()
  })

  it('leaves of a span exactly what no hole covers', () => {
    const small = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 10 }))
      .map(([from, width]) => ({ from, to: from + width }))
    fc.assert(
      fc.property(small, fc.array(small, { maxLength: 5 }), (whole, holes) => {
        const rest = subtractSpans(whole, holes)
        for (let t = 0; t < 45; t += 1) {
          expect(inside(t, rest)).toBe(inside(t, [whole]) && !inside(t, holes))
        }
      }),
    )
  })

  it('widens quiet windows of a download up to a day and narrows busy ones', () => {
    const hour = 3_600_000
    expect(nextWidth(hour, 10)).toBe(2 * hour)
    expect(nextWidth(20 * hour, 0)).toBe(24 * hour)
    expect(nextWidth(hour, 500)).toBe(hour)
    expect(nextWidth(hour, 5_000)).toBe(hour / 2)
    expect(nextWidth(1_000, 5_000)).toBe(1_000)
  })
})

describe('writing times', () => {
  it('uses the one documented form', () => {
    expect(formatTime(at('09:00:00.999'))).toBe('2026-11-20T09:00:00Z')
  })
  it('names the second date only when it is another one', () => {
    expect(formatWindow(span('09:00:00', '10:00:00'))).toBe('2026-11-20 09:00:00–10:00:00')
    expect(formatWindow({ from: at('23:00:00'), to: at('23:00:00') + 7_200_000 })).toBe(
      '2026-11-20 23:00:00–2026-11-21 01:00:00',
    )
  })
})

describe('cutting by the times of what lies in a window', () => {
  const window = span('09:00:00', '09:01:00')
  const times = (...texts: string[]) => texts.map(at)

  it.each([
    ['nothing known: one part', [], 2, [['09:00:00', '09:01:00']]],
    ['few enough: one part', times('09:00:10', '09:00:20'), 2, [['09:00:00', '09:01:00']]],
    [
      'too many: cut before the one that is too much',
      times('09:00:10', '09:00:20', '09:00:30'),
      2,
      [
        ['09:00:00', '09:00:30'],
        ['09:00:30', '09:01:00'],
      ],
    ],
    [
      'a crowded second stays in one part',
      times('09:00:05', '09:00:10.1', '09:00:10.2', '09:00:10.9', '09:00:40'),
      2,
      [
        ['09:00:00', '09:00:10'],
        ['09:00:10', '09:00:40'],
        ['09:00:40', '09:01:00'],
      ],
    ],
    [
      'times outside are none of its business',
      times('08:59:59', '09:00:10', '09:01:00'),
      1,
      [['09:00:00', '09:01:00']],
    ],
  ] as const)('%s', (_name, found, rowsMax, parts) => {
    expect(splitByTimes(window, found, rowsMax)).toEqual(parts.map(([from, to]) => span(from, to)))
  })
})

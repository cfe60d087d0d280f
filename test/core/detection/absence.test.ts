// Owns the proof of absences: the table of boundaries, marks, gaps and timers.
import { describe, expect, it } from 'vitest'
import type { DeriveContext } from '../../../src/core/detection/extent.ts'
import { derive, timersOf } from '../../../src/core/detection/registry.ts'
import { at } from './samples.ts'

const detect = { kind: 'absence', groupBy: [], withinMs: 10 } as const

function ends(members: string, context: Partial<DeriveContext>): readonly number[] {
  const group = members.split(' ').filter(Boolean).map(at)
  const derived = derive(detect, group, { markMs: 1000, settleMs: 0, gaps: [], ...context })
  expect(
    derived.every(({ first, last, evidence }) => first === last && evidence.length === 0),
  ).toBe(true)
  return derived.map(({ last }) => last)
}

describe('an absence', () => {
  type Case = readonly [
    name: string,
    members: string,
    context: Partial<DeriveContext>,
    ends: readonly number[],
  ]
  const cases: readonly Case[] = [
    ['is none of a group never heard', '', {}, []],
    ['comes within after the last event', '0', {}, [10]],
    ['is broken by an event exactly within later', '0 10', { markMs: 12 }, []],
    ['is not by one a millisecond later', '0 11', { markMs: 12 }, [10]],
    ['is found in the middle', '0 20 25', {}, [10, 35]],
    ['is one for events at the same time', '0a 0b', {}, [10]],
    ['waits for the mark', '0', { markMs: 9 }, []],
    ['is told when the mark reaches its end', '0', { markMs: 10 }, [10]],
    ['waits for settle behind the mark', '0', { markMs: 14, settleMs: 5 }, []],
    ['is told when the mark has settled', '0', { markMs: 15, settleMs: 5 }, [10]],
    ['is not told where the log has a gap', '0', { gaps: [{ from: 5, to: 6 }] }, []],
    [
      'is not told where a gap ends behind its first moment',
      '0',
      { gaps: [{ from: -5, to: 1 }] },
      [],
    ],
    ['is told where a gap ends with the event', '0', { gaps: [{ from: -5, to: 0 }] }, [10]],
    ['is not told where a gap begins at its end', '0', { gaps: [{ from: 10, to: 20 }] }, []],
    ['is told where a gap begins behind it', '0', { gaps: [{ from: 11, to: 20 }] }, [10]],
    ['is not told where a gap is longer than it', '0', { gaps: [{ from: -5, to: 20 }] }, []],
    ['is told beside a gap elsewhere', '0 30', { gaps: [{ from: 2, to: 3 }] }, [40]],
  ]
  it.each(cases)('%s', (_name, members, context, expected) => {
    expect(ends(members, context)).toEqual(expected)
  })

  it('waits for ever when nothing was evaluated', () => {
    expect(derive(detect, [at('0')], { settleMs: 0, gaps: [] })).toEqual([])
  })

  it('is withdrawn by a late event, and comes after that one', () => {
    expect(ends('0', {})).toEqual([10])
    expect(ends('0 4', {})).toEqual([14])
  })
})

describe('timers of an absence', () => {
  const timers = (members: string, context: DeriveContext) =>
    timersOf(detect, members.split(' ').map(at), context)

  it('are due within and settle after the last event, once', () => {
    expect(timers('0 20a 20b', { settleMs: 5, gaps: [] })).toEqual([
      { markMs: 15, time: 0 },
      { markMs: 35, time: 20 },
    ])
  })

  it('are gone when the mark has passed', () => {
    expect(timers('0 20', { markMs: 15, settleMs: 5, gaps: [] })).toEqual([
      { markMs: 35, time: 20 },
    ])
  })

  it('stay where the log has a gap, which may be read after all', () => {
    const context = { markMs: 0, settleMs: 5, gaps: [{ from: 1, to: 2 }] }
    expect(timers('0', context)).toEqual([{ markMs: 15, time: 0 }])
  })

  it('are none for kinds that speak of what happened', () => {
    const spike = {
      kind: 'spike',
      groupBy: [],
      withinMs: 10,
      baselineMs: 30,
      factor: 1,
      min: 1,
    } as const
    expect(timersOf(spike, [at('0')], { settleMs: 0, gaps: [] })).toEqual([])
    expect(timersOf(undefined, [at('0')], { settleMs: 0, gaps: [] })).toEqual([])
  })
})

// Owns the proof of first sightings: the table of boundaries, and that condensing loses nothing.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Member } from '../../../src/core/detection/member.ts'
import { condense, derive } from '../../../src/core/detection/registry.ts'
import { type DetectOf, settled, shown, valued } from './samples.ts'

function firstSeen(historyMs: number, learnMs: number): DetectOf<'firstSeen'> {
  return { kind: 'firstSeen', groupBy: ['user'], value: ['country'], historyMs, learnMs }
}

type Case = readonly [
  name: string,
  spans: readonly [historyMs: number, learnMs: number],
  members: string,
  starts: readonly string[],
]

describe('a first sighting', () => {
  const cases: readonly Case[] = [
    ['is none while the group is learned', [100, 10], '0=a 9=b', []],
    ['is one exactly learn after the first event', [100, 10], '0=a 10=b', ['10=b']],
    ['is not a value seen before', [100, 10], '0=a 50=a', []],
    ['is not a value seen exactly history before', [100, 10], '0=a 100=a', []],
    ['is a value not seen for longer', [100, 10], '0=a 101=a', ['101=a']],
    ['goes by the last sighting, not by the first', [100, 10], '0=a 90=a 180=a', []],
    ['is the first event of its session only', [100, 10], '0=a 20=b 21=b 22=b', ['20=b']],
    ['is each value for itself', [100, 10], '0=a 20=b 20=c', ['20=b', '20=c']],
    ['is the lower id of two at the same time', [100, 10], '0=a 20y=b 20x=b', ['20x=b']],
    ['may be the very first event when nothing is learned', [100, 0], '0=a', ['0=a']],
    ['is none without a value', [100, 10], '0=a 20', []],
    ['is learned from the first event with a value', [100, 10], '0 15=a 20=b 25=c', ['25=c']],
  ]
  it.each(cases)('%s', (_name, [history, learn], members, starts) => {
    const derived = derive(firstSeen(history, learn), members.split(' ').map(valued), settled)
    const expected = starts.map((id) => [Number.parseInt(id, 10), Number.parseInt(id, 10), id])
    expect(shown(derived)).toEqual(expected)
  })

  it('moves to a late event before it, and goes when one shortly before the group was learned', () => {
    const starts = (members: string) =>
      shown(derive(firstSeen(100, 10), members.split(' ').map(valued), settled)).map(
        ([first]) => first,
      )
    expect(starts('0=a 50=b')).toEqual([50])
    expect(starts('0=a 50=b 40=b')).toEqual([40])
    expect(starts('0=a 50=b 40=b 5=b')).toEqual([])
  })

  it('is made by a late event that lets the group be known for longer', () => {
    const group = ['5=a', '12=b'].map(valued)
    expect(derive(firstSeen(100, 10), group, settled)).toEqual([])
    expect(shown(derive(firstSeen(100, 10), [...group, valued('2=a')], settled))).toEqual([
      [12, 12, '12=b'],
    ])
    expect(shown(derive(firstSeen(100, 10), group, { ...settled, groupFirst: 2 }))).toEqual([
      [12, 12, '12=b'],
    ])
  })

  it('is withdrawn at a session that a late event joins to the one before', () => {
    const group = ['0=a', '101=a'].map(valued)
    expect(shown(derive(firstSeen(100, 10), group, settled))).toEqual([[101, 101, '101=a']])
    expect(derive(firstSeen(100, 10), [...group, valued('50=a')], settled)).toEqual([])
  })
})

const members = fc
  .array(
    fc.record({ time: fc.integer({ min: 0, max: 60 }), value: fc.constantFrom('a', 'b', 'c') }),
    {
      maxLength: 20,
    },
  )
  .map((all) => all.map((one, index): Member => ({ id: `e${index}`, ...one })))

describe('condensed members', () => {
  it('are one for each session', () => {
    const group = ['0=a', '8=a', '16=a', '30=a', '4=b'].map(valued)
    expect(condense(firstSeen(10, 0), group)).toEqual([
      { ...valued('0=a'), until: 16 },
      valued('4=b'),
      valued('30=a'),
    ])
  })

  it('say the same as all of them, whatever comes later or again', () => {
    const property = fc.property(members, fc.nat(20), fc.nat(20), (group, split, repeated) => {
      const detect = firstSeen(7, 12)
      const early = condense(detect, group.slice(0, split))
      const both = [...group.slice(Math.min(split, repeated)), ...early]
      expect(condense(detect, both)).toEqual(condense(detect, group))
      expect(derive(detect, both, settled)).toEqual(derive(detect, group, settled))
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('are all members where nothing can be left out', () => {
    const detect = { kind: 'absence', groupBy: [], withinMs: 10 } as const
    const group = ['5=a', '0=a'].map(valued)
    expect(condense(detect, group)).toEqual(group.toReversed())
  })
})

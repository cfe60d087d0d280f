// Owns the proof of sequences: the table of boundaries, and every choice of events of small groups.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeriveContext } from '../../../src/core/detection/extent.ts'
import type { Member } from '../../../src/core/detection/member.ts'
import { derive, timersOf } from '../../../src/core/detection/registry.ts'
import { type DetectOf, fulfilling, sequence, settled, shown, spans, unionOf } from './samples.ts'

type Case = readonly [
  name: string,
  steps: string,
  members: string,
  extents: readonly (readonly [number, number, string])[],
]

const WITHIN_MS = 10

/** A small group for each of hundreds of shapes and ties; more by hand. */
const RUNS = 2_000

function deriveText(steps: string, members: string, context = settled) {
  const detect = sequence(WITHIN_MS, steps.split(' '))
  const group = members.split(' ').map((text) => fulfilling(detect, text))
  return derive(detect, group, context)
}

describe('a sequence', () => {
  const cases: readonly Case[] = [
    ['needs its steps in order', 'A B', '0B 1A', []],
    ['is found', 'A B', '0A 1B', [[0, 1, '0A 1B']]],
    ['may be exactly within long', 'A B', '0A 10B', [[0, 10, '0A 10B']]],
    ['may not be longer', 'A B', '0A 11B', []],
    ['may have its steps at the same time, whatever the ids', 'A B', '5B 5A', [[5, 5, '5A 5B']]],
    ['needs an event for each step', 'A B', '5AB', []],
    ['lets one event stand for the one or the other step', 'A B', '5AB 6AB', [[5, 6, '5AB 6AB']]],
    [
      'gives events at the same time to the steps that need them',
      'A B',
      '5A 5AB',
      [[5, 5, '5A 5AB']],
    ],
    [
      'finds the one way to share out events at one time',
      'A B C',
      '5AB 5BC 5A',
      [[5, 5, '5A 5AB 5BC']],
    ],
    ['can run out of events at one time', 'A2 B', '5AB 5AB2', []],
    ['covers all chains, not only the shortest', 'A B', '0A 1A 5B 9B', [[0, 9, '0A 1A 5B 9B']]],
    ['does not cover events too far from the others', 'A B', '0A 5A 14B', [[5, 14, '5A 14B']]],
    ['has step events only as evidence', 'A !X B', '0A 5B 6X 7B', [[0, 5, '0A 5B']]],
    [
      'is two when chains are apart',
      'A B',
      '0A 1B 20A 21B',
      [
        [0, 1, '0A 1B'],
        [20, 21, '20A 21B'],
      ],
    ],
    ['is one when chains share a moment', 'A B', '0A 9B 9A 18B', [[0, 18, '0A 9A 9B 18B']]],
    ['takes a repeated event once', 'A2 B', '0A 0A 1B', []],
  ]
  it.each(cases)('%s', (_name, steps, members, extents) => {
    expect(shown(deriveText(steps, members))).toEqual(extents)
  })
})

describe('a step with a count', () => {
  const cases: readonly Case[] = [
    ['needs that many events', 'A3 B', '0A 1A 5B', []],
    ['begins with the first of them', 'A3 B', '0A 1A 2A 5B', [[0, 5, '0A 1A 2A 5B']]],
    ['may leave events out', 'A2 B', '0A 1A 2A 10B', [[0, 10, '0A 1A 2A 10B']]],
    ['needs all of them before the next step', 'A2 B', '0A 1B 2A', []],
    ['may end with the last of them', 'A B2', '0A 1B 2B 3B', [[0, 3, '0A 1B 2B 3B']]],
    ['fits into within with the others', 'A2 B', '0A 5A 11B', []],
    ['may happen at once', 'A3 B', '5A1 5A2 5A3 5B', [[5, 5, '5A1 5A2 5A3 5B']]],
  ]
  it.each(cases)('%s', (_name, steps, members, extents) => {
    expect(shown(deriveText(steps, members))).toEqual(extents)
  })
})

describe('an absent step', () => {
  const cases: readonly Case[] = [
    ['keeps the sequence from being', 'A !X B', '0A 1X 2B', []],
    ['may happen before and after', 'A !X B', '0X 1A 2B 3X', [[1, 2, '1A 2B']]],
    ['may happen at the time of its neighbours', 'A !X B', '1A 1X 2X 2B', [[1, 2, '1A 2B']]],
    ['is escaped by a later event of the step before', 'A !X B', '0A 1X 2A 3B', [[2, 3, '2A 3B']]],
    ['is escaped in the middle', 'A B !X C', '0A 1B 2X 3B 4C', [[0, 4, '0A 1B 3B 4C']]],
    ['lies behind the last of several', 'A2 !X B', '0A 1X 2A 3B', [[0, 3, '0A 2A 3B']]],
    ['lies before the first of several', 'A !X B2', '0A 1B 2X 3B', [[0, 3, '0A 1B 3B']]],
    ['may be fulfilled by an event of its neighbours', 'A !X B', '0AX 5BX', [[0, 5, '0AX 5BX']]],
    [
      'does not hide a chain around another one',
      'A !X B C',
      '0A 1B 2X 4A 6B 7C',
      [[0, 7, '0A 1B 4A 6B 7C']],
    ],
  ]
  it.each(cases)('%s', (_name, steps, members, extents) => {
    expect(shown(deriveText(steps, members))).toEqual(extents)
  })

  it('that comes late shrinks the extent, or withdraws it', () => {
    expect(spans(deriveText('A !X B', '0A 1A 5B'))).toEqual([[0, 5]])
    expect(spans(deriveText('A !X B', '0A 1A 2X 4A 5B'))).toEqual([[4, 5]])
    expect(spans(deriveText('A !X B', '0A 1A 2X 5B'))).toEqual([])
  })
})

describe('an absent last step', () => {
  const cases: readonly Case[] = [
    ['must not occur within after the first event', 'A B !X', '0A 1B 10X', []],
    ['may occur later than that', 'A B !X', '0A 1B 11X', [[0, 1, '0A 1B']]],
    ['may occur at the time of the last event', 'A B !X', '0A 1B 1X', [[0, 1, '0A 1B']]],
    ['may occur before a later last event', 'A B !X', '0A 1B 5X 9B', [[0, 9, '0A 1B 9B']]],
    ['counts from the first event of each chain', 'A B !X', '0A 2A 3B 11X', [[0, 3, '0A 2A 3B']]],
    ['may follow one event', 'A !X', '0A 5A 12X', [[0, 0, '0A']]],
    [
      'withdraws what a chain further on keeps',
      'A B !X',
      '0A 1B 5A 6B 8X 30A 31B',
      [[30, 31, '30A 31B']],
    ],
  ]
  it.each(cases)('%s', (_name, steps, members, extents) => {
    expect(shown(deriveText(steps, members))).toEqual(extents)
  })

  it('waits for the mark to pass within after the first event, and settle', () => {
    const context = (markMs: number): DeriveContext => ({ markMs, settleMs: 3, gaps: [] })
    expect(spans(deriveText('A B !X', '0A 1B', context(12)))).toEqual([])
    expect(spans(deriveText('A B !X', '0A 1B', context(13)))).toEqual([[0, 1]])
    expect(deriveText('A B !X', '0A 1B', { settleMs: 3, gaps: [] })).toEqual([])
  })

  it('has a timer for each chain that waits', () => {
    const detect = sequence(WITHIN_MS, ['A', 'B', '!X'])
    const group = ['0A', '4A', '5B', '20A', '21B', '30X', '40A'].map((text) =>
      fulfilling(detect, text),
    )
    const timers = (markMs: number) => timersOf(detect, group, { markMs, settleMs: 3, gaps: [] })
    expect(timers(0)).toEqual([
      { markMs: 13, time: 0 },
      { markMs: 17, time: 4 },
    ])
    expect(timers(13)).toEqual([{ markMs: 17, time: 4 }])
    expect(timers(17)).toEqual([])
  })

  it('elsewhere needs no timer', () => {
    const detect = sequence(WITHIN_MS, ['A', '!X', 'B'])
    const group = ['0A', '4B'].map((text) => fulfilling(detect, text))
    expect(timersOf(detect, group, { ...settled, markMs: 0 })).toEqual([])
  })
})

describe('a long sequence', () => {
  it('of many steps and events takes no time that grows with their combinations', () => {
    const detect = sequence(
      1_000_000,
      'ABCDEFGHIJ'
        .split('')
        .flatMap((name) => [name, `!${name}x`])
        .slice(0, -1),
    )
    const present = detect.steps.reduce(
      (bits, { absent }, index) => (absent ? bits : bits | (1 << index)),
      0,
    )
    const group = Array.from({ length: 10_000 }, (_, index): Member => {
      return { id: `e${index}`, time: Math.floor(index / 3), steps: present }
    })
    expect(spans(derive(detect, group, settled))).toEqual([[0, 3333]])
  })
})

/** Every choice of events for the slots of a sequence, in the order of the definition. */
function chainsByForce(
  { steps, withinMs }: DetectOf<'sequence'>,
  members: readonly Member[],
  silenceMark: number,
): readonly [number, number][] {
  const chains: [number, number][] = []
  const has = (member: Member, index: number) => ((member.steps ?? 0) & (1 << index)) !== 0
  const occurs = (index: number, after: number, before: number) =>
    members.some((member) => has(member, index) && member.time > after && member.time < before)

  function pick(index: number, picked: readonly Member[], previousMax: number): void {
    const step = steps[index]
    const first = Math.min(...picked.map(({ time }) => time))
    const last = Math.max(...picked.map(({ time }) => time))
    if (step === undefined || (step.absent && index === steps.length - 1)) {
      if (last - first > withinMs) return
      const isSilent =
        step === undefined ||
        (first + withinMs <= silenceMark && !occurs(index, last, first + withinMs + 1))
      if (isSilent) chains.push([first, last])
      return
    }
    if (step.absent) {
      pick(index + 1, picked, previousMax)
      return
    }
    for (const chosen of choose(members, step.count)) {
      const times = chosen.map(({ time }) => time)
      const min = Math.min(...times)
      if (min < previousMax || chosen.some((one) => picked.includes(one) || !has(one, index)))
        continue
      if (index > 0 && steps[index - 1]?.absent === true && occurs(index - 1, previousMax, min))
        continue
      pick(index + 1, [...picked, ...chosen], Math.max(...times))
    }
  }
  pick(0, [], -Infinity)
  return chains
}

function choose<T>(items: readonly T[], count: number): readonly (readonly T[])[] {
  if (count === 0) return [[]]
  return items.flatMap((item, index) =>
    choose(items.slice(index + 1), count - 1).map((rest) => [item, ...rest]),
  )
}

const SHAPES = [
  'A B',
  'A !X B',
  'A2 B',
  'A !X B2',
  'A2 !X B2',
  'A B C',
  'A !X B C',
  'A B !X C',
  'A !X B !Y C',
  'A !X',
  'A B !X',
  'A2 !X',
  'A !X B !Y',
  'A3',
  'A5',
  'A B2 C',
  'A4 B',
  'A !X B4',
  'A2 !X B !Y',
  'A4 !X B3 !Y',
]

describe('any sequence', () => {
  it.each([
    ['with times apart', 40],
    ['with many events at the same time', 4],
  ])('%s is the union of all chains', (_name, timeMax) => {
    const property = fc.property(
      fc.constantFrom(...SHAPES),
      fc.integer({ min: 1, max: timeMax }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: timeMax }), fc.integer({ min: 1, max: 31 })), {
        maxLength: 9,
      }),
      fc.integer({ min: 0, max: 3 * timeMax }),
      (shape, withinMs, events, markMs) => {
        const detect = sequence(withinMs, shape.split(' '))
        const group = events.map(
          ([time, steps], index): Member => ({ id: `e${index}`, time, steps }),
        )
        const derived = derive(detect, group, { markMs, settleMs: 0, gaps: [] })
        expect(spans(derived)).toEqual(unionOf(chainsByForce(detect, group, markMs)))
        const pending = timersOf(detect, group, { markMs, settleMs: 0, gaps: [] })
        const later = chainsByForce(detect, group, Infinity).map(([first]) => first)
        const isWaiting = shape.split(' ').at(-1)?.startsWith('!') === true
        const waiting = isWaiting ? later.filter((first) => first + withinMs > markMs) : []
        expect(new Set(pending.map(({ time }) => time))).toEqual(new Set(waiting))
      },
    )
    fc.assert(property, { numRuns: RUNS })
  })
})

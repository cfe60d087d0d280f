// Owns the proof that detections are a function of the set of members and the mark: kept up step by
// step from neighbourhoods, in any order, with crashes, they equal those derived from everything.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeriveContext, Extent, Reach } from '../../../src/core/detection/extent.ts'
import { type Member, compareMembers, orderMembers } from '../../../src/core/detection/member.ts'
import {
  condense,
  derive,
  neighbourhood,
  reachMs,
  replaceDetections,
  timersOf,
} from '../../../src/core/detection/registry.ts'
import type { Detect } from '../../../src/core/rule-detect.ts'
import { sequence, threshold } from './samples.ts'

/** Enough to find a counterexample that needs a handful of events; 100 times as many by hand. */
const RUNS = 600

const TIME_MAX = 120

type Keep = { readonly condensed: boolean }

/** A group as a store would keep it: what is added is kept, what is derived replaces what was. */
function createGroup(detect: Detect | undefined, context: DeriveContext, { condensed }: Keep) {
  let members: readonly Member[] = []
  let stored: readonly Extent[] = []
  let { markMs = 0 } = context

  function add(batch: readonly Member[]): void {
    const all = [...members, ...batch]
    members = condensed ? condense(detect, all) : orderMembers(all)
  }

  function judge(around: Reach): void {
    const groupFirst = members[0]?.time ?? 0
    const near = neighbourhood(detect, around, groupFirst)
    const { from, to } = near.read
    const read = members.filter(({ time, until = time }) => until >= from && time <= to)
    const derived = derive(detect, read, { ...context, markMs, groupFirst })
    stored = replaceDetections(detect, stored, derived, near)
  }

  return {
    add,
    process(batch: readonly Member[]): void {
      if (batch.length === 0) return
      add(batch)
      const times = batch.map(({ time }) => time)
      judge({ from: Math.min(...times), to: Math.max(...times) })
    },
    advance(byMs: number): void {
      const pending = timersOf(detect, members, { ...context, markMs })
      markMs += byMs
      for (const { time } of pending.filter((timer) => timer.markMs <= markMs)) {
        judge({ from: time, to: time })
      }
    },
    stored: () => stored,
    mark: () => markMs,
  }
}

const within = fc.integer({ min: 1, max: 25 })

const PLACES = [
  { latitude: 0, longitude: 0 },
  { latitude: 0, longitude: 0.0003 },
  { latitude: 0, longitude: 0.002 },
  { latitude: 0, longitude: -0.004 },
]

/** Kinds whose limits fit events of a tenth of a second; hours would need no other code. */
const kinds: Readonly<Record<string, fc.Arbitrary<Detect | undefined>>> = {
  'no window': fc.constant(undefined),
  threshold: fc.tuple(fc.integer({ min: 1, max: 4 }), within).map((args) => threshold(...args)),
  'threshold of values': fc
    .tuple(fc.integer({ min: 1, max: 3 }), within)
    .map(([count, withinMs]) => threshold(count, withinMs, 'ip')),
  firstSeen: fc
    .record({ historyMs: within, learnMs: fc.nat(40) })
    .map((spans) => ({ kind: 'firstSeen', groupBy: [], value: ['country'], ...spans })),
  sequence: fc
    .tuple(
      fc.constantFrom(
        'A B',
        'A2 B',
        'A !X B',
        'A B !X C',
        'A2 !X B2',
        'A !X',
        'A B !X',
        'A !X B !Y',
      ),
      within,
    )
    .map(([steps, withinMs]) => sequence(withinMs, steps.split(' '))),
  spike: fc
    .record({
      withinMs: fc.integer({ min: 2, max: 8 }),
      spans: fc.integer({ min: 6, max: 13 }),
      factor: fc.constantFrom(0.5, 1, 1.5, 2),
      min: fc.integer({ min: 1, max: 2 }),
    })
    .map(({ withinMs, spans, ...rest }) => {
      return { kind: 'spike', groupBy: [], withinMs, baselineMs: (spans / 2) * withinMs, ...rest }
    }),
  absence: within.map((withinMs) => ({ kind: 'absence', groupBy: [], withinMs })),
  // 0.2 km within the at least one second of the shortest time apart; half of the earth in 40 ms.
  travel: fc
    .constantFrom(100, 500, 1_800_000_000)
    .map((maxSpeedKmh) => ({ kind: 'travel', groupBy: [], maxSpeedKmh, minDistanceKm: 0.1 })),
}

const members = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: TIME_MAX }),
      steps: fc.integer({ min: 1, max: 15 }),
      value: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
      place: fc.constantFrom(...PLACES),
    }),
    { maxLength: 24 },
  )
  .map((all) =>
    all.map(({ value, ...rest }, index): Member => {
      return { id: `e${index}`, ...rest, ...(value !== undefined && { value }) }
    }),
  )

type Step = {
  readonly size: number
  readonly crashes: boolean
  readonly repeats: number
  readonly advanceMs: number
}

/** What happens to a batch: its size, whether it is added and then lost, what comes again, the mark. */
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    crashes: fc.boolean(),
    repeats: fc.nat(30),
    advanceMs: fc.nat(30),
  }),
  { minLength: 24, maxLength: 24 },
)

const contexts = fc.record({
  settleMs: fc.nat(5),
  gaps: fc.array(
    fc.tuple(fc.nat(TIME_MAX), fc.nat(6)).map(([from, length]) => ({ from, to: from + length })),
    { maxLength: 1 },
  ),
})

function runSteps(
  group: ReturnType<typeof createGroup>,
  arriving: readonly Member[],
  plan: readonly Step[],
): void {
  const lost: (readonly Member[])[] = []
  let start = 0
  for (const { size, crashes, repeats, advanceMs } of plan) {
    const batch = arriving.slice(start, start + size)
    start += size
    if (crashes) {
      // Members are in, the rest never happened: the batch will be delivered again, some time.
      group.add(batch)
      lost.push(batch)
    } else group.process([...batch, ...arriving.slice(repeats, repeats < start ? repeats + 1 : 0)])
    group.advance(advanceMs)
  }
  for (const batch of lost.toReversed()) group.process(batch)
}

describe('detections kept up step by step', () => {
  it.each(Object.entries(kinds))('equal those of the whole set: %s', (name, detects) => {
    let found = 0
    const property = fc.property(
      detects,
      members.chain((all) =>
        fc.record({
          all: fc.constant(all),
          arriving: fc.shuffledSubarray([...all], { minLength: all.length }),
        }),
      ),
      steps,
      contexts,
      fc.boolean(),
      (detect, { all, arriving }, plan, context, condensed) => {
        const kept = name === 'firstSeen' ? all.filter(({ value }) => value !== undefined) : all
        const group = createGroup(detect, context, { condensed })
        runSteps(
          group,
          arriving.filter((member) => kept.includes(member)),
          plan,
        )
        const whole = derive(detect, kept, { ...context, markMs: group.mark() })
        expect(group.stored()).toEqual(whole)
        found += Math.min(1, whole.length)
      },
    )
    fc.assert(property, { numRuns: RUNS })
    expect(found).toBeGreaterThan(RUNS / 10)
  })
})

describe('a neighbourhood', () => {
  const examples: readonly Detect[] = [
    threshold(2, 10),
    sequence(10, ['A', 'B']),
    { kind: 'firstSeen', groupBy: [], value: ['country'], historyMs: 10, learnMs: 5 },
    { kind: 'spike', groupBy: [], withinMs: 10, baselineMs: 40, factor: 1, min: 1 },
    { kind: 'absence', groupBy: [], withinMs: 10 },
    { kind: 'travel', groupBy: [], maxSpeedKmh: 900, minDistanceKm: 300 },
  ]

  it.each(examples)('is read at most twice as far as the kind reaches: $kind', (detect) => {
    const reach = reachMs(detect)
    const { read, replace } = neighbourhood(detect, { from: 1005, to: 1007 }, 0)
    expect(read.from).toBeGreaterThanOrEqual(1005 - 2 * reach)
    expect(read.to).toBeLessThanOrEqual(1007 + 2 * reach)
    expect(replace.from).toBeGreaterThanOrEqual(1005 - reach)
  })

  it('is the whole group behind a new first event, where that is what others are judged by', () => {
    const whole = examples.filter(
      (detect) => neighbourhood(detect, { from: 5, to: 5 }, 5).read.to === Infinity,
    )
    expect(whole.map(({ kind }) => kind)).toEqual(['firstSeen', 'spike'])
  })

  it('keeps the order of members that a store has', () => {
    const group = ['b', 'a'].map((id): Member => ({ id, time: 1 }))
    expect(orderMembers(group)).toEqual([...group].sort(compareMembers))
  })
})

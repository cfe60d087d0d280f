// Owns the proof of what of an event a window remembers, and of its text.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Member, memberOf, orderMembers } from '../../../src/core/detection/member.ts'
import { readMember, writeMember } from '../../../src/core/detection/member-text.ts'
import { type Event, FACT_NAMES } from '../../../src/core/event.ts'
import { at, sequence, settled, threshold } from './samples.ts'

const NONE = Object.fromEntries(FACT_NAMES.map((name) => [name, undefined])) as unknown as Event

function event(facts: Partial<Event>): Event {
  return { ...NONE, id: 'e1', time: 5, entry: {}, ...facts }
}

const absence = { kind: 'absence', groupBy: ['user', 'entry.a.b'], withinMs: 10 } as const
const firstSeen = {
  kind: 'firstSeen',
  groupBy: [],
  value: ['country', 'asn'],
  historyMs: 1,
  learnMs: 0,
} as const
const travel = { kind: 'travel', groupBy: [], maxSpeedKmh: 900, minDistanceKm: 300 } as const

describe('a member', () => {
  it('has the identity and the time of its event, and belongs to a group', () => {
    const read = memberOf(event({ user: 'ada', entry: { a: { b: 3 } } }), absence)
    expect(read).toEqual({ kind: 'member', group: ['ada', 3], member: { id: 'e1', time: 5 } })
  })

  it('of a rule without a window belongs to no particular group', () => {
    const member = { id: 'e1', time: 5 }
    expect(memberOf(event({}), undefined)).toEqual({ kind: 'member', group: [], member })
  })

  const missing: readonly (readonly [string, Parameters<typeof memberOf>, string])[] = [
    ['without a time is none', [event({ time: undefined }), undefined], 'no-time'],
    [
      'without a value of the group is none',
      [event({ entry: { a: { b: 3 } } }), absence],
      'no-group',
    ],
    [
      'with null in the group is none',
      [event({ user: 'a', entry: { a: { b: null } } }), absence],
      'no-group',
    ],
    [
      'with a list in the group is none',
      [event({ user: 'a', entry: { a: { b: [1] } } }), absence],
      'no-group',
    ],
    [
      'without one of the values of firstSeen is none',
      [event({ country: 'DE' }), firstSeen],
      'no-value',
    ],
    ['without a place is no traveller', [event({ latitude: 5 }), travel], 'no-place'],
    [
      'with an impossible place is no traveller',
      [event({ latitude: 91, longitude: 0 }), travel],
      'no-place',
    ],
    [
      'that fulfils no step is none',
      [event({ user: 'a' }), sequence(5, ['A']), [() => false]],
      'no-step',
    ],
  ]
  it.each(missing)('%s', (_name, given, reason) => {
    expect(memberOf(...given)).toEqual({ kind: 'none', reason })
  })

  const valueOf = (facts: Partial<Event>, distinct = 'entry.v') => {
    const read = memberOf(event({ user: 'ada', ...facts }), threshold(2, 10, distinct))
    return read.kind === 'member' ? read.member.value : undefined
  }

  it('tells a number from a text, and nothing from an empty text', () => {
    const values = [{ v: 1 }, { v: '1' }, { v: '' }, { v: true }, {}].map((entry) =>
      valueOf({ entry }),
    )
    expect(new Set(values).size).toBe(5)
    expect(values.at(-1)).toBeUndefined()
  })

  it('keeps a long value as a short text, different for different ones', () => {
    const [long, other] = ['a', 'b'].map((end) =>
      valueOf({ entry: { v: `${'x'.repeat(100_000)}${end}` } }),
    )
    expect(long?.length).toBeLessThan(64)
    expect(long).not.toEqual(other)
    expect(valueOf({ entry: { v: `${'x'.repeat(100_000)}a` } })).toEqual(long)
  })

  it('does not mistake one list of values for another', () => {
    const two = { ...firstSeen, value: ['entry.a', 'entry.b'] }
    const keys = [
      { a: 'x,y', b: 'z' },
      { a: 'x', b: 'y,z' },
      { a: 'x","y', b: 'z' },
    ].map((entry) => {
      const read = memberOf(event({ entry }), two)
      return read.kind === 'member' ? read.member.value : undefined
    })
    expect(new Set(keys).size).toBe(3)
  })

  it('of a sequence says which steps it fulfils, up to the twentieth', () => {
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`)
    const checks = names.map((_, index) => () => index === 1 || index === 19)
    const read = memberOf(event({ user: 'ada' }), sequence(5, names), checks)
    expect(read.kind === 'member' && read.member.steps).toBe((1 << 1) | (1 << 19))
  })
})

describe('members in order', () => {
  it('go by time, then by id, each once', () => {
    expect(orderMembers(['5b', '3', '5a', '3'].map(at)).map(({ id }) => id)).toEqual([
      'e3',
      'e5a',
      'e5b',
    ])
  })

  it('are left as they are', () => {
    const group = ['3', '5'].map(at)
    expect(orderMembers(group)).toBe(group)
    expect(settled.gaps).toEqual([])
  })
})

const members: fc.Arbitrary<Member> = fc
  .record(
    {
      id: fc.stringMatching(/^[!-~]{1,20}$/),
      time: fc.integer({ min: 0, max: 2e12 }),
      value: fc.string(),
      steps: fc.integer({ min: 1, max: 2 ** 20 - 1 }),
      place: fc.record({
        latitude: fc.double({ min: -90, max: 90, noNaN: true }).map((degrees) => degrees + 0),
        longitude: fc.double({ min: -180, max: 180, noNaN: true }).map((degrees) => degrees + 0),
      }),
      until: fc.integer({ min: 0, max: 1e9 }),
    },
    { requiredKeys: ['id', 'time'] },
  )
  .map(({ until, ...member }) =>
    until === undefined ? member : { ...member, until: member.time + until },
  )

describe('the text of a member', () => {
  it('is read back as it was', () => {
    const property = fc.property(members, (member) => {
      expect(readMember(writeMember(member), member.time)).toEqual(member)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('is little more than its id', () => {
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
    expect(writeMember({ id, time: 1_795_000_000_000 })).toBe(id)
    expect(writeMember({ id, time: 0, steps: 5 })).toBe(`${id} s5`)
    expect(writeMember({ id, time: 0, until: 36, value: '["DE"]' })).toBe(`${id} u10 v["DE"]`)
  })

  it('of something else is none', () => {
    expect(readMember('', 0)).toBeUndefined()
    expect(readMember('a b', 0)).toBeUndefined()
  })
})

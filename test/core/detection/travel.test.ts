// Owns the proof of impossible travel: distances known from elsewhere, and the table of boundaries.
import { describe, expect, it } from 'vitest'
import type { Member, Place } from '../../../src/core/detection/member.ts'
import { derive, reachMs } from '../../../src/core/detection/registry.ts'
import { distanceKmBetween } from '../../../src/core/detection/travel.ts'
import { type DetectOf, settled, shown } from './samples.ts'

const PLACES = {
  berlin: { latitude: 52.52, longitude: 13.405 },
  potsdam: { latitude: 52.3989, longitude: 13.0657 },
  tokyo: { latitude: 35.6764, longitude: 139.65 },
  origin: { latitude: 0, longitude: 0 },
  antipode: { latitude: 0, longitude: 180 },
} as const satisfies Record<string, Place>

const HOUR_MS = 3_600_000

function travel(options: Partial<DetectOf<'travel'>> = {}): DetectOf<'travel'> {
  return { kind: 'travel', groupBy: ['user'], maxSpeedKmh: 900, minDistanceKm: 300, ...options }
}

/** `3 tokyo`: at three o'clock in Tokyo. Without a place: somewhere. */
function seen(text: string): Member {
  const [hours, name] = text.split(' ') as [string, keyof typeof PLACES | undefined]
  const member = { id: `e${text}`, time: Number.parseFloat(hours) * HOUR_MS }
  return name === undefined ? member : { ...member, place: PLACES[name] }
}

function pairs(members: readonly string[], options: Partial<DetectOf<'travel'>> = {}) {
  return shown(derive(travel(options), members.map(seen), settled)).map(([, , ids]) => ids)
}

describe('distances', () => {
  const cases: readonly (readonly [string, keyof typeof PLACES, keyof typeof PLACES, number])[] = [
    ['of a place to itself are none', 'berlin', 'berlin', 0],
    ['of neighbours are short', 'berlin', 'potsdam', 26.6],
    ['go round the earth', 'berlin', 'tokyo', 8_918],
    ['are half of a great circle at most', 'origin', 'antipode', 20_015],
  ]
  it.each(cases)('%s', (_name, from, to, km) => {
    expect(Math.abs(distanceKmBetween(PLACES[from], PLACES[to]) - km)).toBeLessThan(1 + km / 500)
    expect(distanceKmBetween(PLACES[to], PLACES[from])).toBeCloseTo(
      distanceKmBetween(PLACES[from], PLACES[to]),
      6,
    )
  })

  it('cross the date line the short way', () => {
    const [west, east] = [
      { latitude: 0, longitude: 179.5 },
      { latitude: 0, longitude: -179.5 },
    ]
    expect(distanceKmBetween(west, east)).toBeCloseTo(111.19, 1)
  })
})

describe('travel', () => {
  it('is impossible when it was too fast', () => {
    expect(pairs(['0 berlin', '9 tokyo'])).toEqual(['0 berlin 9 tokyo'])
  })

  it('is possible with more time', () => {
    expect(pairs(['0 berlin', '10 tokyo'])).toEqual([])
  })

  it('is no travel between places that are near', () => {
    expect(pairs(['0 berlin', '0 potsdam'])).toEqual([])
    expect(pairs(['0 berlin', '0 potsdam'], { minDistanceKm: 10 })).toHaveLength(1)
  })

  it('must be longer than the least distance, and faster than the greatest speed', () => {
    const km = distanceKmBetween(PLACES.berlin, PLACES.tokyo)
    expect(pairs(['0 berlin', '1 tokyo'], { minDistanceKm: km })).toEqual([])
    expect(pairs(['0 berlin', '1 tokyo'], { minDistanceKm: km - 0.001 })).toHaveLength(1)
    expect(pairs(['0 berlin', '1 tokyo'], { maxSpeedKmh: km })).toEqual([])
    expect(pairs(['0 berlin', '1 tokyo'], { maxSpeedKmh: km - 0.001 })).toHaveLength(1)
  })

  it('at the same time counts as one second', () => {
    expect(pairs(['0 berlin', '0 tokyo'], { maxSpeedKmh: 32_000_000 })).toHaveLength(1)
    expect(pairs(['0 berlin', '0 tokyo'], { maxSpeedKmh: 33_000_000 })).toEqual([])
  })

  it('is judged between neighbours only', () => {
    expect(pairs(['0 berlin', '1 tokyo', '2 berlin'])).toEqual([
      '0 berlin 1 tokyo',
      '1 tokyo 2 berlin',
    ])
    expect(pairs(['0 berlin', '1 berlin', '2 tokyo'])).toEqual(['1 berlin 2 tokyo'])
  })

  it('looks past events without a place', () => {
    expect(pairs(['0 berlin', '1', '2 tokyo'])).toEqual(['0 berlin 2 tokyo'])
  })

  it('is withdrawn by a late neighbour', () => {
    expect(pairs(['0 berlin', '8 tokyo', '18 tokyo'])).toEqual(['0 berlin 8 tokyo'])
    expect(pairs(['0 berlin', '8 tokyo', '18 tokyo', '-3 tokyo'], { maxSpeedKmh: 1200 })).toEqual([
      '-3 tokyo 0 berlin',
    ])
    expect(pairs(['0 berlin', '9 tokyo', '4 potsdam', '5 tokyo'])).toEqual(['4 potsdam 5 tokyo'])
  })

  it('reaches no further than the fastest takes for half of the earth', () => {
    const reach = reachMs(travel())
    expect(reach / HOUR_MS).toBeCloseTo(20_015 / 900, 1)
    const far = (afterMs: number): readonly Member[] => [
      { id: 'a', time: 0, place: PLACES.origin },
      { id: 'b', time: afterMs, place: PLACES.antipode },
    ]
    expect(derive(travel(), far(reach - 1000), settled)).toHaveLength(1)
    expect(derive(travel(), far(reach), settled)).toEqual([])
  })
})

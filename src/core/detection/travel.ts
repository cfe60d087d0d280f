// Owns impossible travel: neighbours in time whose places are too far apart.
import type { Detect } from '../rule-detect.ts'
import type { Extent } from './extent.ts'
import type { Member, Place } from './member.ts'

export type Travel = Extract<Detect, { kind: 'travel' }>

/** Mean radius of the earth. */
const EARTH_RADIUS_KM = 6_371

/** No two places are further apart: half of a great circle. */
const DISTANCE_KM_MAX = Math.PI * EARTH_RADIUS_KM

const HOUR_MS = 3_600_000

/** Clocks and logs are not exact to less, and nothing may be divided by zero. */
const TIME_APART_MS_MIN = 1_000

/** Pairs of neighbours that are too far apart for the time between them. Members in order; O(n). */
export function deriveTravel(detect: Travel, members: readonly Member[]): readonly Extent[] {
  const located = members.filter((member) => member.place !== undefined)
  return located.flatMap((to, at) => {
    const from = located[at - 1]
    return from !== undefined && isImpossible(detect, from, to)
      ? [{ first: from.time, last: to.time, evidence: [from, to] }]
      : []
  })
}

function isImpossible({ maxSpeedKmh, minDistanceKm }: Travel, from: Member, to: Member): boolean {
  if (from.place === undefined || to.place === undefined) return false
  const distanceKm = distanceKmBetween(from.place, to.place)
  const hours = Math.max(to.time - from.time, TIME_APART_MS_MIN) / HOUR_MS
  return distanceKm > minDistanceKm && distanceKm / hours > maxSpeedKmh
}

/** How far apart in time neighbours can be at most and still be too fast. */
export function travelReachMs({ maxSpeedKmh }: Travel): number {
  return Math.ceil((DISTANCE_KM_MAX / maxSpeedKmh) * HOUR_MS)
}

/** Along the great circle, by the haversine formula. */
export function distanceKmBetween(a: Place, b: Place): number {
  const [latitudeA, latitudeB] = [radians(a.latitude), radians(b.latitude)]
  const north = Math.sin((latitudeB - latitudeA) / 2) ** 2
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const haversine = north + Math.cos(latitudeA) * Math.cos(latitudeB) * east
  // Rounding may lift it above 1 for opposite places.
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, haversine)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

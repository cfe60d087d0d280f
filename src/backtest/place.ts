// Owns the one number that stands for a group of one of two rule sets among sightings, and the one
// for a window among members.

/** The rule set asked about, or the one it is compared with. */
export type Side = 0 | 1

/** 0 is left for the event itself. Groups of both rule sets that are the same lie side by side. */
export function placeOf(group: number, side: number): number {
  return 1 + 2 * group + side
}

export function groupAt(place: number): number {
  return (place - 1) >>> 1
}

export function sideAt(place: number): Side {
  return ((place - 1) & 1) === 0 ? 0 : 1
}

export function windowPlaceOf(window: number, side: number): number {
  return 2 * window + side
}

export function windowAt(place: number): number {
  return place >>> 1
}

export function windowSideAt(place: number): Side {
  return (place & 1) === 0 ? 0 : 1
}

// Owns members as one line of text each, for stores; their time is kept beside it. What they are: member.ts.
import type { Member } from './member.ts'

/** Bits and times are written in the widest base there is: most characters of a store are these. */
const BASE = 36

/**
 * The id, then what else the member has, one word each; the value comes last, as it may hold spaces.
 * Ids are printable and hold none, and neither do cards. The same member always gives the same text.
 */
export function writeMember({ id, time, steps, place, until, card, value }: Member): string {
  let text = id
  if (steps !== undefined) text += ` s${steps.toString(BASE)}`
  if (place !== undefined) text += ` p${place.latitude},${place.longitude}`
  if (until !== undefined) text += ` u${(until - time).toString(BASE)}`
  if (card !== undefined) text += ` c${card}`
  if (value !== undefined) text += ` v${value}`
  return text
}

const WORDS =
  /^([^ ]+)(?: s([0-9a-z]+))?(?: p([^ ,]+),([^ ]+))?(?: u([0-9a-z]+))?(?: c([^ ]*))?(?: v(.*))?$/s

/** What `writeMember` wrote; undefined for a text that it did not. */
export function readMember(text: string, time: number): Member | undefined {
  const words = WORDS.exec(text)
  if (words === null) return undefined
  const [, id = '', steps, latitude, longitude, length, card, value] = words
  return {
    id,
    time,
    ...(steps !== undefined && { steps: Number.parseInt(steps, BASE) }),
    ...(latitude !== undefined && {
      place: { latitude: Number(latitude), longitude: Number(longitude) },
    }),
    ...(length !== undefined && { until: time + Number.parseInt(length, BASE) }),
    ...(card !== undefined && { card }),
    ...(value !== undefined && { value }),
  }
}

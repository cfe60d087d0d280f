// Owns readings: what the event in the frame shows under an extractor, as a small number that is
// worked out once per event, so that conditions and look-ups compare integers instead of texts.
import type { FactReference } from './condition.ts'
import { type Frame, placeOf, turnOf } from './frame.ts'
import { compilePath } from './path.ts'

/**
 * What is looked at: the fact itself, each member of a list, its first or its last `length`
 * characters, each of them maybe in lower or upper case.
 */
export type Extractor = FactReference & {
  readonly as: 'value' | 'member' | 'prefix' | 'suffix'
  readonly fold: 'lower' | 'upper' | undefined
  /** Characters of a prefix or suffix, else 0. */
  readonly length: number
}

export type Reading = {
  /** Several numbers: those of the members of a list. */
  readonly many: boolean
  /** The numbers of the values that conditions know, from 1 on; any other value is 0. */
  readonly numbers: Map<unknown, number>
  readonly read: (frame: Frame) => unknown
  /** The turn of the event the rest belongs to. */
  turn: number
  /** The number of the value; of many: how many of `members` count. */
  number: number
  readonly members: number[]
}

export type Readings = {
  /** Equal extractors have the same reading. */
  of(extractor: Extractor): Reading
  /** Reads a fact or what a path selects in it. */
  reference(reference: FactReference): (frame: Frame) => unknown
}

/** Readings of one frame. */
export function createReadings(): Readings {
  const readings = new Map<string, Reading>()
  const references = new Map<string, (frame: Frame) => unknown>()

  function reference(from: FactReference): (frame: Frame) => unknown {
    const steps = from.path?.steps ?? []
    // `[*]` makes a new list each time, and two of them are not `equal`.
    if (steps.length === 0 || steps.some((step) => step.kind === 'each')) {
      return compileReference(from)
    }
    const name = JSON.stringify([from.fact, steps])
    const known = references.get(name)
    if (known) return known
    const read = rememberValue(compileReference(from))
    references.set(name, read)
    return read
  }

  return {
    reference,
    of(extractor) {
      const name = nameOf(extractor)
      const known = readings.get(name)
      if (known) return known
      const reading: Reading = {
        many: extractor.as === 'member',
        numbers: new Map(),
        read: compileExtractor(extractor, reference(extractor)),
        turn: -1,
        number: 0,
        members: [],
      }
      readings.set(name, reading)
      return reading
    },
  }
}

/** The same for extractors that show the same. */
export function nameOf({ fact, path, as, fold, length }: Extractor): string {
  const steps = path ? JSON.stringify(path.steps) : ''
  return `${fact} ${as} ${length} ${fold ?? ''} ${steps}`
}

/** The number of a value that a condition knows. */
export function numberOf(reading: Reading, value: unknown): number {
  const known = reading.numbers.get(value)
  if (known !== undefined) return known
  const number = reading.numbers.size + 1
  reading.numbers.set(value, number)
  return number
}

/** Brings a reading up to the event in the frame. */
export function takeReading(reading: Reading, frame: Frame): void {
  const turn = turnOf(frame)
  if (reading.turn === turn) return
  reading.turn = turn
  const value = reading.read(frame)
  if (reading.many) takeMembers(reading, value)
  else reading.number = value === undefined ? 0 : (reading.numbers.get(value) ?? 0)
}

function takeMembers(reading: Reading, value: unknown): void {
  reading.number = 0
  if (!Array.isArray(value)) return
  for (const member of value) {
    const number = reading.numbers.get(member)
    if (number === undefined) continue
    reading.members[reading.number] = number
    reading.number += 1
  }
}

/** A path selects inside objects and lists only, as in json-rules-engine. */
function compileReference({ fact, path }: FactReference): (frame: Frame) => unknown {
  const place = placeOf(fact)
  if (!path) return (frame) => frame[place]
  const select = compilePath(path)
  return (frame) => {
    const value = frame[place]
    return typeof value === 'object' && value !== null ? select(value) : value
  }
}

function rememberValue(read: (frame: Frame) => unknown): (frame: Frame) => unknown {
  let turn = -1
  let value: unknown
  return (frame) => {
    const now = turnOf(frame)
    if (turn !== now) {
      value = read(frame)
      turn = now
    }
    return value
  }
}

function compileExtractor(
  { as, fold, length }: Extractor,
  read: (frame: Frame) => unknown,
): (frame: Frame) => unknown {
  if (fold === undefined) {
    switch (as) {
      case 'value':
      case 'member':
        return read
      case 'prefix':
        return (frame) => {
          const value = read(frame)
          return typeof value === 'string' ? value.slice(0, length) : value
        }
      case 'suffix':
        return (frame) => {
          const value = read(frame)
          return typeof value === 'string' ? value.slice(-length) : value
        }
    }
  }
  const cut = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    const text = fold === 'lower' ? value.toLowerCase() : value.toUpperCase()
    if (as === 'prefix') return text.slice(0, length)
    return as === 'suffix' ? text.slice(-length) : text
  }
  if (as !== 'member') return (frame) => cut(read(frame))
  return (frame) => {
    const value = read(frame)
    return Array.isArray(value) ? value.map(cut) : value
  }
}

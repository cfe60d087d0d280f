// Owns readings: what the event in the frame shows under an extractor, as a small number, so that
// conditions and look-ups compare integers instead of texts.
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
  /** Its place among the readings. */
  readonly index: number
  /** It reads a list: each member has a number. */
  readonly many: boolean
  /** The numbers of the values that conditions know, from 1 on; any other value is 0. */
  readonly numbers: Map<unknown, number>
  readonly read: (frame: Frame) => unknown
  /** Where in the frame the value is; -1: it must be read. */
  readonly place: number
}

export type Readings = {
  readonly all: readonly Reading[]
  /** Equal extractors have the same reading. */
  of(extractor: Extractor): Reading
  /** Reads a fact or what a path selects in it. */
  reference(reference: FactReference): (frame: Frame) => unknown
}

/** Readings of one frame. */
export function createReadings(): Readings {
  const all: Reading[] = []
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
    const read = remember(compileReference(from))
    references.set(name, read)
    return read
  }

  return {
    all,
    reference,
    of(extractor) {
      const name = nameOf(extractor)
      const known = readings.get(name)
      if (known) return known
      const reading = {
        index: all.length,
        many: extractor.as === 'member',
        numbers: new Map<unknown, number>(),
        read: compileExtractor(extractor, reference(extractor)),
        place: isPlain(extractor) ? placeOf(extractor.fact) : -1,
      }
      all.push(reading)
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

/** The fact itself, as it is. */
function isPlain({ path, as, fold }: Extractor): boolean {
  return as === 'value' && fold === undefined && (path?.steps ?? []).length === 0
}

/** The number of what the event shows; of a list without numbers of its own. */
export function readNumber({ numbers, read, place }: Reading, frame: Frame): number {
  const value = place < 0 ? read(frame) : frame[place]
  return value === undefined ? 0 : (numbers.get(value) ?? 0)
}

/** Puts the different numbers of the members of what the event shows into `found`; how many. */
export function readMembers({ numbers, read }: Reading, frame: Frame, found: Int32Array): number {
  const value = read(frame)
  if (!Array.isArray(value)) return 0
  let count = 0
  for (const member of value) {
    const number = numbers.get(member)
    if (number === undefined || has(found, count, number)) continue
    found[count] = number
    count += 1
  }
  return count
}

function has(found: Int32Array, count: number, number: number): boolean {
  for (let index = 0; index < count; index += 1) if (found[index] === number) return true
  return false
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

/** Works a value out once per event. */
function remember(read: (frame: Frame) => unknown): (frame: Frame) => unknown {
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
  if (fold === undefined && (as === 'value' || as === 'member')) return read
  const show = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    const text = foldText(value, fold)
    if (as === 'prefix') return text.slice(0, length)
    return as === 'suffix' ? text.slice(-length) : text
  }
  if (as !== 'member') return (frame) => show(read(frame))
  return (frame) => {
    const value = read(frame)
    return Array.isArray(value) ? value.map(show) : value
  }
}

function foldText(text: string, fold: 'lower' | 'upper' | undefined): string {
  if (fold === undefined) return text
  return fold === 'lower' ? text.toLowerCase() : text.toUpperCase()
}

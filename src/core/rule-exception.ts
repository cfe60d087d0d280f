// Owns exceptions: events that match a rule and are let through, until a day. Who applies them: match.ts.
import type { Condition } from './condition.ts'
import type { ReadCondition } from './rule-detect.ts'
import {
  type Keys,
  type Report,
  anything,
  listOf,
  pointerTo,
  readable,
  record,
  text,
} from './shape.ts'

export type Exception = {
  readonly name: string
  readonly conditions: Condition
  /** The last day it holds, `2027-06-30`, by the event's `date`. */
  readonly expires?: string
}

/** Exceptions of one rule: each is tried for every match. */
const EXCEPTIONS_MAX = 100

const day = readable('a day such as "2027-06-30"', { format: 'date' }, (value) =>
  isDay(value) ? value : undefined,
)

function isDay(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const ms = Date.parse(`${value}T00:00:00Z`)
  // Date.parse turns the 30th of February into a day of March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value)
}

const EXCEPTION_KEYS = {
  name: { shape: text(200), about: 'Why it is fine.', must: true },
  conditions: {
    shape: anything('a condition tree', { $ref: '#/definitions/condition' }),
    about: 'Which events are let through.',
    must: true,
  },
  expires: { shape: day, about: 'The last day it holds.' },
} satisfies Keys

const exceptionShape = record(EXCEPTION_KEYS, 'an exception with name and conditions')

/** A list whose members parseExceptions reads, so that one fault does not shift the others' places. */
export const exceptionsShape = listOf(anything(exceptionShape.expected, exceptionShape.schema), {
  max: EXCEPTIONS_MAX,
})

type At = {
  readonly pointer: string
  readonly report: Report
  readonly readCondition: ReadCondition
}

/** Those of the exceptions that have no fault; the others are reported. */
export function parseExceptions(values: readonly unknown[], at: At): readonly Exception[] {
  return values.flatMap((value, index) => {
    const pointer = pointerTo(at.pointer, index)
    const read = exceptionShape.parse(value, pointer, at.report)
    if (read?.conditions === undefined) return []
    const conditions = at.readCondition(read.conditions, pointerTo(pointer, 'conditions'))
    if (conditions === undefined || read.name === undefined) return []
    const { name, expires } = read
    return [{ name, conditions, ...(expires !== undefined && { expires }) }]
  })
}

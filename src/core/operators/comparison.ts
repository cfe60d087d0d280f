// Owns `lessThan`, `greaterThan` and their inclusive forms, as JavaScript and json-rules-engine compare.
import { describeFound } from '../suggest.ts'
import {
  NO_FAULTS,
  type Operator,
  type Test,
  type ValueFault,
  valueError,
  valueWarning,
} from './operator.ts'

/**
 * json-rules-engine asks whether the fact begins with a number (`"2026-11-20"` does) and then
 * compares with `<`: two texts by their characters, so dates in ISO form compare as dates.
 */
function beginsWithNumber(factValue: unknown): boolean {
  if (typeof factValue === 'number') return !Number.isNaN(factValue)
  return !Number.isNaN(Number.parseFloat(factValue as string))
}

function checkValue(value: unknown): readonly ValueFault[] {
  if (typeof value === 'number' || typeof value === 'string') return NO_FAULTS
  const found = `found ${describeFound(value)}, expected a number`
  try {
    // What json-rules-engine does with it: objects whose `toString` is no function throw here.
    void (0 < (value as number))
  } catch {
    return [valueError(found)]
  }
  return [valueWarning(`${found}: this does not compare as it reads`)]
}

type Compare = (a: number, b: number) => boolean

function comparison(name: string, about: string, compare: Compare): Operator {
  function evaluate(factValue: unknown, value: unknown): boolean {
    return beginsWithNumber(factValue) && compare(factValue as number, value as number)
  }
  function compile(value: unknown): Test {
    if (typeof value !== 'number') return (factValue) => evaluate(factValue, value)
    return (factValue) =>
      typeof factValue === 'number' ? compare(factValue, value) : evaluate(factValue, value)
  }
  return {
    name,
    about,
    expects: 'a number, or a date such as "2026-11-20" to compare with a date',
    takesFact: true,
    cost: 'cheap',
    throws: 'maybe',
    checkValue,
    compile,
    evaluate,
  }
}

export const lessThan = comparison('lessThan', 'the fact is below the value', (a, b) => a < b)

export const lessThanInclusive = comparison(
  'lessThanInclusive',
  'the fact is the value or below',
  (a, b) => a <= b,
)

export const greaterThan = comparison('greaterThan', 'the fact is above the value', (a, b) => a > b)

export const greaterThanInclusive = comparison(
  'greaterThanInclusive',
  'the fact is the value or above',
  (a, b) => a >= b,
)

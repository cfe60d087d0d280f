// Owns `in`, `notIn`, `contains` and `doesNotContain` of json-rules-engine: `indexOf`, on its terms.
import { describeFound } from '../suggest.ts'
import {
  FAULT,
  isScalar,
  NO_FAULTS,
  type Need,
  type Operator,
  type Test,
  type ValueFault,
  valueError,
  valueWarning,
} from './operator.ts'

/** Up to here a scan is faster than a set. */
const SCANNED_MAX = 8

/**
 * `value.indexOf(factValue)`: in a text it looks for the text of the fact, `undefined` included.
 * Anything that is neither text nor list has no indexOf, and json-rules-engine throws.
 */
function isIn(factValue: unknown, value: unknown): boolean {
  if (typeof value === 'string') return value.includes(String(factValue))
  if (Array.isArray(value)) return value.indexOf(factValue) > -1
  throw FAULT
}

function checkCollection(value: unknown): readonly ValueFault[] {
  if (typeof value === 'string') {
    const meant = `write [${JSON.stringify(value)}] to compare with the whole`
    return [valueWarning(`a text here means "the fact is a part of this text": ${meant}`)]
  }
  if (!Array.isArray(value)) {
    return [valueError(`found ${describeFound(value)}, expected a list such as ["a", "b"]`)]
  }
  if (value.length === 0) return [valueWarning('the list is empty: no fact is in it')]
  return value.flatMap((member, index) =>
    isScalar(member)
      ? []
      : [valueWarning('no fact is ever equal to a list or an object', `/${index}`)],
  )
}

function compileIn(value: unknown): Test {
  if (!Array.isArray(value)) return (factValue) => isIn(factValue, value)
  const [first, second, third] = value
  if (value.length === 2) return (factValue) => factValue === first || factValue === second
  if (value.length === 3) {
    return (factValue) => factValue === first || factValue === second || factValue === third
  }
  if (value.length <= SCANNED_MAX) return (factValue) => value.indexOf(factValue) > -1
  const set = new Set<unknown>(value)
  return (factValue) => set.has(factValue)
}

export const isInOperator: Operator = {
  name: 'in',
  about: 'the fact is one of the values',
  expects: 'a list such as ["a", "b"]',
  takesFact: true,
  cost: 'cheap',
  throws: 'maybe',
  checkValue: checkCollection,
  compile: compileIn,
  evaluate: isIn,
  needs: (value): Need | undefined =>
    Array.isArray(value) ? { as: 'value', values: value } : undefined,
}

export const notIn: Operator = {
  name: 'notIn',
  about: 'the fact is none of the values; also holds when the fact is missing',
  expects: isInOperator.expects,
  takesFact: true,
  cost: 'cheap',
  throws: 'maybe',
  checkValue: checkCollection,
  compile(value) {
    const test = compileIn(value)
    return (factValue) => !test(factValue)
  },
  evaluate: (factValue, value) => !isIn(factValue, value),
}

function checkMember(value: unknown): readonly ValueFault[] {
  if (isScalar(value)) return NO_FAULTS
  return [valueWarning('no member is ever equal to a list or an object: use "someFact:in"')]
}

export const contains: Operator = {
  name: 'contains',
  about: 'the fact is a list with the value as a member',
  expects: 'a text, a number, true, false or null',
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue: checkMember,
  compile: (value) => (factValue) => Array.isArray(factValue) && factValue.indexOf(value) > -1,
  evaluate: (factValue, value) => Array.isArray(factValue) && factValue.indexOf(value) > -1,
  needs: (value) => ({ as: 'member', values: [value] }),
}

export const doesNotContain: Operator = {
  name: 'doesNotContain',
  about: 'the fact is a list without the value as a member',
  expects: contains.expects,
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue: checkMember,
  compile: (value) => (factValue) => Array.isArray(factValue) && factValue.indexOf(value) === -1,
  evaluate: (factValue, value) => Array.isArray(factValue) && factValue.indexOf(value) === -1,
}

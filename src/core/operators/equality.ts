// Owns `equal` and `notEqual` of json-rules-engine: `===`, so objects and arrays by identity.
import { isScalar, NO_FAULTS, type Operator, type ValueFault, valueWarning } from './operator.ts'

function checkValue(value: unknown): readonly ValueFault[] {
  if (isScalar(value)) return NO_FAULTS
  return [valueWarning('no fact is ever equal to a list or an object: use "in" for one of several')]
}

export const equal: Operator = {
  name: 'equal',
  about: 'the fact is the value: same type, same content',
  expects: 'a text, a number, true, false or null',
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue,
  compile: (value) => (factValue) => factValue === value,
  evaluate: (factValue, value) => factValue === value,
  needs: (value) => ({ as: 'value', values: [value] }),
}

export const notEqual: Operator = {
  name: 'notEqual',
  about: 'the fact is not the value; also holds when the fact is missing',
  expects: equal.expects,
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue,
  compile: (value) => (factValue) => factValue !== value,
  evaluate: (factValue, value) => factValue !== value,
}

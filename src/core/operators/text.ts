// Owns `startsWith`, `endsWith` and `includes`. Patterns with wildcards: pattern.ts.
import { describeFound } from '../suggest.ts'
import {
  isScalar,
  NO_FAULTS,
  type Operator,
  type ValueFault,
  valueError,
  valueWarning,
} from './operator.ts'

function checkText(value: unknown): readonly ValueFault[] {
  if (typeof value !== 'string') {
    return [valueError(`found ${describeFound(value)}, expected a text`)]
  }
  return value === '' ? [valueWarning('every text has the empty text in it')] : NO_FAULTS
}

export const startsWith: Operator = {
  name: 'startsWith',
  about: 'the fact is a text that begins with the value',
  expects: 'a text',
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue: checkText,
  compile: (value) => (factValue) =>
    typeof factValue === 'string' && factValue.startsWith(value as string),
  evaluate: (factValue, value) =>
    typeof factValue === 'string' && typeof value === 'string' && factValue.startsWith(value),
  needs: (value) => ({ as: 'prefix', values: [value] }),
}

export const endsWith: Operator = {
  name: 'endsWith',
  about: 'the fact is a text that ends with the value',
  expects: 'a text',
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue: checkText,
  compile: (value) => (factValue) =>
    typeof factValue === 'string' && factValue.endsWith(value as string),
  evaluate: (factValue, value) =>
    typeof factValue === 'string' && typeof value === 'string' && factValue.endsWith(value),
  needs: (value) => ({ as: 'suffix', values: [value] }),
}

function hasInside(factValue: unknown, value: unknown): boolean {
  if (typeof factValue === 'string') return typeof value === 'string' && factValue.includes(value)
  if (Array.isArray(factValue)) return factValue.indexOf(value) > -1
  if (typeof factValue !== 'object' || factValue === null) return false
  return typeof value === 'string' && Object.hasOwn(factValue, value)
}

export const includes: Operator = {
  name: 'includes',
  about: 'the fact is a text with the value in it, a list with it as a member, or has it as a key',
  expects: 'a text (or, to look in a list, a number, true, false or null)',
  takesFact: true,
  cost: 'cheap',
  throws: 'never',
  checkValue: (value) =>
    isScalar(value) && typeof value !== 'string' ? NO_FAULTS : checkText(value),
  compile(value) {
    return (factValue) =>
      typeof factValue === 'string' && typeof value === 'string'
        ? factValue.includes(value)
        : hasInside(factValue, value)
  },
  evaluate: hasInside,
}

// Owns `exists` and `present`: whether a fact is there, and whether it says anything.
import { describeFound } from '../suggest.ts'
import { NO_FAULTS, type Operator, type Test, type ValueFault, valueError } from './operator.ts'

function checkFlag(value: unknown): readonly ValueFault[] {
  if (typeof value === 'boolean') return NO_FAULTS
  return [valueError(`found ${describeFound(value)}, expected true or false`)]
}

function isPresent(factValue: unknown): boolean {
  if (!factValue) return false
  if (typeof factValue !== 'object') return true
  return Array.isArray(factValue) ? factValue.length > 0 : Object.keys(factValue).length > 0
}

function presence(name: string, about: string, holds: Test): Operator {
  return {
    name,
    about,
    expects: 'true or false',
    takesFact: false,
    cost: 'cheap',
    throws: 'never',
    checkValue: checkFlag,
    compile: (value) => (value === true ? holds : (factValue) => !holds(factValue)),
    evaluate: (factValue, value) => typeof value === 'boolean' && holds(factValue) === value,
  }
}

export const exists = presence(
  'exists',
  'with true: the fact is there and not null; with false: it is missing or null',
  (factValue) => factValue !== undefined && factValue !== null,
)

export const present = presence(
  'present',
  'with true: the fact is there and not null, false, 0, "", [] or {}; with false: it is one of these',
  isPresent,
)

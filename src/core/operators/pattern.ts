// Owns `matches` (RE2 expressions) and `glob`: both run in linear time, whatever an event contains.
import { RE2JS } from 're2js'
import { describeFound } from '../suggest.ts'
import { compileGlob } from './glob.ts'
import { mayMatch, requiredLiteral } from './literal.ts'
import { NO_FAULTS, type Operator, type ValueFault, valueError } from './operator.ts'

/** Longest expression in characters; compiling takes time and memory in proportion. */
const PATTERN_LENGTH_MAX = 4_000

/** Compiled expressions kept: as many as a large set of rules holds. */
const COMPILED_MAX = 10_000

const compiled = new Map<string, RE2JS>()

/** Compiling costs a hundred times a test, and rules repeat expressions. */
function compileExpression(expression: string): RE2JS {
  const known = compiled.get(expression)
  if (known) return known
  if (compiled.size >= COMPILED_MAX) compiled.clear()
  const fresh = RE2JS.compile(expression)
  compiled.set(expression, fresh)
  return fresh
}

export function compileSearch(expression: string): (text: string) => boolean {
  const search = compileExpression(expression)
  return (text) => search.test(text)
}

function checkPattern(value: unknown): ValueFault | undefined {
  if (typeof value !== 'string' || value === '') {
    return valueError(`found ${describeFound(value)}, expected a pattern`)
  }
  if (value.length <= PATTERN_LENGTH_MAX) return undefined
  return valueError(`${value.length} characters, at most ${PATTERN_LENGTH_MAX} are allowed`)
}

/** Why RE2 refuses, in words of people who know other dialects. */
function explainRefusal(expression: string, error: unknown): string {
  const reason = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : ''
  const shown = describeFound(expression)
  if (/\(\?<?[=!]/.test(expression)) {
    const instead = 'use a second condition for what must or must not be there'
    return `${shown} looks ahead or behind, which RE2 can't do in linear time: ${instead}`
  }
  if (/\\[1-9]/.test(expression)) {
    return `${shown} refers back to a group, which RE2 can't do in linear time: leave that out`
  }
  return `RE2 can't read ${shown}: ${reason}`
}

export const matches: Operator = {
  name: 'matches',
  about:
    'the fact is a text in which the RE2 expression matches somewhere (^ and $ tie it to the ends)',
  expects: 'an RE2 expression',
  takesFact: false,
  cost: 'dear',
  throws: 'never',
  checkValue(value) {
    const fault = checkPattern(value)
    if (fault) return [fault]
    try {
      compileExpression(String(value))
      return NO_FAULTS
    } catch (error) {
      return [valueError(explainRefusal(String(value), error))]
    }
  },
  compile(value) {
    const search = compileSearch(String(value))
    const literal = requiredLiteral(String(value))
    if (literal === undefined)
      return (factValue) => typeof factValue === 'string' && search(factValue)
    return (factValue) =>
      typeof factValue === 'string' && mayMatch(literal, factValue) && search(factValue)
  },
  evaluate: (factValue, value) =>
    typeof factValue === 'string' &&
    typeof value === 'string' &&
    compileExpression(value).test(factValue),
}

export const glob: Operator = {
  name: 'glob',
  about:
    'the fact is a text that fits the pattern as a whole: ? one character, * a run without /, ** any run',
  expects: 'a pattern such as "/cloudapi/*/datacenters/**"',
  takesFact: false,
  cost: 'dear',
  throws: 'never',
  checkValue(value) {
    const fault = checkPattern(value)
    return fault ? [fault] : NO_FAULTS
  },
  compile(value) {
    const fits = compileGlob(String(value), compileSearch)
    return (factValue) => typeof factValue === 'string' && fits(factValue)
  },
  evaluate: (factValue, value) =>
    typeof factValue === 'string' &&
    typeof value === 'string' &&
    compileGlob(value, compileSearch)(factValue),
  needs(value) {
    const prefix = /^[^*?]*/.exec(String(value))?.[0] ?? ''
    return prefix === '' ? undefined : { as: 'prefix', values: [prefix], exact: false }
  },
}

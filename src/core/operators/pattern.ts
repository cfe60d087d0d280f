// Owns `matches` (RE2 expressions) and `glob`: both run in linear time, whatever an event contains.
import { RE2JS } from 're2js'
import { describeFound } from '../suggest.ts'
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
      compileExpression(value as string)
      return NO_FAULTS
    } catch (error) {
      return [valueError(explainRefusal(value as string, error))]
    }
  },
  compile(value) {
    const expression = compileExpression(value as string)
    return (factValue) => typeof factValue === 'string' && expression.test(factValue)
  },
  evaluate: (factValue, value) =>
    typeof factValue === 'string' &&
    typeof value === 'string' &&
    compileExpression(value).test(factValue),
}

/** `?` is one character but `/`, `*` any run without `/`, `**` any run; the rest is itself. */
function globToExpression(glob: string): string {
  const parts = glob.match(/\*{2,}|\*|\?|[^*?]+/g) ?? []
  const translated = parts.map((part) => {
    if (part === '?') return '[^/]'
    if (part === '*') return '[^/]*'
    return part.startsWith('**') ? '(?s:.*)' : RE2JS.quote(part)
  })
  return `\\A${translated.join('')}\\z`
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
    const expression = compileExpression(globToExpression(value as string))
    return (factValue) => typeof factValue === 'string' && expression.test(factValue)
  },
  evaluate: (factValue, value) =>
    typeof factValue === 'string' &&
    typeof value === 'string' &&
    compileExpression(globToExpression(value)).test(factValue),
  needs(value) {
    const prefix = /^[^*?]*/.exec(value as string)?.[0] ?? ''
    return prefix === '' ? undefined : { as: 'prefix', values: [prefix] }
  },
}

// Owns decorators (`not:someFact:equal`): their names, and how they wrap an operator, as json-rules-engine composes them.
import {
  FAULT,
  type Operator,
  type OperatorContext,
  type Test,
  type ValueFault,
  valueError,
  valueWarning,
} from './operators/operator.ts'
import { OPERATORS } from './operators/registry.ts'
import { pointerTo } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export const DECORATORS = {
  not: 'holds when the rest does not',
  someFact: 'the fact is a list; the rest holds for a member of it',
  everyFact: 'the fact is a list; the rest holds for all of its members',
  someValue: 'the value is a list; the rest holds for a member of it',
  everyValue: 'the value is a list; the rest holds for all of its members',
  swap: 'the rest sees the value as the fact and the fact as the value',
  lower: 'a text fact is turned to lower case first',
  upper: 'a text fact is turned to upper case first',
} as const

export type DecoratorName = keyof typeof DECORATORS

export const DECORATOR_NAMES = Object.keys(DECORATORS) as readonly DecoratorName[]

/** An operator with the decorators before it, outermost first. */
export type Comparison = {
  /** As written: `not:in`. */
  readonly text: string
  readonly decorators: readonly DecoratorName[]
  readonly operator: Operator
}

/** More decorators say nothing that fewer could not. */
const DECORATORS_MAX = 8

export function parseComparison(text: string): Comparison | { readonly problem: string } {
  const names = text.split(':')
  const operatorName = names.pop() ?? ''
  const decorators: DecoratorName[] = []
  if (names.length > DECORATORS_MAX) {
    return { problem: `${names.length} decorators, at most ${DECORATORS_MAX} are allowed` }
  }
  for (const name of names) {
    const known = DECORATOR_NAMES.find((candidate) => candidate === name)
    if (known === undefined) {
      const hint = suggestName(name, DECORATOR_NAMES)
      return { problem: `unknown decorator ${describeFound(name)} before the ":"${hint}` }
    }
    decorators.push(known)
  }
  const operator = OPERATORS.get(operatorName)
  if (operator) return { text, decorators, operator }
  const misplaced = DECORATOR_NAMES.some((name) => name === operatorName)
  if (misplaced) {
    const example = `write an operator behind it, such as "${operatorName}:equal"`
    return { problem: `${describeFound(operatorName)} is a decorator: ${example}` }
  }
  const hint = suggestName(operatorName, [...OPERATORS.keys()])
  return { problem: `unknown operator ${describeFound(operatorName)}${hint}` }
}

/** Which side of the rest of the comparison the literal value is on; `swap` changes it. */
type Side = 'value' | 'fact'

type Rest = {
  readonly decorators: readonly DecoratorName[]
  readonly operator: Operator
  readonly context: OperatorContext
}

function restOf(comparison: Comparison, context: OperatorContext): Rest {
  return { decorators: comparison.decorators, operator: comparison.operator, context }
}

function innerOf(rest: Rest): Rest {
  return { ...rest, decorators: rest.decorators.slice(1) }
}

/** Everything that is wrong with the literal value of a comparison. */
export function checkLiteral(
  comparison: Comparison,
  value: unknown,
  context: OperatorContext,
): readonly ValueFault[] {
  return checkSide(restOf(comparison, context), 'value', value, '')
}

function checkSide(rest: Rest, side: Side, value: unknown, at: string): readonly ValueFault[] {
  const [decorator] = rest.decorators
  if (decorator === undefined) return checkOperand(rest, side, value, at)
  const inner = innerOf(rest)
  if (decorator === 'swap') return checkSide(inner, side === 'value' ? 'fact' : 'value', value, at)
  if (!spreads(decorator, side)) return checkSide(inner, side, value, at)
  if (!Array.isArray(value)) {
    const message = `found ${describeFound(value)}, expected a list, because of "${decorator}:"`
    return [side === 'value' ? valueError(message, at) : valueWarning(message, at)]
  }
  if (value.length === 0) {
    const verdict = decorator.startsWith('some') ? 'never holds' : 'always holds'
    return [valueWarning(`"${decorator}:" of an empty list ${verdict}`, at)]
  }
  return value.flatMap((member, index) => checkSide(inner, side, member, pointerTo(at, index)))
}

function checkOperand(rest: Rest, side: Side, value: unknown, at: string): readonly ValueFault[] {
  const { operator, context } = rest
  if (side === 'value') {
    const faults = operator.checkValue(value, context)
    return at === '' ? faults : faults.map((fault) => ({ ...fault, at: at + fault.at }))
  }
  if (!operator.takesFact) {
    const reason = `"${operator.name}" needs ${operator.expects} written in the rule`
    return [valueError(`"swap:" makes the fact the value, but ${reason}`, at)]
  }
  if (operator.throws === 'never' || typeof value !== 'object' || value === null) return []
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- whether it throws is the question
    void String(value)
    return []
  } catch {
    return [
      valueError('found an object whose "toString" is no function: it compares with nothing', at),
    ]
  }
}

function spreads(decorator: DecoratorName, side: Side): boolean {
  const names = side === 'value' ? ['someValue', 'everyValue'] : ['someFact', 'everyFact']
  return names.includes(decorator)
}

/**
 * The test of a fact against a literal value in which `checkLiteral` found no error. It throws
 * exactly where json-rules-engine throws.
 */
export function compileLiteral(
  comparison: Comparison,
  value: unknown,
  context: OperatorContext,
): Test {
  return compileSide(restOf(comparison, context), 'value', value)
}

/** A test of what the event brings (the fact, or after a `swap` the value) against the literal. */
function compileSide(rest: Rest, side: Side, literal: unknown): Test {
  const [decorator] = rest.decorators
  if (decorator === undefined) return compileOperand(rest, side, literal)
  const inner = innerOf(rest)
  if (decorator === 'swap') return compileSide(inner, side === 'value' ? 'fact' : 'value', literal)
  if (spreads(decorator, side)) return spreadLiteral(inner, side, literal, decorator)
  if (side === 'fact' && (decorator === 'lower' || decorator === 'upper')) {
    return compileSide(inner, side, fold(decorator, literal))
  }
  const test = compileSide(inner, side, literal)
  switch (decorator) {
    case 'not':
      return (given) => !test(given)
    case 'lower':
      return (given) => test(typeof given === 'string' ? given.toLowerCase() : given)
    case 'upper':
      return (given) => test(typeof given === 'string' ? given.toUpperCase() : given)
    case 'someFact':
      return (given) => Array.isArray(given) && given.some((member) => test(member))
    case 'everyFact':
      return (given) => Array.isArray(given) && given.every((member) => test(member))
    case 'someValue':
      return (given) => listOrFault(given).some((member) => test(member))
    case 'everyValue':
      return (given) => listOrFault(given).every((member) => test(member))
  }
}

function compileOperand({ operator, context }: Rest, side: Side, literal: unknown): Test {
  if (side === 'value') return operator.compile(literal, context)
  return (given) => operator.evaluate(literal, given, context)
}

/** `someValue` and `everyValue` of a literal list, or, after `swap`, `someFact` and `everyFact`. */
function spreadLiteral(inner: Rest, side: Side, literal: unknown, name: DecoratorName): Test {
  if (!Array.isArray(literal)) return () => false
  const tests = literal.map((member) => compileSide(inner, side, member))
  return name.startsWith('some')
    ? (given) => tests.some((test) => test(given))
    : (given) => tests.every((test) => test(given))
}

/** json-rules-engine asks the value for `some` or `every`, which only lists have. */
function listOrFault(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw FAULT
}

function fold(decorator: 'lower' | 'upper', value: unknown): unknown {
  if (typeof value !== 'string') return value
  return decorator === 'lower' ? value.toLowerCase() : value.toUpperCase()
}

export type PairTest = (factValue: unknown, value: unknown) => boolean

/** The test of two facts. It throws exactly where json-rules-engine throws. */
export function compilePair(comparison: Comparison, context: OperatorContext): PairTest {
  const { operator } = comparison
  const innermost: PairTest = (factValue, value) => operator.evaluate(factValue, value, context)
  return comparison.decorators.reduceRight<PairTest>(decoratePair, innermost)
}

function decoratePair(next: PairTest, decorator: DecoratorName): PairTest {
  switch (decorator) {
    case 'not':
      return (a, b) => !next(a, b)
    case 'swap':
      return (a, b) => next(b, a)
    case 'lower':
    case 'upper':
      return (a, b) => next(fold(decorator, a), b)
    case 'someFact':
      return (a, b) => Array.isArray(a) && a.some((member) => next(member, b))
    case 'everyFact':
      return (a, b) => Array.isArray(a) && a.every((member) => next(member, b))
    case 'someValue':
      return (a, b) => listOrFault(b).some((member) => next(a, member))
    case 'everyValue':
      return (a, b) => listOrFault(b).every((member) => next(a, member))
  }
}

/** Whether a test of this comparison can throw; `literal`: against a literal, else of two facts. */
export function mayThrow(comparison: Comparison, literal: boolean): boolean {
  let runtimeValue = !literal
  for (const decorator of comparison.decorators) {
    if (decorator === 'swap' && literal) runtimeValue = !runtimeValue
    else if (runtimeValue && spreads(decorator, 'value')) return true
  }
  return comparison.operator.throws === 'maybe'
}

/** What `lower` and `upper` do, as json-rules-engine calls a decorator. */
export function foldDecorator(
  decorator: 'lower' | 'upper',
): (factValue: unknown, value: unknown, next: PairTest) => boolean {
  return (factValue, value, next) => next(fold(decorator, factValue), value)
}

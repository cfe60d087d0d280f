// Owns what an operator is. Each family of operators has a file beside this one; registry.ts lists them.
import type { List } from '../list.ts'
import type { Schedule } from '../schedule.ts'

/** What the values of conditions may name. */
export type OperatorContext = {
  readonly lists: ReadonlyMap<string, List>
  readonly schedules: ReadonlyMap<string, Schedule>
}

export type Test = (factValue: unknown) => boolean

/** What is wrong with the value a rule writes; `at` is the place inside the value (a JSON pointer). */
export type ValueFault = {
  readonly level: 'error' | 'warning'
  readonly at: string
  readonly message: string
}

/**
 * What a fact must be for an operator to hold, for the index: equal to one of `values`, an array
 * with one of them as a member, or a text that begins or ends with one of them.
 */
export type Need = {
  readonly as: 'value' | 'member' | 'prefix' | 'suffix'
  readonly values: readonly unknown[]
  /** False: it is necessary, but not enough. */
  readonly exact?: boolean
}

export type Operator = {
  readonly name: string
  /** When it holds: one sentence for documentation and editors. */
  readonly about: string
  /** What its value may be, as it ends the sentence "found …, expected …". */
  readonly expects: string
  /** Whether the value may come from another fact; else it has to be known at load. */
  readonly takesFact: boolean
  /** What one evaluation costs: `dear` ones are asked last and only once per event. */
  readonly cost: 'cheap' | 'dear'
  /** Whether `evaluate`, or a compiled test, throws for some fact or value. Ours never do. */
  readonly throws: 'never' | 'maybe'
  checkValue(value: unknown, context: OperatorContext): readonly ValueFault[]
  /** The test for a value in which `checkValue` found no error; what is constant is computed here. */
  compile(value: unknown, context: OperatorContext): Test
  /** The same for a value known only now. Throws where json-rules-engine's operator throws. */
  evaluate(factValue: unknown, value: unknown, context: OperatorContext): boolean
  /** Undefined: the operator needs nothing the index could look up. */
  needs?(value: unknown, context: OperatorContext): Need | undefined
}

/** Thrown where json-rules-engine throws; one object, because making errors costs more than rules do. */
export const FAULT = new Error('json-rules-engine throws here')

export const NO_FAULTS: readonly ValueFault[] = []

export function valueError(message: string, at = ''): ValueFault {
  return { level: 'error', at, message }
}

export function valueWarning(message: string, at = ''): ValueFault {
  return { level: 'warning', at, message }
}

export function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

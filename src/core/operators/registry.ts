// Owns which operators there are. A new one: its family's file, a line here, its rows in the tests.
import { greaterThan, greaterThanInclusive, lessThan, lessThanInclusive } from './comparison.ts'
import { equal, notEqual } from './equality.ts'
import { inList, inSchedule } from './lookup.ts'
import { contains, doesNotContain, isInOperator, notIn } from './membership.ts'
import { inCidr } from './network.ts'
import type { Operator } from './operator.ts'
import { glob, matches } from './pattern.ts'
import { exists, present } from './presence.ts'
import { endsWith, includes, startsWith } from './text.ts'

/** The operators json-rules-engine 7 has itself; their verdicts are its verdicts. */
export const ENGINE_OPERATORS: readonly Operator[] = [
  equal,
  notEqual,
  isInOperator,
  notIn,
  contains,
  doesNotContain,
  lessThan,
  lessThanInclusive,
  greaterThan,
  greaterThanInclusive,
]

/** The operators Tocsin adds: false, never an error, on a fact of another type. */
export const OWN_OPERATORS: readonly Operator[] = [
  startsWith,
  endsWith,
  includes,
  matches,
  glob,
  inCidr,
  inList,
  exists,
  present,
  inSchedule,
]

/** Every operator by name, in the order documentation shows them. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [...ENGINE_OPERATORS, ...OWN_OPERATORS].map((operator) => [operator.name, operator]),
)

// Owns the instructions a rule set becomes: numbers in one array, which an interpreter runs ten times
// as fast as functions calling each other. What rules become: rule-program.ts; running: rule-run.ts.
import type { Check } from './compile.ts'
import type { Reading } from './reading.ts'

/**
 * The first number of an instruction, and what follows it. A target is the place of an instruction;
 * `then` and `else` are the targets of a verdict.
 */
export const OP = {
  /** Goes to the target kept last; ends the run when none is kept. */
  back: 1,
  /** keep, target: keeps one target and goes to the other. */
  keep: 2,
  /** reading, table, rest: goes to what the table has for the number, and keeps `rest`. */
  look: 3,
  /** reading, table, rest: keeps what the table has for each member of a list, and goes to `rest`. */
  lookEach: 4,
  /** rule, next, body: keeps `next` and goes to the body, unless the rule was asked before. */
  ask: 5,
  /** rule, target: the rule matches. */
  found: 6,
  /** check, then, else: calls a compiled condition. */
  call: 7,
  /** reading, number, then, else: whether the event shows the value of this number. */
  is: 8,
  /** reading, set, then, else: whether the event shows one of the values. */
  isOneOf: 9,
  /** place, number, how, check, then, else: compares a number; `check` is asked about other facts. */
  compare: 10,
  /** place, constant, then, else: whether the fact is the constant. */
  same: 11,
} as const

/** How numbers are compared. */
export const COMPARE = { less: 0, lessOrSame: 1, more: 2, moreOrSame: 3 } as const

export type Program = {
  readonly code: Int32Array
  readonly start: number
  /** Hash tables, each: its mask, then pairs of a number and a target; number 0 is a free place. */
  readonly tables: Int32Array
  /** Sets of numbers, each: its size, then 1 at the place of each member. */
  readonly sets: Int32Array
  readonly checks: readonly Check[]
  readonly constants: readonly unknown[]
  readonly numbers: Float64Array
  readonly readings: readonly Reading[]
  readonly ruleCount: number
}

/** Collects a program; instructions are written before those that lead to them. */
export type Assembler = {
  /** Writes an instruction and returns its place. */
  emit(...instruction: readonly number[]): number
  table(targets: ReadonlyMap<number, number>): number
  set(numbers: readonly number[]): number
  check(check: Check): number
  constant(value: unknown): number
  number(value: number): number
  finish(start: number, readings: readonly Reading[], ruleCount: number): Program
}

export function createAssembler(): Assembler {
  const code: number[] = []
  const tables: number[] = []
  const sets: number[] = []
  const checks = createPool<Check>()
  const constants = createPool<unknown>()
  const numbers = createPool<number>()
  return {
    emit(...instruction) {
      const place = code.length
      code.push(...instruction)
      return place
    },
    table(targets) {
      const place = tables.length
      const size = 2 ** Math.ceil(Math.log2(targets.size * 2 + 1))
      tables.push(size - 1)
      for (let slot = 0; slot < size; slot += 1) tables.push(0, 0)
      for (const [number, target] of targets) {
        let slot = number & (size - 1)
        while (tables[place + 1 + slot * 2] !== 0) slot = (slot + 1) & (size - 1)
        tables[place + 1 + slot * 2] = number
        tables[place + 2 + slot * 2] = target
      }
      return place
    },
    set(members) {
      const place = sets.length
      const size = Math.max(0, ...members) + 1
      sets.push(size)
      for (let number = 0; number < size; number += 1) sets.push(0)
      for (const member of members) sets[place + 1 + member] = 1
      return place
    },
    check: checks.add,
    constant: constants.add,
    number: numbers.add,
    finish: (start, readings, ruleCount) => ({
      code: Int32Array.from(code),
      start,
      tables: Int32Array.from(tables),
      sets: Int32Array.from(sets),
      checks: checks.values,
      constants: constants.values,
      numbers: Float64Array.from(numbers.values),
      readings,
      ruleCount,
    }),
  }
}

/** Values by place, equal ones once. */
function createPool<T>(): {
  readonly values: readonly T[]
  readonly add: (value: T) => number
} {
  const values: T[] = []
  const places = new Map<T, number>()
  return {
    values,
    add(value) {
      const known = places.get(value)
      if (known !== undefined) return known
      values.push(value)
      places.set(value, values.length - 1)
      return values.length - 1
    },
  }
}

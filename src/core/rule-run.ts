// Owns running a program of rules for one event after the other. What the instructions mean: program.ts.
import type { Frame } from './frame.ts'
import type { COMPARE, OP, Program } from './program.ts'
import { readMembers, readNumber } from './reading.ts'

export type RuleRun = {
  /** How many rules match the event in the frame; their numbers are the first of `found`, in order. */
  run(frame: Frame): number
  /** Valid until the next run. */
  readonly found: Int32Array
}

/** Turns fit into 32 bits; then the marks of old turns are wiped. */
const TURN_MAX = 2 ** 31 - 1

/** The number of a reading that was not taken for this event. */
const UNREAD = -1

/** Matches up to which sorting by insertion is faster than a call. */
const INSERTED_MAX = 32

/** Targets kept at first; more are needed by events with long lists. */
const KEPT_FIRST = 256

/**
 * Makes the interpreter of a program. Its cases are written as numbers, checked against OP by type:
 * V8 makes a jump table of literals only, and keeps only local variables in registers.
 */
export function createRun(program: Program): RuleRun {
  const { readings } = program
  const found = new Int32Array(program.ruleCount)
  /** The turn in which a rule was last asked: one can be met in several ways. */
  const asked = new Int32Array(program.ruleCount)
  const shown = new Int32Array(readings.length)
  const members = new Int32Array(Math.max(0, ...readings.map((reading) => reading.numbers.size)))
  let kept = new Int32Array(KEPT_FIRST)
  let turn = 0

  function take(reading: number, frame: Frame): number {
    const source = readings[reading]
    const number = source === undefined ? 0 : readNumber(source, frame)
    shown[reading] = number
    return number
  }

  /** Keeps the targets of all members of a list; returns how many are kept then. */
  function keepEach(reading: number, table: number, depth: number, frame: Frame): number {
    const source = readings[reading]
    const count = source === undefined ? 0 : readMembers(source, frame, members)
    let top = depth
    for (let index = 0; index < count; index += 1) {
      const target = targetOf(program.tables, table, members[index] ?? 0)
      if (target === 0) continue
      if (top === kept.length) grow()
      kept[top] = target
      top += 1
    }
    return top
  }

  function grow(): void {
    const larger = new Int32Array(kept.length * 2)
    larger.set(kept)
    kept = larger
  }

  function beginTurn(): void {
    for (let index = 0; index < shown.length; index += 1) shown[index] = UNREAD
    turn += 1
    if (turn < TURN_MAX) return
    asked.fill(0)
    turn = 1
  }

  function run(frame: Frame): number {
    beginTurn()
    const { code, tables, sets, checks, constants, numbers } = program
    const now = turn
    let at = program.start
    let depth = 0
    let count = 0
    for (;;) {
      const a = code[at + 1] ?? 0
      const b = code[at + 2] ?? 0
      switch (code[at]) {
        case 1 satisfies typeof OP.back:
          if (depth === 0) return count
          depth -= 1
          at = kept[depth] ?? 0
          break
        case 2 satisfies typeof OP.keep:
          if (depth === kept.length) grow()
          kept[depth] = a
          depth += 1
          at = b
          break
        case 3 satisfies typeof OP.look: {
          const known = shown[a] ?? UNREAD
          const number = known === UNREAD ? take(a, frame) : known
          const target = number === 0 ? 0 : targetOf(tables, b, number)
          const rest = code[at + 3] ?? 0
          if (target === 0) {
            at = rest
            break
          }
          if (depth === kept.length) grow()
          kept[depth] = rest
          depth += 1
          at = target
          break
        }
        case 4 satisfies typeof OP.lookEach:
          depth = keepEach(a, b, depth, frame)
          at = code[at + 3] ?? 0
          break
        case 5 satisfies typeof OP.ask:
          if (asked[a] === now) {
            at = b
            break
          }
          asked[a] = now
          if (depth === kept.length) grow()
          kept[depth] = b
          depth += 1
          at = code[at + 3] ?? 0
          break
        case 6 satisfies typeof OP.found:
          found[count] = a
          count += 1
          at = b
          break
        case 7 satisfies typeof OP.call:
          at = (checks[a]?.(frame) ? b : code[at + 3]) ?? 0
          break
        case 8 satisfies typeof OP.is: {
          const known = shown[a] ?? UNREAD
          const number = known === UNREAD ? take(a, frame) : known
          at = (number === b ? code[at + 3] : code[at + 4]) ?? 0
          break
        }
        case 9 satisfies typeof OP.isOneOf: {
          const known = shown[a] ?? UNREAD
          const number = known === UNREAD ? take(a, frame) : known
          const holds = number < (sets[b] ?? 0) && sets[b + 1 + number] === 1
          at = (holds ? code[at + 3] : code[at + 4]) ?? 0
          break
        }
        case 10 satisfies typeof OP.compare: {
          const fact = frame[a]
          const holds =
            typeof fact === 'number'
              ? compare(code[at + 3] ?? 0, fact, numbers[b] ?? 0)
              : checks[code[at + 4] ?? 0]?.(frame)
          at = (holds ? code[at + 5] : code[at + 6]) ?? 0
          break
        }
        case 11 satisfies typeof OP.same:
          at = (frame[a] === constants[b] ? code[at + 3] : code[at + 4]) ?? 0
          break
        default:
          return count
      }
    }
  }

  return {
    found,
    run(frame) {
      const count = run(frame)
      if (count > 1) sortFirst(found, count)
      return count
    },
  }
}

/** By insertion: an event matches few rules. */
function sortFirst(numbers: Int32Array, count: number): void {
  if (count > INSERTED_MAX) {
    numbers.subarray(0, count).sort()
    return
  }
  for (let index = 1; index < count; index += 1) {
    const number = numbers[index] ?? 0
    let place = index
    for (; place > 0 && (numbers[place - 1] ?? 0) > number; place -= 1) {
      numbers[place] = numbers[place - 1] ?? 0
    }
    numbers[place] = number
  }
}

/** What a table has for a number; 0 when it has nothing. */
function targetOf(tables: Int32Array, table: number, number: number): number {
  const mask = tables[table] ?? 0
  for (let slot = number & mask; ; slot = (slot + 1) & mask) {
    const place = table + 1 + slot * 2
    const candidate = tables[place] ?? 0
    if (candidate === number) return tables[place + 1] ?? 0
    if (candidate === 0) return 0
  }
}

function compare(how: number, fact: number, number: number): boolean {
  switch (how) {
    case 0 satisfies typeof COMPARE.less:
      return fact < number
    case 1 satisfies typeof COMPARE.lessOrSame:
      return fact <= number
    case 2 satisfies typeof COMPARE.more:
      return fact > number
    default:
      return fact >= number
  }
}

// Owns the shapes of what users write in JSON: each checks a value, names every fault at once and
// gives its JSON Schema, so that loader and editor say the same. What a rule means: rule.ts.
import type { Problem } from './problem.ts'
import { describeFound, suggestName } from './suggest.ts'

export type Report = (problem: Problem) => void

export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * Turns an unknown value into a T, or reports what is wrong with it and returns undefined. A record
 * or a list with a fault inside still returns the rest of it, so that checks between its parts can
 * go on; whoever reported decides that the whole is not used.
 */
export type Shape<T> = {
  /** What belongs here, as it ends the sentence "found …, expected …". */
  readonly expected: string
  readonly schema: JsonSchema
  readonly parse: (value: unknown, pointer: string, report: Report) => T | undefined
}

/** One key of a record; `about` is what editors show. */
export type Key<T> = {
  readonly shape: Shape<T>
  readonly about: string
  readonly must?: boolean
  /** The default, for the schema only: whoever reads the record applies it. */
  readonly default?: unknown
}

export type Keys = { readonly [name: string]: Key<unknown> }

/** What a record gives: every key is there, undefined when it was absent or wrong. */
export type RecordOf<K extends Keys> = {
  readonly [N in keyof K]: K[N] extends Key<infer T> ? T | undefined : never
}

/** Members of one list: no rule is readable beyond, and a checker must end. */
const LIST_LENGTH_MAX = 1000

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The pointer of a member (RFC 6901: `~` and `/` are escaped). */
export function pointerTo(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

export function reportError(report: Report, pointer: string, message: string): undefined {
  report({ level: 'error', pointer, message })
  return undefined
}

export function reportWarning(report: Report, pointer: string, message: string): void {
  report({ level: 'warning', pointer, message })
}

function mismatch(report: Report, pointer: string, value: unknown, expected: string): undefined {
  return reportError(report, pointer, `found ${describeFound(value)}, expected ${expected}`)
}

/** A value that another parser reads; `schema` tells editors what it may be. */
export function anything(expected: string, schema: JsonSchema): Shape<unknown> {
  return { expected, schema, parse: (value) => value }
}

/** A non-empty string of at most `max` characters. */
export function text(max: number, expected = `a text of 1 to ${max} characters`): Shape<string> {
  return {
    expected,
    schema: { type: 'string', minLength: 1, maxLength: max },
    parse(value, pointer, report) {
      if (typeof value !== 'string') return mismatch(report, pointer, value, expected)
      if (value.trim() === '') return reportError(report, pointer, `it is empty: write ${expected}`)
      if (value.length <= max) return value
      return reportError(report, pointer, `${value.length} characters: at most ${max} are allowed`)
    },
  }
}

/** A string that `read` turns into a T; undefined means it is none. */
export function readable<T>(
  expected: string,
  schema: JsonSchema,
  read: (text: string) => T | undefined,
): Shape<T> {
  return {
    expected,
    schema: { type: 'string', ...schema },
    parse(value, pointer, report) {
      const result = typeof value === 'string' ? read(value) : undefined
      return result === undefined ? mismatch(report, pointer, value, expected) : result
    },
  }
}

export function choice<T extends string>(values: readonly T[]): Shape<T> {
  const expected = `one of ${values.join(', ')}`
  return {
    expected,
    schema: { enum: values },
    parse(value, pointer, report) {
      const found = values.find((candidate) => candidate === value)
      if (found !== undefined) return found
      if (typeof value !== 'string') return mismatch(report, pointer, value, expected)
      const hint = suggestName(value, values)
      return reportError(report, pointer, `unknown value ${describeFound(value)}${hint}`)
    },
  }
}

export const flag: Shape<boolean> = {
  expected: 'true or false',
  schema: { type: 'boolean' },
  parse: (value, pointer, report) =>
    typeof value === 'boolean' ? value : mismatch(report, pointer, value, 'true or false'),
}

export function whole(min: number, max: number): Shape<number> {
  const expected = `a whole number from ${min} to ${max}`
  return {
    expected,
    schema: { type: 'integer', minimum: min, maximum: max },
    parse(value, pointer, report) {
      const fits = Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      return fits ? Number(value) : mismatch(report, pointer, value, expected)
    },
  }
}

/** A number above zero, or from zero on. */
export function positive(from: 'above zero' | 'zero or more'): Shape<number> {
  const expected = from === 'above zero' ? 'a number above zero' : 'a number, zero or more'
  return {
    expected,
    schema:
      from === 'above zero'
        ? { type: 'number', exclusiveMinimum: 0 }
        : { type: 'number', minimum: 0 },
    parse(value, pointer, report) {
      const fits = typeof value === 'number' && (from === 'above zero' ? value > 0 : value >= 0)
      return fits ? value : mismatch(report, pointer, value, expected)
    },
  }
}

export type ListLimits = { readonly min?: number; readonly max?: number; readonly unique?: boolean }

/** A list of `shape`; members with a fault are left out of what it returns. */
export function listOf<T>(shape: Shape<T>, limits: ListLimits = {}): Shape<readonly T[]> {
  const { min = 0, max = LIST_LENGTH_MAX, unique = false } = limits
  const expected = `a list${min > 0 ? ` of at least ${min}` : ''}, each ${shape.expected}`
  return {
    expected,
    schema: {
      type: 'array',
      items: shape.schema,
      ...(min > 0 && { minItems: min }),
      ...(limits.max !== undefined && { maxItems: limits.max }),
      ...(unique && { uniqueItems: true }),
    },
    parse(value, pointer, report) {
      if (!Array.isArray(value)) return mismatch(report, pointer, value, expected)
      if (value.length < min || value.length > max) {
        const bound = value.length < min ? `at least ${min}` : `at most ${max}`
        reportError(report, pointer, `${value.length} in the list, ${bound} are expected`)
      }
      if (unique) reportRepeated(value, pointer, report)
      const members = value.slice(0, max)
      const parsed = members.map((item, i) => shape.parse(item, pointerTo(pointer, i), report))
      return parsed.filter((item) => item !== undefined)
    },
  }
}

function reportRepeated(values: readonly unknown[], pointer: string, report: Report): void {
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'string' || values.indexOf(value) === index) continue
    reportError(report, pointerTo(pointer, index), `${describeFound(value)} is there twice`)
  }
}

/** An object with these keys and no others. */
export function record<K extends Keys>(keys: K, expected = 'an object'): Shape<RecordOf<K>> {
  const names = Object.keys(keys)
  return {
    expected,
    schema: recordSchema(keys),
    parse(value, pointer, report) {
      if (!isObject(value)) return mismatch(report, pointer, value, expected)
      reportUnknownKeys(value, names, { pointer, report })
      const entries = names.map((name) => {
        const key = keys[name] as Key<unknown>
        const member = Object.hasOwn(value, name) ? value[name] : undefined
        if (member !== undefined) {
          return [name, key.shape.parse(member, pointerTo(pointer, name), report)]
        }
        if (key.must) reportError(report, pointer, missing(name, key.shape.expected))
        return [name, undefined]
      })
      return Object.fromEntries(entries) as RecordOf<K>
    },
  }
}

export function missing(name: string, expected: string): string {
  return `${JSON.stringify(name)} is missing, expected ${expected}`
}

/** Reports each key that is not among `names`, with the nearest one that is. */
export function reportUnknownKeys(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
  { pointer, report }: { readonly pointer: string; readonly report: Report },
): void {
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue
    const hint = suggestName(name, names)
    reportError(report, pointerTo(pointer, name), `unknown key ${describeFound(name)}${hint}`)
  }
}

function recordSchema(keys: Keys): JsonSchema {
  const properties = Object.entries(keys).map(([name, key]) => [
    name,
    {
      ...key.shape.schema,
      description: key.about,
      ...(key.default !== undefined && { default: key.default }),
    },
  ])
  const required = Object.keys(keys).filter((name) => keys[name]?.must)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

// Owns reading fields of entries that may hold anything: typed or undefined, and bounded. Not which
// fields matter.

/** An object of unknown fields. */
export type Fields = Readonly<Record<string, unknown>>

/** Characters of one text fact; the longest URI servers take is about 8,000. */
export const FACT_LENGTH_MAX = 8_192

const NONE: Fields = Object.freeze({})

/** Whether a value is an object with fields: no array, not null. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as fields; an object without any when it has none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NONE
}

/** A string that says something, cut at `FACT_LENGTH_MAX`. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  if (value.length <= FACT_LENGTH_MAX) return value
  // A surrogate pair is not cut in two: half of one is no character and breaks encoders later.
  const code = value.charCodeAt(FACT_LENGTH_MAX - 1)
  return value.slice(0, code >= 0xd800 && code <= 0xdbff ? FACT_LENGTH_MAX - 1 : FACT_LENGTH_MAX)
}

/** A text, or a number written as one: the log's documents and its live data differ on ids. */
export function scalarOf(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : textOf(value)
}

/** A whole number from 0 to `max`, from a number or its digits. */
export function wholeOf(value: unknown, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= max
    ? number
    : undefined
}

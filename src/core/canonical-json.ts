// Owns one text for one JSON value, whatever the order of its keys. Not a general serialiser.
import { type Fields, isFields } from './fields.ts'

/**
 * Nesting that is written out; deeper values become a mark, so that hostile depth costs no stack.
 */
const DEPTH_MAX = 64

/** Keys of one object up to which insertion is the faster sort. */
const INSERTION_MAX = 12

const TOO_DEEP = '"…"'

/**
 * JSON text with sorted keys and unchanged values; own keys only. What is no JSON (undefined,
 * functions) is left out of objects and is `null` elsewhere. Never throws.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return `${value}`
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (depth === DEPTH_MAX) return TOO_DEEP
  if (Array.isArray(value)) return writeArray(value, depth + 1)
  return isFields(value) ? writeObject(value, depth + 1) : 'null'
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = '['
  for (let index = 0; index < items.length; index += 1) {
    if (index > 0) text += ','
    text += write(items[index], depth)
  }
  return `${text}]`
}

function writeObject(fields: Fields, depth: number): string {
  let text = '{'
  for (const key of sortKeys(Object.keys(fields))) {
    const value = fields[key]
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue
    if (text.length > 1) text += ','
    text += `${quote(key)}:${write(value, depth)}`
  }
  return `${text}}`
}

/** Most texts need no escapes, and looking for them costs less than a call of JSON.stringify. */
function quote(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

/**
 * Sorts in place by code units, as `sort` does; entries have few keys, which insertion sorts
 * faster.
 */
function sortKeys(keys: string[]): readonly string[] {
  if (keys.length > INSERTION_MAX) return keys.sort()
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] ?? ''
    let at = index - 1
    for (; at >= 0 && (keys[at] ?? '') > key; at -= 1) keys[at + 1] = keys[at] ?? ''
    keys[at + 1] = key
  }
  return keys
}

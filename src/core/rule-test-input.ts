// Owns what a test's event holds: facts that are checked, a raw entry, and values put into each
// repetition. Times and repetition: rule-test-parse.ts.
import { parseTime } from './entry-time.ts'
import { FACT_NAMES, FACTS, type FactName } from './event.ts'
import { entrySource } from './normalize.ts'
import { isFact } from './rule-fact.ts'
import type { SetPath, TestInput, TestStep } from './rule-test.ts'
import { isObject, pointerTo, type Report, reportError, reportUnknownKeys } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export const INPUT_EXPECTED = 'an object of facts, or {"entry": {…}}'

export type At = { readonly pointer: string; readonly report: Report }

export function parseInput(value: unknown, at: At): TestInput | undefined {
  if (!isObject(value)) {
    const message = `found ${describeFound(value)}, expected ${INPUT_EXPECTED}`
    return reportError(at.report, at.pointer, message)
  }
  if (!('entry' in value)) return parseFacts(value, at)
  reportUnknownKeys(value, ['entry'], at)
  return parseEntry(value, at)
}

export function parseEntry(value: Readonly<Record<string, unknown>>, at: At): TestInput {
  const { entry } = value
  if (isObject(entry)) {
    // People paste what the API answered, with the entry inside `_source`.
    const inner = entrySource(entry)
    return { kind: 'entry', entry: isObject(inner) ? inner : entry }
  }
  const message = `found ${describeFound(entry)}, expected a raw entry as an object`
  reportError(at.report, pointerTo(at.pointer, 'entry'), message)
  return { kind: 'entry', entry: {} }
}

export function parseFacts(facts: Readonly<Record<string, unknown>>, at: At): TestInput {
  for (const [name, value] of Object.entries(facts)) {
    const place = pointerTo(at.pointer, name)
    const message = wrongFact(name, value)
    if (message !== undefined) reportError(at.report, place, message)
  }
  return { kind: 'facts', facts }
}

const OWN_KEYS = ['at', 'arrives', 'repeat', 'every', 'set', 'event']

/** What is wrong with a fact of a test, or undefined. */
function wrongFact(name: string, value: unknown): string | undefined {
  if (!isFact(name)) {
    const hint = suggestName(name, [...FACT_NAMES, ...OWN_KEYS])
    return `unknown fact ${describeFound(name)}${hint}`
  }
  if (name === 'time' && typeof value === 'string' && parseTime(value) !== undefined) {
    return undefined
  }
  const spec = FACTS[name]
  const found = describeFound(value)
  if (value === null) return 'found null: leave a fact out when the event lacks it'
  if (!holds(spec.type, value)) return `found ${found}, but ${name} is ${TYPE_WORDS[spec.type]}`
  if (typeof value !== 'string' || spec.values === undefined) return undefined
  if (spec.values.includes(value)) return undefined
  return `${name} is never ${found}${suggestName(value, spec.values)}`
}

type FactType = (typeof FACTS)[FactName]['type']

const TYPE_WORDS: Readonly<Record<FactType, string>> = {
  string: 'a text',
  number: 'a number',
  strings: 'a list of texts',
  resources: 'a list of {type, id, actions}',
  any: 'anything',
}

function holds(type: FactType, value: unknown): boolean {
  if (type === 'any') return true
  if (type === 'string' || type === 'number') return typeof value === type
  if (!Array.isArray(value)) return false
  return value.every((item) => (type === 'strings' ? typeof item === 'string' : isObject(item)))
}

export function parseSet(value: unknown, kind: TestInput['kind'], at: At): TestStep['set'] {
  if (!isObject(value)) {
    reportError(at.report, at.pointer, `found ${describeFound(value)}, expected an object`)
    return []
  }
  return Object.entries(value).flatMap(([name, item]) => {
    const pointer = pointerTo(at.pointer, name)
    if (kind === 'entry') return parseSetPath(name, { ...at, pointer }, item)
    const message = name === 'time' ? 'use "every" and "at" for times' : wrongSet(name, item)
    if (message !== undefined) reportError(at.report, pointer, message)
    return [{ path: [name], value: item }]
  })
}

/** Like a fact's value, but a text may stand for a number once `{{ n }}` is replaced. */
function wrongSet(name: string, value: unknown): string | undefined {
  const isTemplate = typeof value === 'string' && /\{\{\s*n\s*\}\}/.test(value)
  const isNumber = isFact(name) && FACTS[name].type === 'number'
  return isTemplate && isNumber ? undefined : wrongFact(name, value)
}

function parseSetPath(name: string, at: At, value: unknown): TestStep['set'] {
  const written = name.startsWith('entry.') ? name.slice('entry.'.length) : name
  if (!/^[^.[\]]+(\.[^.[\]]+|\[\d{1,4}\])*$/.test(written)) {
    const message = `${describeFound(name)} is no path into the entry, expected one such as "event.resources[0].id"`
    reportError(at.report, at.pointer, message)
    return []
  }
  const path: SetPath = [...written.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, index]) =>
    index === undefined ? key : Number(index),
  )
  return [{ path, value }]
}

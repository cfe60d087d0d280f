// Owns reading NDJSON: lines out of a stream, and the entries a line holds. Memory stays bounded.
import { entrySource } from '../core/normalize.ts'

/** Longest line, in characters: a whole API answer of 10,000 entries fits. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024

/** A line of input, numbered from 1. `text` is undefined when it was too long to be held. */
export type Line = { readonly number: number; readonly text: string | undefined }

/** The lines of a stream in chunks as they arrive; empty lines are left out, but counted. */
export async function* readLines(input: AsyncIterable<Buffer | string>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let number = 0
  let isTooLong = false
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const parts = (rest + text).split('\n')
    rest = parts.pop() as string
    const lines = parts.map((part, at): Line => {
      number += 1
      return { number, text: isTooLong && at === 0 ? undefined : part }
    })
    if (parts.length > 0) isTooLong = false
    if (rest.length > LINE_LENGTH_MAX) isTooLong = true
    if (isTooLong) rest = ''
    yield lines.filter((line) => line.text === undefined || line.text.trim() !== '')
  }
  if (rest.trim() !== '' || isTooLong) {
    yield [{ number: number + 1, text: isTooLong ? undefined : rest }]
  }
}

/** What a line holds: entries, or why it holds none. */
export type LineContent = { readonly entries: readonly unknown[] } | { readonly problem: string }

/** Accepts an entry, `{"_source": …}`, a whole API answer, or any JSON object. */
export function parseLine(line: Line): LineContent {
  if (line.text === undefined) return { problem: `longer than ${LINE_LENGTH_MAX} characters` }
  let value: unknown
  try {
    value = JSON.parse(line.text)
  } catch (error) {
    return { problem: `no JSON: ${(error as Error).message.slice(0, 120)}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'JSON, but no object' }
  }
  return { entries: hitsOf(value)?.map(entrySource) ?? [entrySource(value)] }
}

/** The hits of `{"hits":{"hits":[…]}}`. */
function hitsOf(value: object): readonly unknown[] | undefined {
  const outer = 'hits' in value ? value.hits : undefined
  if (typeof outer !== 'object' || outer === null || !('hits' in outer)) return undefined
  return Array.isArray(outer.hits) ? outer.hits : undefined
}

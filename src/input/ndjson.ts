// Owns what a line of NDJSON holds: entries, or why there are none. Where lines come from: blocks.ts.
import { isFields } from '../core/fields.ts'
import { entrySource } from '../core/normalize.ts'

/** What a line holds: entries, or why it holds none. */
export type LineContent = { readonly entries: readonly unknown[] } | { readonly problem: string }

/** Characters of a parser's message that are passed on: it quotes the line, which is hostile. */
const MESSAGE_LENGTH_MAX = 120

/** Accepts an entry, `{"_source": …}`, a whole API answer, any JSON object, or a list of these. */
export function parseLine({ text }: { readonly text: string }): LineContent {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problem: `no JSON: ${(error as Error).message.slice(0, MESSAGE_LENGTH_MAX)}` }
  }
  if (Array.isArray(value) && value.length > 0 && value.every(isFields)) {
    return { entries: value.map(entrySource) }
  }
  if (!isFields(value)) return { problem: 'JSON, but no object' }
  return { entries: hitsOf(value)?.map(entrySource) ?? [entrySource(value)] }
}

/** The hits of `{"hits":{"hits":[…]}}`. */
function hitsOf(value: object): readonly unknown[] | undefined {
  const outer = 'hits' in value ? value.hits : undefined
  if (typeof outer !== 'object' || outer === null || !('hits' in outer)) return undefined
  return Array.isArray(outer.hits) ? outer.hits : undefined
}

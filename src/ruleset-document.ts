// Owns one JSON file as text: its value, where each part of it stands, and faults of the JSON
// itself. What the value must be: core/rule.ts and the others that read it.
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import type { Problem } from './core/problem.ts'
import { pointerTo } from './core/shape.ts'

export type Place = { readonly line: number; readonly column: number }

export type Document = {
  readonly file: string
  /** Undefined when the text is no JSON. */
  readonly value: unknown
  /** Faults of the JSON itself; with one of them `value` must not be used. */
  readonly problems: readonly Problem[]
  /** The same problem with file, line and column of what its pointer names. */
  readonly place: (problem: Problem) => Problem
}

/** Levels of nesting: the parser calls itself for each, and no rule is readable beyond. */
const DEPTH_MAX = 100

/** Faults of syntax per file: one missing comma makes all that follows look wrong. */
const SYNTAX_FAULTS_MAX = 3

/** Reads JSON without comments. Never throws, however strange the text. */
export function parseDocument(file: string, written: string): Document {
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written
  const starts = lineStarts(text)
  const at = (offset: number): Place => placeOf(starts, offset)
  const fault = (offset: number, pointer: string, message: string): Problem => ({
    level: 'error',
    pointer,
    message,
    file,
    ...at(offset),
  })
  const broken = (problems: readonly Problem[]): Document => ({
    file,
    value: undefined,
    problems,
    place: (problem) => ({ ...problem, file, line: 1, column: 1 }),
  })

  if (text.trim() === '') return broken([fault(0, '', 'the file is empty, expected a JSON object')])
  const deep = tooDeep(text)
  if (deep !== undefined) {
    return broken([fault(deep, '', `nested more than ${DEPTH_MAX} levels deep`)])
  }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  if (errors.length > 0 || root === undefined) {
    const faults = errors.map(({ error, offset }) => fault(offset, '', syntaxMessage(error)))
    const lines = new Set<unknown>()
    // What follows the first fault of a line is mostly its consequence.
    const first = faults.filter(({ line }) => !lines.has(line) && lines.add(line))
    return broken(first.slice(0, SYNTAX_FAULTS_MAX))
  }
  const value = parseValue(text)
  if (value === undefined) return broken([fault(0, '', 'the text is no JSON')])
  return {
    file,
    value: value.value,
    problems: repeatedKeys(root).map(({ node, pointer, name }) =>
      fault(node.offset, pointer, `the key ${JSON.stringify(name)} is there twice`),
    ),
    place: (problem) => ({ ...problem, file, ...at(offsetOf(root, problem.pointer)) }),
  }
}

/** JSON.parse makes own properties of all names, `__proto__` too; the tree's reader does not. */
function parseValue(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON value; texts stand in double quotes',
  InvalidNumberFormat: 'this is no JSON number',
  PropertyNameExpected: 'a key in double quotes is expected here; is there a comma too many?',
  ValueExpected: 'a value is expected here; is there a comma too many?',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected before this',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'the JSON value has ended before this',
  InvalidCommentToken: 'comments are not allowed: rules are plain JSON',
  UnexpectedEndOfComment: 'comments are not allowed: rules are plain JSON',
  UnexpectedEndOfString: 'the text does not end on its line; a closing " is missing',
  UnexpectedEndOfNumber: 'the number is cut off',
  InvalidUnicode: 'this is no valid \\u escape',
  InvalidEscapeCharacter: 'this escape is not known to JSON; a backslash is written \\\\',
  InvalidCharacter: 'control characters are not allowed inside a text',
}

function syntaxMessage(code: number): string {
  return SYNTAX_WORDS[printParseErrorCode(code)] ?? 'this is no JSON'
}

/** The offset where nesting grows beyond DEPTH_MAX, if it does; brackets in texts don't count. */
function tooDeep(text: string): number | undefined {
  let depth = 0
  let inText = false
  for (let offset = 0; offset < text.length; offset += 1) {
    const character = text[offset]
    if (character === '"') inText = !inText
    else if (inText && character === '\\') offset += 1
    else if (!inText && (character === '{' || character === '[')) depth += 1
    else if (!inText && (character === '}' || character === ']')) depth -= 1
    if (depth > DEPTH_MAX) return offset
  }
  return undefined
}

type RepeatedKey = { readonly node: Node; readonly pointer: string; readonly name: string }

/** Keys that an object has twice: JSON keeps the last and says nothing. */
function repeatedKeys(node: Node, pointer = ''): readonly RepeatedKey[] {
  const children = node.children ?? []
  if (node.type === 'array') {
    return children.flatMap((child, index) => repeatedKeys(child, pointerTo(pointer, index)))
  }
  if (node.type !== 'object') return []
  const seen = new Set<unknown>()
  return children.flatMap((property) => {
    const [key, value] = property.children ?? []
    if (key === undefined || value === undefined) return []
    const name = String(key.value)
    const inner = repeatedKeys(value, pointerTo(pointer, name))
    if (!seen.has(name)) {
      seen.add(name)
      return inner
    }
    return [{ node: key, pointer: pointerTo(pointer, name), name }, ...inner]
  })
}

/** Where the value at a pointer stands; of a pointer that leads nowhere, the nearest part of it. */
function offsetOf(root: Node, pointer: string): number {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  let node = root
  for (const segment of segments) {
    const key = node.type === 'array' ? Number(segment) : segment
    const next = findNodeAtLocation(node, [key])
    if (next === undefined) break
    node = next
  }
  return node.offset
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1)
  }
  return starts
}

function placeOf(starts: readonly number[], offset: number): Place {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}

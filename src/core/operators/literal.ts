// Owns the search for a text that every match of an expression contains: looking for it first spares
// most texts the expression. Knows nothing about matching.

export type Literal = {
  readonly text: string
  /** The expression ignores case; `text` is in lower case then. */
  readonly fold: boolean
}

/** Shorter ones are in most texts. */
const LENGTH_MIN = 3

const FLAGS = /^\(\?([imsU]+)\)/
/** Groups that set flags, quotations, and escapes with arguments: not understood here. */
const FOREIGN = /\(\?(?![:P<])|\\[QEpPx0-9]/
const REPEAT = /^\{\d+(,\d*)?\}/

/**
 * The longest text that must be in what the expression matches, as far as that is plain to see:
 * characters in a row outside of groups, classes and alternatives. Undefined when there is none.
 */
export function requiredLiteral(expression: string): Literal | undefined {
  const flags = FLAGS.exec(expression)
  const rest = expression.slice(flags?.[0].length ?? 0)
  if (FOREIGN.test(rest)) return undefined
  const runs = readRuns(rest)
  const longest = runs?.reduce((best, run) => (run.length > best.length ? run : best), '') ?? ''
  if (longest.length < LENGTH_MIN) return undefined
  const fold = flags?.[1]?.includes('i') === true
  return { text: fold ? longest.toLowerCase() : longest, fold }
}

/** The characters in a row at the top of the expression; undefined when it has alternatives there. */
function readRuns(rest: string): readonly string[] | undefined {
  const runs: string[] = []
  let run = ''
  let depth = 0
  const endRun = () => {
    runs.push(run)
    run = ''
  }
  for (let at = 0; at < rest.length; ) {
    const { kind, length, character } = readAtom(rest, at)
    at += length
    if (kind === 'alternative' && depth === 0) return undefined
    if (kind === 'open') depth += 1
    if (kind === 'close') depth -= 1
    if (kind === 'character' && depth === 0) run += character
    else {
      if (kind === 'optional') run = run.slice(0, -1)
      endRun()
    }
  }
  endRun()
  return runs
}

type Atom = {
  readonly kind: 'character' | 'optional' | 'alternative' | 'open' | 'close' | 'other'
  readonly length: number
  readonly character: string
}

/** What stands at a place; `optional` says that the character before it may be missing. */
function readAtom(rest: string, at: number): Atom {
  const character = rest[at] ?? ''
  const atom = (kind: Atom['kind'], length = 1): Atom => ({ kind, length, character })
  switch (character) {
    case '\\': {
      const escaped = rest[at + 1] ?? ''
      const plain = /^[^A-Za-z0-9\u0080-\uffff]$/.test(escaped)
      return { kind: plain ? 'character' : 'other', length: 2, character: escaped }
    }
    case '[':
      return atom('other', classLength(rest, at))
    case '(':
      return atom('open')
    case ')':
      return atom('close')
    case '|':
      return atom('alternative')
    case '?':
    case '*':
      return atom('optional')
    case '{':
      return atom('optional', REPEAT.exec(rest.slice(at))?.[0].length ?? 1)
    case '+':
    case '^':
    case '$':
    case '.':
      return atom('other')
    default:
      return atom(/^[\u0080-\uffff]$/.test(character) ? 'other' : 'character')
  }
}

/** The length of a class, `[` and `]` included; a `]` right at its start is a member of it. */
function classLength(rest: string, at: number): number {
  let end = at + 1
  if (rest[end] === '^') end += 1
  if (rest[end] === ']') end += 1
  while (end < rest.length && rest[end] !== ']') {
    if (rest[end] === '\\') end += 2
    else if (rest.startsWith('[:', end)) end = Math.max(end + 1, rest.indexOf(':]', end) + 2)
    else end += 1
  }
  return end + 1 - at
}

/** Whether a text may have a match, by the literal alone. */
export function mayMatch({ text: literal, fold }: Literal, text: string): boolean {
  if (!fold) return text.includes(literal)
  // Without case, RE2 takes the long s (ſ) for an s; toLowerCase leaves it as it is.
  return text.toLowerCase().includes(literal) || text.includes('ſ')
}

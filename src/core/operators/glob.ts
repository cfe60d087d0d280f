// Owns how a glob is matched against a text in linear time. The operator itself: pattern.ts.

/** A part of a glob: a text as it is, or what `?`, `*` and `**` stand for. */
type Part = { readonly kind: 'text' | 'one' | 'run' | 'any'; readonly text: string }

/**
 * Steps per character before the quick way gives up: texts made for it could lead it back and forth
 * between two stars, and the slow way is linear for all texts.
 */
const STEPS_PER_CHARACTER = 8

/** Shorter ones are in most texts. */
const LITERAL_LENGTH_MIN = 3

/**
 * The test for a glob: `?` is one character but `/`, `*` any run without `/`, `**` any run, all else
 * itself. `compileSlow` gives the same test by an expression that needs linear time for every text.
 */
export function compileGlob(
  glob: string,
  compileSlow: (expression: string) => (text: string) => boolean,
): (text: string) => boolean {
  const parts = readParts(glob)
  const literal = parts.reduce((best, { text }) => (text.length > best.length ? text : best), '')
  let slow: ((text: string) => boolean) | undefined
  return (text) => {
    if (literal.length >= LITERAL_LENGTH_MIN && !text.includes(literal)) return false
    const quick = fits(text, parts)
    if (quick !== undefined) return quick
    slow ??= compileSlow(toExpression(parts))
    return slow(text)
  }
}

function readParts(glob: string): readonly Part[] {
  const texts = glob.match(/\*+|\?|[^*?]+/g) ?? []
  return texts.map((text): Part => {
    if (text === '?') return { kind: 'one', text: '' }
    if (text === '*') return { kind: 'run', text: '' }
    return text.startsWith('*') ? { kind: 'any', text: '' } : { kind: 'text', text }
  })
}

const EXPRESSIONS = { one: '[^/]', run: '[^/]*', any: '(?s:.*)' }

function toExpression(parts: readonly Part[]): string {
  const translated = parts.map(({ kind, text }) =>
    kind === 'text' ? text.replace(/[\\^$.|+()[\]{}]/g, '\\$&') : EXPRESSIONS[kind],
  )
  return `\\A${translated.join('')}\\z`
}

/** A star that has taken the text up to `at` and may take more of it, up to `end`. */
type Star = { part: number; at: number; end: number }

/** No star. */
const NEVER = -1

/**
 * Whether the text fits; undefined when that takes too many steps. After a mismatch the last `*`
 * takes more, up to the next `/`, or else the last `**` before it.
 */
function fits(text: string, parts: readonly Part[]): boolean | undefined {
  const run: Star = { part: NEVER, at: 0, end: 0 }
  const any: Star = { part: NEVER, at: 0, end: text.length }
  let steps = STEPS_PER_CHARACTER * (text.length + parts.length)
  let at = 0
  let index = 0
  while (steps > 0) {
    steps -= 1
    const part = parts[index]
    const width = part === undefined ? NEVER : widthOf(part, text, at)
    if (part === undefined && at === text.length) return true
    if (part !== undefined && width !== NEVER) {
      index += 1
      if (part.kind === 'run') {
        const slash = text.indexOf('/', at)
        run.part = index
        run.at = at
        run.end = slash < 0 ? text.length : slash
      } else if (part.kind === 'any') {
        any.part = index
        any.at = at
        run.part = NEVER
      }
      at += width
      continue
    }
    const before = any.at + run.at
    const star = takeMore(run, text, parts) ? run : takeMore(any, text, parts) ? any : undefined
    if (star === undefined) return false
    if (star === any) run.part = NEVER
    steps -= Math.max(0, any.at + run.at - before)
    index = star.part
    at = star.at
  }
  return undefined
}

/** How much of the text the part takes; NEVER when it does not fit. Stars begin with nothing. */
function widthOf({ kind, text: wanted }: Part, text: string, at: number): number {
  if (kind === 'text') return text.startsWith(wanted, at) ? wanted.length : NEVER
  if (kind !== 'one') return 0
  if (at >= text.length || text[at] === '/') return NEVER
  // A character beyond the first plane is two units of the text.
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}

/** Lets a star take the least more after which what follows it may fit; false when it can't. */
function takeMore(star: Star, text: string, parts: readonly Part[]): boolean {
  if (star.part === NEVER || star.at >= star.end) return false
  const next = parts[star.part]
  if (next === undefined) star.at = star.end
  else if (next.kind === 'text') star.at = text.indexOf(next.text, star.at + 1)
  else star.at += 1
  if (star.at >= 0 && star.at <= star.end) return true
  star.part = NEVER
  return false
}

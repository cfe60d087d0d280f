// Owns how a glob is matched against a text in linear time. The operator itself: pattern.ts.

/** What a place of a compiled glob takes, where it is not a character code. */
const ONE = -1
const RUN = -2
const ANY = -3

const SLASH = 47

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
  const places = compilePlaces(glob)
  const literal = longestLiteral(glob)
  let slow: ((text: string) => boolean) | undefined
  return (text) => {
    if (literal.length >= LITERAL_LENGTH_MIN && !text.includes(literal)) return false
    const quick = fits(text, places)
    if (quick !== undefined) return quick
    slow ??= compileSlow(globToExpression(glob))
    return slow(text)
  }
}

function partsOf(glob: string): readonly string[] {
  return glob.match(/\*+|\?|[^*?]+/g) ?? []
}

function compilePlaces(glob: string): Int32Array {
  const places = partsOf(glob).flatMap((part) => {
    if (part === '?') return [ONE]
    if (part === '*') return [RUN]
    if (part.startsWith('*')) return [ANY]
    return Array.from({ length: part.length }, (_, index) => part.charCodeAt(index))
  })
  return Int32Array.from(places)
}

function longestLiteral(glob: string): string {
  const literals = glob.split(/[*?]+/)
  return literals.reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

function globToExpression(glob: string): string {
  const translated = partsOf(glob).map((part) => {
    if (part === '?') return '[^/]'
    if (part === '*') return '[^/]*'
    return part.startsWith('*') ? '(?s:.*)' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&')
  })
  return `\\A${translated.join('')}\\z`
}

/**
 * Whether the text fits; undefined when that takes too many steps. After a mismatch the last `*`
 * takes one character more, or, when that is a `/`, the last `**` before it.
 */
function fits(text: string, places: Int32Array): boolean | undefined {
  let steps = STEPS_PER_CHARACTER * (text.length + places.length)
  let at = 0
  let place = 0
  let run = -1
  let runAt = 0
  let any = -1
  let anyAt = 0
  for (; steps > 0; steps -= 1) {
    const wanted = places[place]
    if (wanted === undefined) {
      if (at === text.length) return true
    } else if (wanted === ANY) {
      place += 1
      any = place
      anyAt = at
      run = -1
      continue
    } else if (wanted === RUN) {
      place += 1
      run = place
      runAt = at
      continue
    } else {
      const width = takes(wanted, text, at)
      if (width > 0) {
        at += width
        place += 1
        continue
      }
    }
    if (run >= 0 && runAt < text.length && text.charCodeAt(runAt) !== SLASH) {
      runAt += 1
      at = runAt
      place = run
    } else if (any >= 0 && anyAt < text.length) {
      anyAt += 1
      at = anyAt
      place = any
      run = -1
    } else return false
  }
  return undefined
}

/** How many units of the text the place takes: 0 when it does not fit, 2 for a surrogate pair. */
function takes(wanted: number, text: string, at: number): number {
  if (at >= text.length) return 0
  const code = text.charCodeAt(at)
  if (wanted !== ONE) return code === wanted ? 1 : 0
  if (code === SLASH) return 0
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}

// Owns templates: texts with `{{ name }}` in them, and nothing that computes. What names mean: the
// caller.
import { cutText, isFactName, valueText } from './fact-value.ts'
import { describeFound, suggestName } from './suggest.ts'

export type Template = {
  /** As the user wrote it. */
  readonly text: string
  /** The names in it, each once, in order. */
  readonly names: readonly string[]
  /**
   * The text with values put in, each on one line, bounded, unescaped: whoever sends it escapes it
   * for its medium. What is not there prints `unknown`.
   */
  render(value: (name: string) => unknown): string
}

export type TemplateProblem = {
  readonly message: string
  /** Where it stands in the text, from 0. */
  readonly index: number
}

/** Names in one template; a text with more is a mistake, and rendering must end. */
const NAMES_MAX = 50

/** Characters of a rendered text: more than any receiver shows. */
const RENDERED_LENGTH_MAX = 4_000

const OPEN = '{{'
const CLOSE = '}}'

type Part = { readonly literal: string } | { readonly name: string }

/**
 * Compiles a text. A name must be one of `known`, or a path into the entry (`entry.a.b`) when
 * `entry` is one. What is wrong is reported, all of it, and stays in the text as it was written.
 */
export function compileTemplate(
  text: string,
  known: readonly string[],
): { readonly template: Template; readonly problems: readonly TemplateProblem[] } {
  const parts: Part[] = []
  const problems: TemplateProblem[] = []
  const names = new Set<string>()
  let from = 0
  for (let count = 0; count <= NAMES_MAX; count += 1) {
    const open = text.indexOf(OPEN, from)
    if (open < 0) break
    const close = text.indexOf(CLOSE, open)
    const problem =
      close < 0
        ? `"{{" is never closed, expected "}}" behind the name`
        : count === NAMES_MAX
          ? `more than ${NAMES_MAX} names in one text`
          : nameProblem(text.slice(open + OPEN.length, close).trim(), known)
    if (problem !== undefined) problems.push({ message: problem, index: open })
    if (close < 0) break
    const end = close + CLOSE.length
    if (problem === undefined) {
      const name = text.slice(open + OPEN.length, close).trim()
      names.add(name)
      parts.push({ literal: text.slice(from, open) }, { name })
    } else {
      parts.push({ literal: text.slice(from, end) })
    }
    from = end
  }
  parts.push({ literal: text.slice(from) })
  return { template: { text, names: [...names], render: compileRender(parts) }, problems }
}

function nameProblem(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined
  if (name === '') return 'no name between "{{" and "}}"'
  if (name.startsWith('entry.') && isFactName(name) && known.includes('entry')) return undefined
  if (/[\s|()'"]/.test(name)) {
    return `${describeFound(name)} is no name: a template puts values in and computes nothing`
  }
  return `unknown name ${describeFound(name)}${suggestName(name, known)}`
}

function compileRender(parts: readonly Part[]): Template['render'] {
  return (value) => {
    let text = ''
    for (const part of parts) {
      text += 'name' in part ? visibleText(valueText(value(part.name))) : part.literal
    }
    return cutText(text, RENDERED_LENGTH_MAX)
  }
}

/**
 * The text with every character that has no picture (controls, line ends, direction overrides,
 * joiners of zero width, halves of surrogate pairs) written as `\u{202e}`: users name themselves,
 * and a name must neither break a line nor rearrange the words around it.
 */
export function visibleText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

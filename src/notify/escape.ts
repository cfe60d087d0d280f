// Owns making foreign text harmless and short: on screens, in Slack, in HTML.

/**
 * What a reader can't see, or what changes how its neighbours are shown: control characters (also
 * those of terminals), marks that turn the direction of writing, zero-width and filler characters,
 * lone surrogates. The two joiners stay: emoji and several scripts are spelled with them.
 */
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0\uFFFE\uFFFF]|(?![\u200C\u200D])\p{Cf}/gu

/** More marks on one letter than any script needs grow into the lines around it. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu

/** How much more than the wanted length is looked at: enough after white space has collapsed. */
const LOOK_AHEAD_FACTOR = 4

/** Lines kept of a text of several lines, such as a runbook. */
const LINES_MAX = 40

/** One line of at most `lengthMax` UTF-16 units in which everything hidden is spelled out. */
export function oneLine(text: string, lengthMax: number): string {
  const looked = text.slice(0, lengthMax * LOOK_AHEAD_FACTOR)
  const clean = looked
    .replace(/[\s\u0085\u2028\u2029]+/gu, ' ')
    .replace(HIDDEN, spellOut)
    .replace(STACKED_MARKS, '$1')
    .trim()
  return cut(looked.length < text.length ? `${clean}…` : clean, lengthMax)
}

/** Like `oneLine` for a text of several lines: at most LINES_MAX of them, none empty twice. */
export function manyLines(text: string, lengthMax: number): string {
  const looked = text.slice(0, lengthMax * LOOK_AHEAD_FACTOR)
  const lines = looked.split(/\r\n|[\n\r\u2028\u2029]/u).map((line) => oneLine(line, lengthMax))
  const kept = lines
    .slice(0, LINES_MAX)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  const whole = looked.length === text.length && lines.length <= LINES_MAX
  return cut(whole ? kept : `${kept}…`, lengthMax)
}

/** `\u202E`: an analyst sees that it is there, and nothing obeys it. */
function spellOut(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
}

/** At most `lengthMax` UTF-16 units, no half surrogate pair; `…` shows that it was cut. */
export function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const kept = text.slice(0, Math.max(0, lengthMax - 1))
  return `${kept.replace(/[\uD800-\uDBFF]$/, '').trimEnd()}…`
}

/** Encoded text of at most `lengthMax` UTF-16 units, never cut inside of one entity. */
export function encodeUpTo(
  text: string,
  lengthMax: number,
  encode: (text: string) => string,
): string {
  const whole = encode(text)
  if (whole.length <= lengthMax) return whole
  let kept = ''
  for (const char of text) {
    const piece = encode(char)
    if (kept.length + piece.length > lengthMax - 1) break
    kept += piece
  }
  return `${kept.trimEnd()}…`
}

const SLACK_ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** The three characters Slack gives a meaning in every text; without them no mention, no link. */
export function slackText(text: string): string {
  return text.replace(/[&<>]/g, (char) => SLACK_ENTITIES[char] ?? char)
}

/** Inside of ``` ``` ```: a backtick of an attacker must not end the block. */
export function slackCode(text: string): string {
  return slackText(text.replaceAll('`', 'ˋ'))
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Safe as text of an element and inside of a quoted attribute. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => HTML_ENTITIES[char] ?? char)
}

/** Programs make links of what looks like one: `https[://]evil.example` stays text. */
export function defang(text: string): string {
  return text.replaceAll('://', '[://]').replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}[.]`)
}

/** Breaks `@here` and the like, which Slack may look for in a plain text; mail addresses stay. */
export function breakMentions(text: string): string {
  return text.replace(/(?<![\w.+-])@(?=(?:here|channel|everyone|group)\b)/gi, '@\u200B')
}

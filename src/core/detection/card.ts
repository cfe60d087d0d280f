// Owns cards: the few facts of an event that a window keeps, so that an alert can show events that
// arrived long before it. What a window keeps else: member.ts.
import { hash } from 'node:crypto'
import type { Field } from '../alert.ts'
import type { Event } from '../event.ts'
import { cutText, factValue, valueText } from '../fact-value.ts'
import type { AlertSpec } from '../rule-alert.ts'
import type { Detect } from '../rule-detect.ts'
import type { Group } from './member.ts'

/** Bytes of one card: windows keep thousands. */
export const CARD_BYTES_MAX = 160

/** Characters of one value; a UUID is 36. */
const CARD_VALUE_LENGTH_MAX = 40

/** Between values, and in the place of spaces: a card is one word of a line. */
const BETWEEN = '\u001f'
const SPACE = '\u001e'

/** The layout's name at the front of a card: what a rule shows may have changed since. */
const LAYOUT_DIGITS = 3

// Control characters could look like the marks above.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f]/g

/** Neither blanks nor control characters. */
const PLAIN = /^[!-~]*$/

/** Writes and reads the cards of one rule. */
export type Cards = {
  /** What is to be remembered of an event; undefined when that is nothing. */
  write(event: Event): string | undefined
  /** What is known of an event: the values of its group, and those of its card. */
  read(card: string | undefined, group: Group): ReadonlyMap<string, string>
}

/** Facts that the group tells are on no card; each event has the same contract. */
export function createCards(
  alert: Pick<AlertSpec, 'fields' | 'names'>,
  detect: Pick<Detect, 'groupBy'>,
): Cards {
  const { groupBy } = detect
  const names = [...new Set([...alert.names, ...alert.fields])].filter(
    (name) => name !== 'contract' && !groupBy.includes(name),
  )
  const layout = hash('sha256', names.join(BETWEEN), 'base64url').slice(0, LAYOUT_DIGITS)
  return {
    write(event) {
      let text = layout
      let bytes = text.length
      let empty = 0
      for (const name of names) {
        const value = factValue(event, name)
        const shown = value === undefined ? '' : shownOnCard(value)
        const size = bytesOf(shown) + 1
        if (bytes + empty + size > CARD_BYTES_MAX) break
        // Nothing behind the last value that is there.
        if (shown === '') empty += 1
        else {
          text += BETWEEN.repeat(empty + 1) + shown
          bytes += empty + size
          empty = 0
        }
      }
      return text === layout ? undefined : text
    },

    read(card, group) {
      const known = new Map<string, string>()
      for (const [at, name] of groupBy.entries()) known.set(name, valueText(group[at]))
      const [found, ...values] = card?.split(BETWEEN) ?? []
      if (found !== layout) return known
      for (const [at, value] of values.entries()) {
        const name = names[at]
        if (name !== undefined && value !== '') known.set(name, value.replaceAll(SPACE, ' '))
      }
      return known
    },
  }
}

/** Most texts are short ASCII, whose bytes need no counting. */
function bytesOf(text: string): number {
  return PLAIN.test(text) ? text.length : Buffer.byteLength(text)
}

function shownOnCard(value: unknown): string {
  if (typeof value === 'string' && value.length <= CARD_VALUE_LENGTH_MAX && PLAIN.test(value)) {
    return value === '' ? valueText(value) : value
  }
  return cutText(valueText(value).replace(CONTROLS, ' '), CARD_VALUE_LENGTH_MAX).replaceAll(
    ' ',
    SPACE,
  )
}

/** Facts in the order of a list, those that are known. */
export function fieldsOf(
  facts: ReadonlyMap<string, string>,
  names: readonly string[],
): readonly Field[] {
  return names.flatMap((name) => {
    const value = facts.get(name)
    return value === undefined ? [] : [{ name, value }]
  })
}

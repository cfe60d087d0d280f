// Owns telling millions of events and groups apart by 64 bits each. Ids that people see:
// core/entry-id.ts.
import { hash } from 'node:crypto'

/** Hexadecimal digits of 32 bits. */
const WORD_DIGITS = 8

/**
 * Puts two words of a hash of `text` into `words`. Fast, so that every event can be told apart:
 * among 10⁸ of them two are the same by accident with a chance of 1 in 3,000. Nobody outside the
 * log chooses ids; what outsiders do choose goes through `hashStrongly`. (cyrb53 by bryc, public
 * domain, with all 64 bits.)
 */
export function hashQuickly(text: string, words: Uint32Array, at: number): void {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 2_654_435_761)
    low = Math.imul(low ^ code, 1_597_334_677)
  }
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  words[at] = high
  words[at + 1] = low
}

/** Two words of a hash that nobody can aim at. */
export function hashStrongly(text: string): { readonly high: number; readonly low: number } {
  const digits = hash('sha256', text, 'hex')
  return {
    high: Number.parseInt(digits.slice(0, WORD_DIGITS), 16),
    low: Number.parseInt(digits.slice(WORD_DIGITS, 2 * WORD_DIGITS), 16),
  }
}

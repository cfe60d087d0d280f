// Owns how a message shows what was found and names what was meant. Reports nothing itself.
import { closest, distance } from 'fastest-levenshtein'
import { cutText } from './fact-value.ts'

/** Characters of a found value that a message repeats: more hides the sentence around it. */
const FOUND_LENGTH_MAX = 60

/** A value as a message shows it: short, on one line, without control characters. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0 ? 'an empty object' : 'an object'
  }
  const text = JSON.stringify(value) ?? typeof value
  return cutText(text, FOUND_LENGTH_MAX)
}

/** The known name a user most likely meant, or undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const folded = name.toLowerCase()
  const same = known.find((candidate) => candidate.toLowerCase() === folded)
  if (same !== undefined || known.length === 0) return same
  const best = closest(name, known)
  if (distance(name, best) <= Math.max(1, Math.floor(name.length / 3))) return best
  const letters = sortedLetters(name)
  return known.find((candidate) => sortedLetters(candidate) === letters)
}

/** Two letters in each other's place are one slip of the fingers, but a distance of two. */
function sortedLetters(name: string): string {
  return name.toLowerCase().split('').sort().join('')
}

/** `, did you mean "x"?`, or the names there are when none is near. */
export function suggestName(name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  if (near !== undefined) return `, did you mean ${JSON.stringify(near)}?`
  return known.length === 0 ? '' : `, expected one of ${known.join(', ')}`
}

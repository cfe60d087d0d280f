// Owns the names of people in stories: another one each time, for long enough that alerts don't mix.
import { createRandom } from './random.ts'

const FIRST_NAMES: readonly string[] = [
  'ada',
  'ben',
  'carla',
  'dario',
  'elin',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'kira',
  'levi',
  'mona',
  'nils',
  'olga',
  'pavel',
  'rita',
  'sven',
  'tara',
  'umut',
  'vera',
  'wim',
  'yara',
  'zeno',
]
const LAST_NAMES: readonly string[] = [
  'adler',
  'brandt',
  'conrad',
  'dietz',
  'ernst',
  'falk',
  'gerber',
  'hahn',
  'irmer',
  'jansen',
  'kraft',
  'lorenz',
  'maurer',
  'neumann',
  'otto',
  'pohl',
  'reuter',
  'seidel',
  'thoma',
  'ulrich',
  'vogel',
  'winter',
  'ziegler',
  'zimmer',
]

/** After so many turns the names of a story begin anew: more than a day at one every 168 s. */
export const NAMES_COUNT = FIRST_NAMES.length * LAST_NAMES.length

/** After so many turns `{n}` begins anew. */
const NUMBERS_COUNT = 10_000

/**
 * Fills `{first}`, `{last}` and `{n}` of a login name. Neighbouring values of `name` give names of
 * which no part is the same; no two of `NAMES_COUNT` in a row are equal.
 */
export function nameSomebody(
  template: string,
  seed: string,
  { turn, name }: { readonly turn: number; readonly name: number },
): string {
  const shift = createRandom(seed, 'names').int(NAMES_COUNT)
  const place = modulo(name + shift, NAMES_COUNT)
  const round = Math.floor(place / FIRST_NAMES.length)
  const first = FIRST_NAMES[place % FIRST_NAMES.length] ?? 'alex'
  const last = LAST_NAMES[(place + round) % LAST_NAMES.length] ?? 'unger'
  return template
    .replaceAll('{first}', first)
    .replaceAll('{last}', last)
    .replaceAll('{n}', String(modulo(turn, NUMBERS_COUNT)))
}

function modulo(value: number, count: number): number {
  return ((value % count) + count) % count
}

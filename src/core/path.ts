// Owns paths into a fact: their text, and how they select. Which fact they start from: condition.ts.

type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' }

export type Path = {
  /** As the user wrote it. */
  readonly text: string
  readonly steps: readonly Step[]
}

/** Longest path in characters: entries are a dozen levels deep, and a checker must end. */
const PATH_LENGTH_MAX = 500

const NAME = /^\.?([\p{L}\p{N}_$@:-]+)/u
const INDEX = /^\[(\d{1,9})\]/
const EACH = /^\[\*\]/
const QUOTED = /^\['((?:[^'\\]|\\['\\])*)'\]/

/**
 * Reads `$`, `.name`, `['any name']`, `[0]` and `[*]`; a leading `$` (and the dot behind it) may be
 * left out. Quotes and backslashes inside a quoted name are written `\'` and `\\`.
 */
export function parsePath(text: string): Path | { readonly problem: string } {
  if (text === '') return { problem: 'the path is empty: leave it out, or write $ for the whole' }
  if (text.length > PATH_LENGTH_MAX) {
    return { problem: `the path has ${text.length} characters, at most ${PATH_LENGTH_MAX} may be` }
  }
  let rest = text.startsWith('$') ? text.slice(1) : text
  let bare = !text.startsWith('$')
  const steps: Step[] = []
  while (rest !== '') {
    const step = bare || rest.startsWith('.') || rest.startsWith('[') ? readStep(rest) : undefined
    if (step === undefined) return { problem: explain(text, rest) }
    steps.push(step.step)
    rest = rest.slice(step.length)
    bare = false
  }
  return { text, steps }
}

function readStep(rest: string): { step: Step; length: number } | undefined {
  const name = NAME.exec(rest)
  if (name) return { step: { kind: 'name', name: name[1] ?? '' }, length: name[0].length }
  const index = INDEX.exec(rest)
  if (index) return { step: { kind: 'index', index: Number(index[1]) }, length: index[0].length }
  if (EACH.test(rest)) return { step: { kind: 'each' }, length: 3 }
  const quoted = QUOTED.exec(rest)
  if (!quoted) return undefined
  const unescaped = (quoted[1] ?? '').replace(/\\(['\\])/g, '$1')
  return { step: { kind: 'name', name: unescaped }, length: quoted[0].length }
}

function explain(text: string, rest: string): string {
  const at = `the path ${JSON.stringify(text)} can't be read from ${JSON.stringify(rest)} on`
  const known = "a path is made of $, .name, ['any name'], [0] and [*]"
  if (rest.startsWith('..'))
    return `${at}: there is no search at any depth, name every step; ${known}`
  if (rest.startsWith('.*')) return `${at}: write [*] for all of them; ${known}`
  if (rest.startsWith('[?') || rest.startsWith('[(')) {
    return `${at}: filters and scripts are not allowed; ${known}`
  }
  if (rest.startsWith('[-')) return `${at}: places are counted from 0, not from the end; ${known}`
  if (rest.startsWith('["')) return `${at}: use single quotes; ${known}`
  return `${at}: ${known}`
}

/**
 * What the path selects: own properties only; undefined when there is nothing. `[*]` takes the
 * members of an array or of an object and makes the result an array of all that was found.
 */
export function compilePath(path: Path): (value: unknown) => unknown {
  const each = path.steps.findIndex((step) => step.kind === 'each')
  if (each < 0) return compileKeys(path.steps)
  const toMembers = compileKeys(path.steps.slice(0, each))
  const collect = compileCollect(path.steps.slice(each + 1))
  return (value) => {
    const found: unknown[] = []
    collect(toMembers(value), found)
    return found.length === 0 ? undefined : found
  }
}

/** Steps without `[*]`. */
function compileKeys(steps: readonly Step[]): (value: unknown) => unknown {
  const keys = steps.flatMap((step): (string | number)[] => {
    if (step.kind === 'each') return []
    return step.kind === 'name' ? [step.name] : [step.index]
  })
  if (keys.every((key) => typeof key === 'string' && !isInherited(key))) {
    return compileNames(keys.map(String))
  }
  return (value) => {
    let current = value
    for (const key of keys) {
      if (typeof current !== 'object' || current === null) return undefined
      if (typeof key === 'number' && !Array.isArray(current)) return undefined
      if (!Object.hasOwn(current, key)) return undefined
      current = Reflect.get(current, key)
    }
    return current
  }
}

/** Names that objects and lists can only have themselves: asking which has it would cost the most. */
function compileNames(names: readonly string[]): (value: unknown) => unknown {
  return (value) => {
    let current = value
    for (let index = 0; index < names.length; index += 1) {
      if (typeof current !== 'object' || current === null) return undefined
      current = (current as Readonly<Record<string, unknown>>)[names[index] ?? '']
    }
    return current
  }
}

function isInherited(name: string): boolean {
  return name in Object.prototype || name in Array.prototype
}

/** What comes behind a `[*]`: adds to `found` what each member of `parent` has there. */
function compileCollect(steps: readonly Step[]): (parent: unknown, found: unknown[]) => void {
  const each = steps.findIndex((step) => step.kind === 'each')
  const select = compileKeys(each < 0 ? steps : steps.slice(0, each))
  const deeper = each < 0 ? undefined : compileCollect(steps.slice(each + 1))
  return (parent, found) => {
    for (const member of membersOf(parent)) {
      const selected = select(member)
      if (deeper) deeper(selected, found)
      else if (selected !== undefined) found.push(selected)
    }
  }
}

function membersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

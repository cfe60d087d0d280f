// Owns the choice of candidates: a tree that leads from the facts of an event to the rules it can
// match. What rules need: witness.ts; whether they match: match.ts.
import { compileReference } from './compile.ts'
import type { Frame } from './frame.ts'
import type { Conjunction, Extractor, Witness } from './witness.ts'

/** One way in which a rule can match; rules are numbers here. */
export type Entry = { readonly rule: number; readonly witnesses: Conjunction }

/** Calls `ask` for each candidate of the event in the frame, some of them more than once. */
export type RuleIndex = {
  visit(frame: Frame, ask: (rule: number) => void): void
  /** Rules that every event has to be asked about. */
  readonly always: number
}

type Reader = {
  readonly many: boolean
  readonly read: (frame: Frame) => unknown
}

type Node = {
  /** Candidates of every event that comes here. */
  readonly rules: readonly number[]
  readonly reader: Reader | undefined
  readonly branches: ReadonlyMap<unknown, Node>
  readonly rest: Node | undefined
}

/** A look-up costs about as much as asking this many rules; one that saves less is left out. */
const LOOK_UP_COST = 2

/** Entries in all branches together, per rule: rules that need one of many values are in each. */
const PLACED_MAX_PER_RULE = 40

const NO_BRANCHES: ReadonlyMap<unknown, Node> = new Map()

export function buildIndex(entries: readonly Entry[]): RuleIndex {
  const readers = new Map<string, Reader>()
  let budget = entries.length * PLACED_MAX_PER_RULE

  function readerOf({ name, extractor }: Witness): Reader {
    const known = readers.get(name)
    if (known) return known
    const reader = { many: extractor.as === 'member', read: compileExtractor(extractor) }
    readers.set(name, reader)
    return reader
  }

  function build(members: readonly Entry[]): Node {
    const best = budget > 0 ? chooseWitness(members) : undefined
    if (best === undefined) {
      const rules = [...new Set(members.map((entry) => entry.rule))]
      return { rules, reader: undefined, branches: NO_BRANCHES, rest: undefined }
    }
    const rest: Entry[] = []
    const groups = new Map<unknown, Entry[]>()
    for (const entry of members) {
      const witness = entry.witnesses.find((candidate) => candidate.name === best.name)
      if (witness === undefined) {
        rest.push(entry)
        continue
      }
      const witnesses = entry.witnesses.filter((candidate) => candidate !== witness)
      for (const value of witness.values) place(groups, value, { rule: entry.rule, witnesses })
      budget -= witness.values.length
    }
    const branches = new Map([...groups].map(([value, group]) => [value, build(group)] as const))
    return {
      rules: [],
      reader: readerOf(best),
      branches,
      rest: rest.length > 0 ? build(rest) : undefined,
    }
  }

  const root = build(entries)
  return {
    visit: (frame, ask) => visitNode(root, frame, ask),
    always: lastOf(root).rules.length,
  }
}

function place(groups: Map<unknown, Entry[]>, value: unknown, entry: Entry): void {
  const group = groups.get(value)
  if (group) group.push(entry)
  else groups.set(value, [entry])
}

function lastOf(node: Node): Node {
  return node.rest ? lastOf(node.rest) : node
}

function visitNode(start: Node, frame: Frame, ask: (rule: number) => void): void {
  for (let node: Node | undefined = start; node !== undefined; node = node.rest) {
    for (const rule of node.rules) ask(rule)
    const { reader } = node
    if (reader === undefined) continue
    const key = reader.read(frame)
    if (!reader.many) {
      const branch = node.branches.get(key)
      if (branch) visitNode(branch, frame, ask)
    } else if (Array.isArray(key)) {
      for (const member of key) {
        const branch = node.branches.get(member)
        if (branch) visitNode(branch, frame, ask)
      }
    }
  }
}

/** A witness of the extractor whose look-up spares the most questions; undefined: none is worth it. */
function chooseWitness(members: readonly Entry[]): Witness | undefined {
  const savings = new Map<string, number>()
  let best: Witness | undefined
  let most = LOOK_UP_COST
  for (const { witnesses } of members) {
    for (const witness of witnesses) {
      const saved = (savings.get(witness.name) ?? 0) + 1 - witness.share
      savings.set(witness.name, saved)
      if (saved > most) {
        most = saved
        best = witness
      }
    }
  }
  return best
}

function compileExtractor(extractor: Extractor): (frame: Frame) => unknown {
  const read = compileReference(extractor)
  const { as, fold, length } = extractor
  if (as === 'value' && fold === undefined) return read
  const cut = (value: unknown): unknown => {
    if (typeof value !== 'string') return value
    const text = foldText(value, fold)
    if (as === 'prefix') return text.slice(0, length)
    return as === 'suffix' ? text.slice(-length) : text
  }
  if (as !== 'member') return (frame) => cut(read(frame))
  if (fold === undefined) return read
  return (frame) => {
    const value = read(frame)
    return Array.isArray(value) ? value.map(cut) : value
  }
}

function foldText(text: string, fold: 'lower' | 'upper' | undefined): string {
  if (fold === undefined) return text
  return fold === 'lower' ? text.toLowerCase() : text.toUpperCase()
}

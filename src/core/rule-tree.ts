// Owns the tree that sorts rules by what an event must show, so that look-ups and shared conditions
// are asked once for many rules. How it is run: rule-program.ts.
import type { Part } from './compile.ts'
import { type Extractor, numberOf, type Reading, type Readings } from './reading.ts'
import type { Witness } from './witness.ts'

/** A witness of a rule; `proves`: the part that needs no asking once it was shown. */
export type Clue = Witness & { readonly proves: Part | undefined }

/** What the tree knows of a rule. */
export type RulePlan = {
  /** All of them must hold. */
  readonly parts: readonly Part[]
  /** The event shows all clues of one way, or the rule does not match. */
  readonly ways: readonly (readonly Clue[])[]
}

/** One rule on one of its ways down the tree, and the parts that are still to be asked there. */
export type Member = {
  readonly rule: number
  readonly clues: readonly Clue[]
  readonly open: readonly Part[]
}

export type Node =
  | { readonly kind: 'ask'; readonly members: readonly Member[] }
  /** What the event shows leads to a branch, by its number in the reading. */
  | {
      readonly kind: 'key'
      readonly reading: Reading
      readonly branches: ReadonlyMap<number, Node>
      readonly rest: Node | undefined
    }
  /** Inside are rules that need the part to hold; `rest` are the others. */
  | {
      readonly kind: 'test'
      readonly part: Part
      readonly inside: Node
      readonly rest: Node | undefined
    }

/** What asking one rule costs, in comparisons: the first condition that fails, and the way to it. */
const ASK_COST = 3
/** The first look-up of a key hashes what the event shows; the next ones know its number. */
const FIRST_LOOK_UP_COST = 8
const LOOK_UP_COST = 2
/** What must be made of the fact first. */
const PATH_COST = 6
const FOLD_COST = 12
const CUT_COST = 4
/** A shared condition must spare more than its own cost and the way to it. */
const TEST_COST = 2

/** Members in all branches together, per rule: rules that need one of many values are in each. */
const PLACED_MAX_PER_RULE = 40

/** Levels of the tree: each takes a look-up or a condition away, and rules have few. */
const DEPTH_MAX = 40

/** Where a node is: its level, and the keys whose number is known there. */
type Place = { readonly depth: number; readonly read: ReadonlySet<string> }

type Split =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'test'; readonly name: string; readonly part: Part }

/** Undefined when there are no rules. */
export function buildTree(plans: readonly RulePlan[], readings: Readings): Node | undefined {
  let budget = plans.length * PLACED_MAX_PER_RULE

  function build(members: readonly Member[], place: Place): Node {
    const deep = budget <= 0 || place.depth >= DEPTH_MAX
    const split = deep ? undefined : chooseSplit(members, place.read)
    if (split === undefined) return { kind: 'ask', members }
    const taken: Member[] = []
    const others: Member[] = []
    for (const member of members) (uses(member, split) ? taken : others).push(member)
    const read = split.kind === 'key' ? new Set(place.read).add(split.name) : place.read
    const inner = { depth: place.depth + 1, read }
    const rest = others.length > 0 ? build(others, { depth: place.depth, read }) : undefined
    if (split.kind === 'key') return buildBranches(taken, split.name, { inner, rest })
    const { part } = split
    const inside = taken.map((member) => ({ ...member, open: without(member.open, part) }))
    return { kind: 'test', part, inside: build(inside, inner), rest }
  }

  function buildBranches(
    taken: readonly Member[],
    name: string,
    { inner, rest }: { inner: Place; rest: Node | undefined },
  ): Node {
    const groups = new Map<number, Member[]>()
    const clueOf = ({ clues }: Member) => clues.find((clue) => clue.name === name)
    const reading = taken.map(clueOf).flatMap((clue) => clue?.extractor ?? [])[0]
    if (reading === undefined) throw new Error(`no rule needs ${name}`)
    const numbers = readings.of(reading)
    for (const member of taken) {
      const clue = clueOf(member)
      if (clue === undefined) continue
      const clues = without(member.clues, clue)
      const open = without(member.open, clue.proves)
      for (const value of clue.values) {
        pushTo(groups, numberOf(numbers, value), { rule: member.rule, clues, open })
      }
      budget -= clue.values.length
    }
    const branches = new Map<number, Node>()
    for (const [number, group] of groups) branches.set(number, build(group, inner))
    return { kind: 'key', reading: numbers, branches, rest }
  }

  const members = plans.flatMap(({ parts, ways }, rule) =>
    ways.map((clues): Member => ({ rule, clues, open: parts })),
  )
  return members.length > 0 ? build(members, { depth: 0, read: new Set() }) : undefined
}

function uses(member: Member, split: Split): boolean {
  if (split.kind === 'test') return member.open.includes(split.part)
  return member.clues.some((clue) => clue.name === split.name)
}

function without<T>(values: readonly T[], value: T | undefined): readonly T[] {
  return values.filter((candidate) => candidate !== value)
}

function pushTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key)
  if (group) group.push(value)
  else groups.set(key, [value])
}

function firstCost({ path, fold, length }: Extractor): number {
  const made = (path ? PATH_COST : 0) + (fold ? FOLD_COST : 0) + (length > 0 ? CUT_COST : 0)
  return FIRST_LOOK_UP_COST + made
}

/** What spares the most questions; undefined: asking each rule costs less. */
function chooseSplit(members: readonly Member[], read: ReadonlySet<string>): Split | undefined {
  if (members.length < 2) return undefined
  const saved = new Map<string | Part, number>()
  let best: string | Part | undefined
  let most = 0
  const consider = (split: string | Part, share: number, cost: number) => {
    const sum = (saved.get(split) ?? -cost) + ASK_COST * (1 - share)
    saved.set(split, sum)
    if (sum <= most) return
    most = sum
    best = split
  }
  for (const { clues, open } of members) {
    for (const { name, share, extractor } of clues) {
      consider(name, share, read.has(name) ? LOOK_UP_COST : firstCost(extractor))
    }
    for (const part of open) consider(part, part.share, part.cost + TEST_COST)
  }
  if (best === undefined) return undefined
  if (typeof best === 'string') return { kind: 'key', name: best }
  return { kind: 'test', name: best.key, part: best }
}

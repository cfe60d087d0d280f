// Owns the tree that sorts rules by what an event must show: look-ups and shared conditions are asked
// once for many rules. How an event walks through it: rule-index.ts.
import { type Check, combineAll, type Part } from './compile.ts'
import { numberOf, type Reading, type Readings } from './reading.ts'
import type { Witness } from './witness.ts'

/** A witness of a rule; `proves`: the number of the part that needs no asking once it was shown. */
export type Clue = Witness & { readonly proves: number | undefined }

/** What the tree knows of a rule. */
export type RulePlan = {
  /** All of them must hold. */
  readonly parts: readonly Part[]
  /** Estimated share of events for which each part holds. */
  readonly shares: readonly number[]
  /** The event shows all clues of one way, or the rule does not match. */
  readonly ways: readonly (readonly Clue[])[]
}

export type Node = {
  /** Rules to ask; `checks`: what is still to be asked, undefined when nothing is. */
  readonly rules: readonly number[]
  readonly checks: readonly (Check | undefined)[]
  /** Where the event's value leads, by its number in the reading. */
  readonly reading: Reading | undefined
  readonly branches: ReadonlyMap<number, Node> | undefined
  /** Where events lead that fulfil a condition which several rules share. */
  readonly test: Check | undefined
  readonly inside: Node | undefined
  /** Rules that need none of this. */
  readonly rest: Node | undefined
}

/** One rule on one of its ways, on its path down the tree. */
type Member = {
  readonly rule: number
  readonly clues: readonly Clue[]
  /** The numbers of the parts that are still to be asked. */
  readonly open: readonly number[]
}

/** What asking one rule costs, in comparisons: two calls and the first condition that fails. */
const ASK_COST = 3
/** The first look-up of a key hashes what the event shows; the next ones know its number. */
const FIRST_LOOK_UP_COST = 8
const LOOK_UP_COST = 2
/** A shared condition must spare more than its own cost and the way to it. */
const TEST_COST = 2

/** Entries in all branches together, per rule: rules that need one of many values are in each. */
const PLACED_MAX_PER_RULE = 40

/** Levels of the tree: each takes a look-up or a condition away, and rules have few. */
const DEPTH_MAX = 40

/** Where a node is: its level, and the keys whose number is known there. */
type Way = { readonly depth: number; readonly read: ReadonlySet<string> }

type Split =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'test'; readonly name: string; readonly part: Part }

export function buildTree(plans: readonly RulePlan[], readings: Readings): Node {
  const residuals = new Map<string, Check | undefined>()
  let budget = plans.length * PLACED_MAX_PER_RULE

  function partAt(rule: number, part: number): Part | undefined {
    return plans[rule]?.parts[part]
  }

  function build(members: readonly Member[], way: Way): Node {
    const deep = budget <= 0 || way.depth >= DEPTH_MAX
    const split = deep ? undefined : chooseSplit(members, way.read, plans)
    if (split === undefined) return leafNode(members)
    const [rest, taken] = partition(members, (member) => uses(member, split, plans))
    const read = split.kind === 'key' ? new Set(way.read).add(split.name) : way.read
    const inner = { depth: way.depth + 1, read }
    const node =
      split.kind === 'key' ? branchNode(taken, split.name, inner) : testNode(taken, split, inner)
    return { ...node, rest: rest.length > 0 ? build(rest, { depth: way.depth, read }) : undefined }
  }

  function branchNode(taken: readonly Member[], name: string, way: Way): Node {
    const groups = new Map<number, Member[]>()
    let reading: Reading | undefined
    for (const member of taken) {
      const clue = member.clues.find((candidate) => candidate.name === name)
      if (clue === undefined) continue
      reading ??= readings.of(clue.extractor)
      const clues = member.clues.filter((candidate) => candidate !== clue)
      const open = member.open.filter((part) => part !== clue.proves)
      for (const value of clue.values) {
        pushTo(groups, numberOf(reading, value), { rule: member.rule, clues, open })
      }
      budget -= clue.values.length
    }
    const branches = new Map<number, Node>()
    for (const [number, group] of groups) branches.set(number, build(group, way))
    return { ...EMPTY, reading, branches }
  }

  function testNode(taken: readonly Member[], { part }: { part: Part }, way: Way): Node {
    const inside = taken.map((member) => ({
      ...member,
      open: member.open.filter((number) => partAt(member.rule, number) !== part),
    }))
    return { ...EMPTY, test: part.check, inside: build(inside, way) }
  }

  function leafNode(members: readonly Member[]): Node {
    const rules = members.map((member) => member.rule)
    return { ...EMPTY, rules, checks: members.map(residualOf) }
  }

  /** The parts that are still open, as one check. */
  function residualOf({ rule, open }: Member): Check | undefined {
    const name = `${rule}:${open.join()}`
    if (residuals.has(name)) return residuals.get(name)
    const plan = plans[rule]
    const checks = [...open]
      .sort((a, b) => rankOf(plan, a) - rankOf(plan, b))
      .flatMap((part) => partAt(rule, part)?.check ?? [])
    const check = checks.length === 0 ? undefined : combineAll(checks)
    residuals.set(name, check)
    return check
  }

  const members = plans.flatMap(({ parts, ways }, rule) => {
    const open = parts.map((_, number) => number)
    return ways.map((clues): Member => ({ rule, clues, open }))
  })
  return build(members, { depth: 0, read: new Set() })
}

/** What comes first is cheap and seldom holds. */
function rankOf(plan: RulePlan | undefined, number: number): number {
  return (plan?.parts[number]?.cost ?? 0) / (1 - (plan?.shares[number] ?? 0))
}

const EMPTY: Node = {
  rules: [],
  checks: [],
  reading: undefined,
  branches: undefined,
  test: undefined,
  inside: undefined,
  rest: undefined,
}

function pushTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key)
  if (group) group.push(value)
  else groups.set(key, [value])
}

function partition<T>(values: readonly T[], isTaken: (value: T) => boolean): [T[], T[]] {
  const rest: T[] = []
  const taken: T[] = []
  for (const value of values) (isTaken(value) ? taken : rest).push(value)
  return [rest, taken]
}

function uses(member: Member, split: Split, plans: readonly RulePlan[]): boolean {
  if (split.kind === 'key') return member.clues.some((clue) => clue.name === split.name)
  const parts = plans[member.rule]?.parts
  return member.open.some((number) => parts?.[number] === split.part)
}

/** What spares the most questions; undefined: asking each rule costs less. */
function chooseSplit(
  members: readonly Member[],
  read: ReadonlySet<string>,
  plans: readonly RulePlan[],
): Split | undefined {
  if (members.length < 2) return undefined
  const saved = new Map<string, number>()
  let best: Split | undefined
  let most = 0
  const consider = (split: Split, share: number, cost: number) => {
    const sum = (saved.get(split.name) ?? -cost) + ASK_COST * (1 - share)
    saved.set(split.name, sum)
    if (sum <= most) return
    most = sum
    best = split
  }
  for (const { rule, clues, open } of members) {
    for (const { name, share } of clues) {
      const cost = read.has(name) ? LOOK_UP_COST : FIRST_LOOK_UP_COST
      consider({ kind: 'key', name }, share, cost)
    }
    const plan = plans[rule]
    for (const number of open) {
      const part = plan?.parts[number]
      const share = plan?.shares[number] ?? 1
      if (part) {
        consider({ kind: 'test', name: part.key, part }, share, part.cost + TEST_COST)
      }
    }
  }
  return best
}

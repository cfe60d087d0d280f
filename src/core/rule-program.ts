// Owns how the tree of rules becomes a program. Instructions: program.ts; running them: rule-run.ts.
import type { CompileContext, Compiler, Part } from './compile.ts'
import type { Condition, Leaf } from './condition.ts'
import { createLeafCode, type LeafCode } from './leaf-code.ts'
import { type Assembler, createAssembler, OP, type Program } from './program.ts'
import type { Member, Node } from './rule-tree.ts'

export type Sources = {
  readonly tree: Node | undefined
  readonly conditions: readonly Condition[]
  readonly compiler: Compiler
  readonly context: CompileContext
}

export function assembleRules({ tree, conditions, compiler, context }: Sources): Program {
  const assembler = createAssembler()
  const codeOf = createLeafCode(conditions, { assembler, compiler, context })
  // Place 0 is no target: it means that there is none.
  assembler.emit(0)
  const back = assembler.emit(OP.back)
  const bodies = new Map<string, number>()
  const scope: Scope = { assembler, compiler, codeOf, back, bodies, numbers: new Map() }
  const start = tree === undefined ? back : emitNode(tree, scope)
  return assembler.finish(start, compiler.readings.all, conditions.length)
}

type Scope = {
  readonly assembler: Assembler
  readonly compiler: Compiler
  readonly codeOf: (leaf: Leaf) => LeafCode
  /** The place of an instruction that goes back. */
  readonly back: number
  /** Where the open conditions of a rule are, by its number and theirs: branches share them. */
  readonly bodies: Map<string, number>
  readonly numbers: Map<Part, number>
}

function emitNode(node: Node, scope: Scope): number {
  const { assembler, back } = scope
  switch (node.kind) {
    case 'ask':
      return node.members.reduceRight((next, member) => emitAsk(member, next, scope), back)
    case 'key': {
      const rest = node.rest ? emitNode(node.rest, scope) : back
      const targets = new Map<number, number>()
      for (const [number, branch] of node.branches) targets.set(number, emitNode(branch, scope))
      const op = node.reading.many ? OP.lookEach : OP.look
      return assembler.emit(op, node.reading.index, assembler.table(targets), rest)
    }
    case 'test': {
      const rest = node.rest ? emitNode(node.rest, scope) : back
      const inside = emitNode(node.inside, scope)
      const then = rest === back ? inside : assembler.emit(OP.keep, rest, inside)
      return emitCondition(node.part.condition, { then, otherwise: rest }, scope)
    }
  }
}

function emitAsk(member: Member, next: number, scope: Scope): number {
  return scope.assembler.emit(OP.ask, member.rule, next, bodyOf(member, scope))
}

/** What is still to be asked of a rule: leads back, by way of `found` when all of it holds. */
function bodyOf({ rule, open }: Member, scope: Scope): number {
  const { assembler, back, bodies, numbers } = scope
  let key = `${rule}`
  for (const part of open) {
    const number = numbers.get(part) ?? numbers.size
    numbers.set(part, number)
    key += ` ${number}`
  }
  const known = bodies.get(key)
  if (known !== undefined) return known
  const found = assembler.emit(OP.found, rule, back)
  const parts = byRank(open, ({ cost, share }) => cost / (1 - share))
  const conditions = parts.map((part) => part.condition)
  const body = emitAll(conditions, { then: found, otherwise: back }, scope)
  bodies.set(key, body)
  return body
}

/** Where a verdict leads. */
type Targets = { readonly then: number; readonly otherwise: number }

/** Leads to `then` when the condition holds, else to `otherwise`. */
function emitCondition(condition: Condition, targets: Targets, scope: Scope): number {
  const { assembler, compiler } = scope
  const { then, otherwise } = targets
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const isAll = condition.kind === 'all'
      const children = byRank(condition.children, (child) => {
        const { cost, share } = compiler.compilePart(child)
        return cost / (isAll ? 1 - share : share)
      })
      return isAll ? emitAll(children, targets, scope) : emitAny(children, targets, scope)
    }
    case 'not':
      return emitCondition(condition.child, { then: otherwise, otherwise: then }, scope)
    case 'shared': {
      const check = assembler.check(compiler.compile(condition))
      return assembler.emit(OP.call, check, then, otherwise)
    }
    case 'leaf': {
      const { head, holds } = scope.codeOf(condition)
      return holds
        ? assembler.emit(...head, then, otherwise)
        : assembler.emit(...head, otherwise, then)
    }
  }
}

function emitAll(conditions: readonly Condition[], targets: Targets, scope: Scope): number {
  return conditions.reduceRight(
    (then, condition) => emitCondition(condition, { ...targets, then }, scope),
    targets.then,
  )
}

function emitAny(conditions: readonly Condition[], targets: Targets, scope: Scope): number {
  return conditions.reduceRight(
    (otherwise, condition) => emitCondition(condition, { ...targets, otherwise }, scope),
    targets.otherwise,
  )
}

/** What costs little for what it settles comes first. */
function byRank<T>(values: readonly T[], rankOf: (value: T) => number): readonly T[] {
  if (values.length < 2) return values
  const ranked = values.map((value) => ({ value, rank: rankOf(value) }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ value }) => value)
}

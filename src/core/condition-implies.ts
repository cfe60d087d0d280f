// Owns whether one condition implies another: each event that fulfils the one fulfils the other.
// "Yes" is certain; "no" only means that it was not seen. Who asks: ruleset-covered.ts.
import type { Condition, FactReference, Leaf } from './condition.ts'
import { type Comparison, compileLiteral, mayThrow, parseComparison } from './decorators.ts'
import { leafImplies } from './leaf-implies.ts'
import type { OperatorContext, Test } from './operators/operator.ts'

/** A comparison or its opposite; `holds` is the comparison's verdict on a value of its fact. */
export type Literal = {
  readonly kind: 'literal'
  readonly negated: boolean
  /** The same for comparisons with the same verdict on every event. */
  readonly key: string
  /** The fact and the path that are compared. */
  readonly reference: string
  readonly operator: string
  readonly decorators: readonly string[]
  /** The literal value; undefined when it comes from another fact. */
  readonly value: unknown
  /** Undefined when the value comes from another fact. */
  readonly holds: Test | undefined
}

/** A condition without `not` and names: only single comparisons are negated. */
export type Formula =
  | { readonly kind: 'all' | 'any'; readonly children: readonly Formula[] }
  | Literal

export type ImpliesContext = OperatorContext & {
  readonly shared: ReadonlyMap<string, Condition>
}

/** Steps after which the answer is "no": trees that need more are not written by people. */
const STEPS_MAX = 2_000

/** Conditions of one tree, with those of the names in it; names in names grow without end. */
const NODES_MAX = 500

/** Undefined when the tree is too large to be compared. */
export function toFormula(condition: Condition, context: ImpliesContext): Formula | undefined {
  let nodes = 0

  function visit(node: Condition, negated: boolean): Formula | undefined {
    nodes += 1
    if (nodes > NODES_MAX) return undefined
    switch (node.kind) {
      case 'all':
      case 'any':
        return groupOf(
          (node.kind === 'all') !== negated ? 'all' : 'any',
          node.children.map((child) => visit(child, negated)),
        )
      case 'not':
        return visit(node.child, !negated)
      case 'shared': {
        const shared = context.shared.get(node.shared)
        return shared && visit(shared, negated)
      }
      case 'leaf':
        return toLiteral(node, negated, context)
    }
  }
  return visit(condition, false)
}

function groupOf(
  kind: 'all' | 'any',
  formulas: readonly (Formula | undefined)[],
): Formula | undefined {
  const known = formulas.filter((formula) => formula !== undefined)
  if (known.length < formulas.length) return undefined
  const children = known.flatMap((formula) =>
    formula.kind === kind ? formula.children : [formula],
  )
  const [only] = children
  return only !== undefined && children.length === 1 ? only : { kind, children }
}

/** The operators that say the opposite of another one, for every value. */
const OPPOSITES: Readonly<Record<string, string>> = { notEqual: 'equal', notIn: 'in' }

function toLiteral(leaf: Leaf, negatedFirst: boolean, context: OperatorContext): Literal {
  const { comparison, isOpposite } = withoutNot(leaf)
  const isAbsence = /^(exists|present)$/.test(comparison.text) && leaf.value === false
  const value = isAbsence ? true : leaf.value
  const operand = leaf.valueFact ? { from: nameOf(leaf.valueFact) } : { literal: value }
  const reference = nameOf(leaf)
  return {
    kind: 'literal',
    negated: [negatedFirst, isOpposite, isAbsence].filter(Boolean).length % 2 === 1,
    key: JSON.stringify([comparison.text, reference, operand]),
    reference,
    operator: comparison.operator.name,
    decorators: comparison.decorators,
    value,
    holds: leaf.valueFact
      ? undefined
      : falseWhereItThrows(compileLiteral(comparison, value, context)),
  }
}

/** The comparison without what turns its verdict round, and whether that is done now. */
function withoutNot(leaf: Leaf): { comparison: Comparison; isOpposite: boolean } {
  const { comparison } = leaf
  // A comparison that throws is false, and so is its `not:`: only what can't throw has an opposite.
  if (throwsFor(leaf)) return { comparison, isOpposite: false }
  const parts = comparison.text.split(':')
  const nots = parts.findIndex((part) => part !== 'not')
  const text = parts.slice(nots).join(':')
  const opposite = OPPOSITES[text]
  const rest = parseComparison(opposite ?? text)
  if ('problem' in rest) throw new Error(rest.problem)
  return { comparison: rest, isOpposite: (nots % 2 === 1) !== (opposite !== undefined) }
}

function throwsFor({ comparison, value, valueFact }: Leaf): boolean {
  const plain = comparison.decorators.every((name) => name === 'not')
  const isList = valueFact === undefined && Array.isArray(value)
  // `in` a list asks the list, which is there.
  if (plain && isList && /^(in|notIn)$/.test(comparison.operator.name)) return false
  return mayThrow(comparison, valueFact === undefined)
}

function nameOf({ fact, path }: FactReference): string {
  return JSON.stringify([fact, path?.steps ?? []])
}

function falseWhereItThrows(test: Test): Test {
  return (value) => {
    try {
      return test(value)
    } catch {
      return false
    }
  }
}

/** Whether each event for which `narrow` holds is one for which `wide` holds. */
export function implies(narrow: Formula, wide: Formula, context: OperatorContext): boolean {
  let steps = 0

  function follows(from: Formula, to: Formula): boolean {
    steps += 1
    if (steps > STEPS_MAX) return false
    // These two lose nothing: all of the children are necessary, and enough.
    if (to.kind === 'all') return to.children.every((child) => follows(from, child))
    if (from.kind === 'any') return from.children.every((child) => follows(child, to))
    if (from.kind === 'literal' && to.kind === 'literal') return leafImplies(from, to, context)
    if (to.kind === 'any' && to.children.some((child) => follows(from, child))) return true
    return from.kind === 'all' && from.children.some((child) => follows(child, to))
  }
  return follows(narrow, wide)
}

/** What `implies` can only find when both speak of it: facts that the formula asks about anyhow. */
export function neededReferences(formula: Formula): readonly string[] {
  if (formula.kind === 'literal') return [formula.reference]
  return formula.kind === 'all' ? formula.children.flatMap(neededReferences) : []
}

export function allReferences(formula: Formula): readonly string[] {
  return formula.kind === 'literal' ? [formula.reference] : formula.children.flatMap(allReferences)
}

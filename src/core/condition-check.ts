// Owns warnings about comparisons that load but can't mean what they say. Errors: condition.ts;
// whether a comparison can hold: condition-verdict.ts.
import type { ConditionContext, Condition, Leaf } from './condition.ts'
import { findVerdict } from './condition-verdict.ts'
import { compileLiteral, compilePair } from './decorators.ts'
import { entryShapeProblem } from './entry-shape.ts'
import { FACTS } from './event.ts'
import { pointerTo, type Report, reportWarning } from './shape.ts'
import { describeFound } from './suggest.ts'

/** Warns when the verdict of a comparison is the same for every event. */
export function checkLeaf(leaf: Leaf, context: ConditionContext, report: Report): void {
  const { fact, path, pointer } = leaf
  const { type } = FACTS[fact]
  if (path && path.steps.length > 0 && (type === 'string' || type === 'number')) {
    const kind = type === 'string' ? 'a text' : 'a number'
    const message = `"${fact}" is ${kind}, in which a path selects nothing: it is compared as a whole`
    reportWarning(report, pointerTo(pointer, 'path'), message)
  }
  const misspelt = fact === 'entry' ? entryShapeProblem(path?.steps ?? []) : undefined
  if (misspelt !== undefined) reportWarning(report, pointerTo(pointer, 'path'), misspelt)
  const found = findVerdict(leaf, context)
  if (found === undefined) return
  const verdict = found.holds ? 'this always holds' : "this can't hold"
  reportWarning(report, pointerTo(pointer, 'value') + found.at, `${verdict}: ${found.reason}`)
}

/** Facts (with their paths) that are known to be there, as `nameOf` calls them. */
type Present = ReadonlySet<string>

/**
 * Warns of comparisons that say "is not" and so also hold for an event without the fact, unless
 * something beside them asks for it.
 */
export function checkMissing(
  condition: Condition,
  context: ConditionContext,
  report: Report,
): void {
  const holdsWithout = (leaf: Leaf) => holdsWhenMissing(leaf, context)

  function visit(node: Condition, negated: boolean, present: Present): void {
    switch (node.kind) {
      case 'all':
      case 'any': {
        const together = (node.kind === 'all') !== negated
        const inside = together
          ? new Set([...present, ...node.children.flatMap((child) => demands(child, negated))])
          : present
        for (const child of node.children) visit(child, negated, inside)
        break
      }
      case 'not':
        visit(node.child, !negated, present)
        break
      case 'leaf':
        if (!present.has(nameOf(node))) visitLeaf(node, negated)
        break
      case 'shared':
        break
    }
  }

  /** The fact that must be there for a condition to hold (or, negated, not to hold). */
  function demands(node: Condition, negated: boolean): readonly string[] {
    if (node.kind === 'not') return demands(node.child, !negated)
    if (node.kind !== 'leaf') return []
    return holdsWithout(node) === negated ? [nameOf(node)] : []
  }

  function visitLeaf(leaf: Leaf, negated: boolean): void {
    if (!mayBeMissing(leaf) || !isNegation(leaf, negated)) return
    if (holdsWithout(leaf) === negated) return
    const { operator } = leaf.comparison
    if (operator.name === 'exists' || operator.name === 'present') return
    const said = negated ? '"not"' : describeFound(leaf.comparison.text)
    const guard = { fact: leaf.fact, ...(leaf.path && { path: leaf.path.text }) }
    const beside = JSON.stringify({ ...guard, operator: 'exists', value: true })
    const message = `${said} also holds when "${leaf.fact}" is missing: put ${beside} beside it`
    reportWarning(report, leaf.pointer, message)
  }

  visit(condition, false, new Set())
}

function nameOf({ fact, path }: Leaf): string {
  return `${fact} ${path?.text ?? ''}`
}

function mayBeMissing({ fact, path }: Leaf): boolean {
  return FACTS[fact].optional || (path !== undefined && path.steps.length > 0)
}

function isNegation({ comparison }: Leaf, negated: boolean): boolean {
  const { decorators, operator } = comparison
  return negated || decorators.includes('not') || /^(not[A-Z]|doesNot)/.test(operator.name)
}

/** Whether a comparison holds for an event without its fact; one that throws does not. */
function holdsWhenMissing(leaf: Leaf, context: ConditionContext): boolean {
  try {
    return leaf.valueFact
      ? compilePair(leaf.comparison, context)(undefined, 'a text')
      : compileLiteral(leaf.comparison, leaf.value, context)(undefined)
  } catch {
    return false
  }
}

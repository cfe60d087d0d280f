// Owns whether one comparison implies another of the same fact. "Yes" is certain. Trees of them:
// condition-implies.ts.
import type { Literal } from './condition-implies.ts'
import type { OperatorContext } from './operators/operator.ts'

/** Values that are tried one by one; lists may be longer. */
const VALUES_MAX = 1_000

export function leafImplies(from: Literal, to: Literal, context: OperatorContext): boolean {
  if (from.key === to.key) return from.negated === to.negated
  if (from.reference !== to.reference) return false
  // "Not this" implies "not that" where that implies this.
  if (from.negated) return to.negated && plainImplies(to, from, context)
  if (!to.negated) return plainImplies(from, to, context)
  const { holds } = to
  const values = valuesOf(from, context)
  return holds !== undefined && values !== undefined && !values.some((value) => holds(value))
}

/** The same of the comparisons without their signs. */
function plainImplies(from: Literal, to: Literal, context: OperatorContext): boolean {
  const { holds } = to
  if (from.holds === undefined || holds === undefined) return false
  const values = valuesOf(from, context)
  if (values !== undefined) return values.every((value) => holds(value))
  if (to.operator === 'exists' && to.decorators.length === 0) {
    return to.value === true && !from.holds(undefined) && !from.holds(null)
  }
  return sameFolds(from, to) && operatorImplies(from, to)
}

/** The only values of the fact for which a comparison holds; undefined: not known, or endless. */
function valuesOf(
  { operator, decorators, value, holds }: Literal,
  context: OperatorContext,
): readonly unknown[] | undefined {
  if (holds === undefined || decorators.length > 0) return undefined
  const values = listed(operator, value, context)
  if (values === undefined || values.length === 0 || values.length > VALUES_MAX) return undefined
  return values.every(isScalar) ? values : undefined
}

function listed(
  operator: string,
  value: unknown,
  { lists }: OperatorContext,
): readonly unknown[] | undefined {
  if (operator === 'equal') return [value]
  if (operator === 'in') return Array.isArray(value) ? value : undefined
  if (operator !== 'inList') return undefined
  const list = lists.get(String(value))
  return list?.kind === 'values' ? list.values : undefined
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

/** Both see the fact alike: as it is, or in the same case. */
function sameFolds(from: Literal, to: Literal): boolean {
  const isFold = (name: string) => name === 'lower' || name === 'upper'
  return (
    from.decorators.length === to.decorators.length &&
    from.decorators.every((name, index) => isFold(name) && name === to.decorators[index])
  )
}

function operatorImplies(from: Literal, to: Literal): boolean {
  const { value: a } = from
  const { value: b } = to
  if (typeof a === 'string' && typeof b === 'string') {
    const pair = `${from.operator} ${to.operator}`
    switch (pair) {
      case 'startsWith startsWith':
        return a.startsWith(b)
      case 'endsWith endsWith':
        return a.endsWith(b)
      // Only a text begins or ends with something, and of a text `includes` asks for a part.
      case 'startsWith includes':
      case 'endsWith includes':
        return a.includes(b)
    }
  }
  if (typeof a === 'number' && typeof b === 'number')
    return boundImplies(from.operator, a, to.operator, b)
  if (from.operator === 'inCidr' && to.operator === 'inCidr') {
    return [a].flat().every((network) => [b].flat().includes(network))
  }
  return false
}

/** Bounds of numbers: the narrower implies the wider, and a strict one the same that is not. */
function boundImplies(narrow: string, a: number, wide: string, b: number): boolean {
  const [isLess, isMore] = ['less', 'greater'].map(
    (side) => narrow.startsWith(side) && wide.startsWith(side),
  )
  if (!isLess && !isMore) return false
  if (a === b) return !narrow.endsWith('Inclusive') || wide.endsWith('Inclusive')
  return isLess ? a < b : a > b
}

// Owns the verdicts of comparisons with facts that have few values: each value is tried. Those that follow
// from types and forms: condition-verdict.ts.
import { type Certain, outside } from './certain.ts'
import type { ConditionContext, Leaf } from './condition.ts'
import { compileLiteral } from './decorators.ts'
import { FACTS, type FactName } from './event.ts'
import { suggestName } from './suggest.ts'

/** Numbers of a range that are tried one by one. */
const TRIED_MAX = 100

/** The verdict that follows from trying each value a fact can have. */
export function tryValues(
  { fact, comparison, value }: Leaf,
  context: ConditionContext,
): Certain | undefined {
  const { values, range } = FACTS[fact]
  const domain = values ?? (fact === 'hour' && range ? wholeNumbers(range) : undefined)
  const { name } = comparison.operator
  if (domain === undefined || name === 'exists' || name === 'present') return undefined
  const test = compileLiteral(comparison, value, context)
  const holds = (factValue: unknown): boolean => {
    try {
      return test(factValue)
    } catch {
      return false
    }
  }
  const verdicts = domain.map(holds)
  const first = verdicts[0]
  if (first === undefined || verdicts.includes(!first)) return undefined
  if (!first && holds(undefined)) return undefined
  return { holds: first, reason: domainReason(fact, value, domain), at: '' }
}

function wholeNumbers([min, max]: readonly [number, number]): readonly number[] {
  const count = Math.min(TRIED_MAX, max - min + 1)
  return Array.from({ length: count }, (_, index) => min + index)
}

function domainReason(fact: FactName, value: unknown, domain: readonly unknown[]): string {
  const [min] = domain
  if (typeof min === 'number') return outside(fact, min, min + domain.length - 1)
  const names = domain.map(String)
  const known = typeof value === 'string' ? suggestName(value, names) : undefined
  return `"${fact}" is one of ${names.join(', ')}${known?.startsWith(', did') ? known : ''}`
}

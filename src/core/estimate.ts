// Owns estimates by which the matcher orders its work: what a condition costs, how many events
// fulfil it. Wrong estimates cost time, never a match.
import type { CompileContext } from './compile.ts'
import type { Condition, Leaf } from './condition.ts'
import type { FactName } from './event.ts'

/** One comparison of a fact with a constant is the unit. */
export const COST_CHEAP = 1
const COST_PATH = 3
export const COST_DEAR = 30

/**
 * The share of events one value of a fact has, by experience: ids, users and addresses tell events
 * apart, methods and outcomes hardly do.
 */
const SHARES: Readonly<Partial<Record<FactName, number>>> = {
  id: 0.0001,
  resourceId: 0.0005,
  requestId: 0.0005,
  user: 0.02,
  ip: 0.02,
  uri: 0.005,
  path: 0.005,
  date: 0.02,
  errorStatus: 0.02,
  errorCode: 0.01,
  errorMessage: 0.01,
  asn: 0.03,
  asOrg: 0.03,
  city: 0.03,
  actions: 0.03,
  resource: 0.06,
  resourceTypes: 0.06,
  country: 0.08,
  hour: 0.05,
  operation: 0.12,
  weekday: 0.15,
  type: 0.3,
  status: 0.3,
  outcome: 0.3,
  method: 0.3,
  service: 0.3,
  initiator: 0.5,
  ipKind: 0.5,
  contract: 0.9,
}
const SHARE_OTHER = 0.1

/** How much more events share the first or last characters than a whole value. */
export const SHARE_PART_FACTOR = 3

/** No estimate says "all" or "none": a condition that is there is taken to tell something apart. */
const SHARE_MIN = 0.001
const SHARE_MAX = 0.95

/** The share of events in which a fact has one certain value. */
export function shareOfValue(fact: FactName): number {
  return SHARES[fact] ?? SHARE_OTHER
}

export function costOfLeaf(leaf: Leaf): number {
  if (leaf.comparison.operator.cost === 'dear') return COST_DEAR
  return leaf.path || leaf.comparison.decorators.length > 0 ? COST_PATH : COST_CHEAP
}

/** The share of events for which a condition holds. */
export function shareOf(condition: Condition, context: CompileContext): number {
  switch (condition.kind) {
    case 'all':
      return clamp(condition.children.reduce((share, child) => share * shareOf(child, context), 1))
    case 'any':
      return clamp(condition.children.reduce((share, child) => share + shareOf(child, context), 0))
    case 'not':
      return clamp(1 - shareOf(condition.child, context))
    case 'shared': {
      const shared = context.shared.get(condition.shared)
      return shared ? shareOf(shared, context) : SHARE_MAX
    }
    case 'leaf':
      return shareOfLeaf(condition, context)
  }
}

function clamp(share: number): number {
  return Math.min(SHARE_MAX, Math.max(SHARE_MIN, share))
}

function shareOfLeaf(leaf: Leaf, context: CompileContext): number {
  const { decorators, operator } = leaf.comparison
  const negations = decorators.filter((name) => name === 'not').length
  const share = clamp(shareOfOperator(leaf, operator.name, context))
  return negations % 2 === 1 ? clamp(1 - share) : share
}

function shareOfOperator(leaf: Leaf, operator: string, context: CompileContext): number {
  const one = shareOfValue(leaf.fact)
  const count = Array.isArray(leaf.value) ? leaf.value.length : 1
  switch (operator) {
    case 'equal':
    case 'contains':
      return one * count
    case 'in':
      return one * count
    case 'notEqual':
    case 'doesNotContain':
      return 1 - one
    case 'notIn':
      return 1 - one * count
    case 'startsWith':
      return one * SHARE_PART_FACTOR
    case 'inList': {
      const list = context.lists.get(String(leaf.value))
      return list?.kind === 'values' ? Math.min(0.5, one * list.size) : SHARE_OTHER
    }
    case 'exists':
    case 'present':
      return leaf.value === false ? 0.3 : 0.7
    case 'matches':
    case 'glob':
    case 'inCidr':
      return SHARE_OTHER
    default:
      return 0.4
  }
}

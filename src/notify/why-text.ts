// Owns saying in one line why a rule matched. The verdict tree itself comes from the rule engine.
import type { Why } from '../core/alert.ts'
import { oneLine } from './escape.ts'

/** Comparisons named in one line; beyond it nobody reads on, the console shows the whole tree. */
const LEAVES_MAX = 12
/** Levels followed; a tree of a loaded rule is far flatter. */
const DEPTH_MAX = 12
/** Characters of one expected or found value. */
const VALUE_LENGTH_MAX = 80
const NAME_LENGTH_MAX = 80
const LINE_LENGTH_MAX = 700

const OPERATOR_WORDS: Readonly<Record<string, string>> = {
  equal: 'is',
  notEqual: 'is not',
  in: 'is one of',
  notIn: 'is none of',
  contains: 'contains',
  doesNotContain: 'does not contain',
  lessThan: '<',
  lessThanInclusive: '≤',
  greaterThan: '>',
  greaterThanInclusive: '≥',
  startsWith: 'starts with',
  endsWith: 'ends with',
  includes: 'includes',
  matches: 'matches',
  glob: 'is like',
  inCidr: 'is in',
  inList: 'is in list',
  inSchedule: 'is in schedule',
}

/** The comparisons that explain the verdict, bounded: `user is "x" and ip is in …`. */
export function whyText(why: Why): string {
  const budget = { leaves: LEAVES_MAX }
  const line = oneLine(nodeText(why, 0, budget), LINE_LENGTH_MAX)
  return why.verdict ? line : `the second evaluation says no: ${line}`
}

function nodeText(node: Why, depth: number, budget: { leaves: number }): string {
  if (budget.leaves <= 0 || depth > DEPTH_MAX) return '…'
  if (node.kind === 'leaf') {
    budget.leaves -= 1
    return leafText(node)
  }
  const name = node.name === undefined ? undefined : oneLine(node.name, NAME_LENGTH_MAX)
  if (name !== undefined && node.verdict && depth > 0) {
    // Its name says what a shared condition is for; what is inside, the whole tree shows.
    budget.leaves -= 1
    return name
  }
  const named = name === undefined ? '' : `${name}: `
  const parts: string[] = []
  for (const child of explaining(node)) {
    if (budget.leaves <= 0) {
      parts.push('…')
      break
    }
    parts.push(nodeText(child, depth + 1, budget))
  }
  if (node.kind === 'not') return `${named}not (${parts.join(' and ')})`
  const joined = parts.join(node.kind === 'any' && !node.verdict ? ' or ' : ' and ')
  const bare = named === '' && (depth === 0 || parts.length === 1)
  return bare ? joined : `${named}(${joined})`
}

/** Of `any` that holds, the first child that does; of `all` that does not, those that do not. */
function explaining(node: Why): readonly Why[] {
  const children = node.children ?? []
  if (node.kind === 'not' || (node.kind === 'any') !== node.verdict) return children
  const decisive = children.filter((child) => child.verdict === node.verdict)
  return node.kind === 'any' ? decisive.slice(0, 1) : decisive
}

function leafText(leaf: Why): string {
  const path = leaf.path === undefined || leaf.path === '$' ? '' : leaf.path.replace(/^\$/, '')
  const fact = oneLine(`${leaf.fact ?? leaf.name ?? 'condition'}${path}`, NAME_LENGTH_MAX)
  const operator = leaf.operator ?? 'equal'
  const expected = oneLine(leaf.expected ?? '', VALUE_LENGTH_MAX)
  const found = leaf.found ?? 'nothing'
  const tail = found === leaf.expected ? '' : ` (found ${oneLine(found, VALUE_LENGTH_MAX)})`
  if (operator === 'exists' || operator === 'present') {
    return `${fact} ${expected === 'false' ? 'is absent' : 'is present'}${tail}`
  }
  return `${fact} ${operatorWords(operator)} ${expected}${tail}`
}

function operatorWords(operator: string): string {
  const known = OPERATOR_WORDS[operator]
  if (known !== undefined) return known
  const rest = operator.startsWith('not:') ? OPERATOR_WORDS[operator.slice(4)] : undefined
  return rest === undefined ? oneLine(operator, NAME_LENGTH_MAX) : `not: ${rest}`
}

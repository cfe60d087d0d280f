// Owns what can be said of a comparison without an event: that no event fulfils it, or every one.
// Only what is certain from the table of facts; silence means nothing.
import { type Certain, never, opposite, outside } from './certain.ts'
import type { ConditionContext, Leaf } from './condition.ts'
import type { DecoratorName } from './decorators.ts'
import { FACTS, type FactName, type FactSpec } from './event.ts'
import { tryValues } from './fact-domain.ts'
import { ofForm } from './fact-form.ts'
import { describeFound } from './suggest.ts'

export function findVerdict(leaf: Leaf, context: ConditionContext): Certain | undefined {
  if (leaf.valueFact || (leaf.path && leaf.path.steps.length > 0)) return undefined
  const question: Question = {
    fact: leaf.fact,
    type: FACTS[leaf.fact].type,
    decorators: leaf.comparison.decorators,
    operator: leaf.comparison.operator.name,
    value: leaf.value,
    fold: undefined,
    context,
  }
  return judge(question) ?? tryValues(leaf, context)
}

type Question = {
  readonly fact: FactName
  readonly type: FactSpec['type']
  readonly decorators: readonly DecoratorName[]
  readonly operator: string
  readonly value: unknown
  readonly fold: 'lower' | 'upper' | undefined
  readonly context: ConditionContext
}

/** The verdict that follows from the types and forms of facts. */
function judge(question: Question): Certain | undefined {
  const [decorator, ...decorators] = question.decorators
  const inner = { ...question, decorators }
  switch (decorator) {
    case undefined:
      return judgeOperator(question)
    case 'not':
      return opposite(judge(inner))
    case 'lower':
    case 'upper':
      return question.fold ? undefined : judge({ ...inner, fold: decorator })
    case 'someFact':
      if (question.type === 'strings') return certainlyNever(judge({ ...inner, type: 'string' }))
      return isScalarFact(question) ? never(noList(question, decorator)) : undefined
    case 'everyFact':
      return isScalarFact(question) ? never(noList(question, decorator)) : undefined
    case 'someValue':
      return certainlyNever(firstOf(question, (value) => judge({ ...inner, value })))
    default:
      return undefined
  }
}

function isScalarFact({ type }: Question): boolean {
  return type === 'string' || type === 'number'
}

function noList({ fact, type }: Question, decorator: DecoratorName): string {
  return `"${decorator}:" needs a list, and "${fact}" is ${TYPE_NAMES[type]}: leave it out`
}

/** Inside of "some" only "never" stays certain. */
function certainlyNever(certain: Certain | undefined): Certain | undefined {
  return certain?.holds === false ? certain : undefined
}

/** What is certain of every member of a list, with the reason of the first. */
function firstOf(
  { value }: Question,
  judgeOne: (value: unknown) => Certain | undefined,
): Certain | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const verdicts = value.map(judgeOne)
  return verdicts.every((verdict) => verdict?.holds === false) ? verdicts[0] : undefined
}

const TYPE_NAMES: Readonly<Record<FactSpec['type'], string>> = {
  string: 'a text',
  number: 'a number',
  strings: 'a list of texts',
  resources: 'a list of resources',
  any: 'an object',
}

function judgeOperator(question: Question): Certain | undefined {
  const { operator, value, type } = question
  switch (operator) {
    case 'equal':
      return equalTo(question, value)
    case 'notEqual':
      return opposite(equalTo(question, value))
    case 'in':
    case 'notIn': {
      const none = inNone(question)
      return operator === 'in' ? none : opposite(none)
    }
    case 'contains':
      return containing(question)
    case 'doesNotContain':
      return isScalarFact(question) ? never(`"${question.fact}" is ${TYPE_NAMES[type]}`) : undefined
    case 'lessThan':
    case 'lessThanInclusive':
    case 'greaterThan':
    case 'greaterThanInclusive':
      return compared(question)
    case 'startsWith':
    case 'endsWith':
    case 'includes':
    case 'matches':
    case 'glob':
      return textLike(question)
    case 'inCidr':
      return type === 'string' || type === 'any' ? undefined : never(isNot(question, 'an address'))
    case 'inList':
      return inNamedList(question)
    case 'inSchedule':
      return question.fact === 'time' || type === 'any'
        ? undefined
        : never(`"inSchedule" needs a time in ms, which is the fact "time"`)
    default:
      return undefined
  }
}

function isNot({ fact, type, operator }: Question, needed: string): string {
  return `"${operator}" needs ${needed}, and "${fact}" is ${TYPE_NAMES[type]}`
}

function inNone(question: Question): Certain | undefined {
  const { value } = question
  if (!Array.isArray(value) || value.length === 0) return undefined
  const verdicts = value.map((member) => equalTo(question, member))
  const at = verdicts.findIndex((verdict) => verdict !== undefined)
  if (at < 0 || verdicts.some((verdict) => verdict === undefined)) return undefined
  return { ...never(verdicts[at]?.reason ?? ''), at: `/${at}` }
}

/** Why no event has this value; undefined when one may. */
function equalTo(question: Question, value: unknown): Certain | undefined {
  const { fact, type } = question
  if (value === null && type !== 'any') {
    return never('a missing fact is not null: ask { "operator": "exists", "value": false } for it')
  }
  if (type === 'string') {
    if (typeof value === 'string') return ofForm(question, value, 'whole')
    const written = typeof value === 'number' ? `: write ${JSON.stringify(String(value))}` : ''
    return never(`found ${describeFound(value)}, but "${fact}" is a text${written}`)
  }
  if (type === 'number') return numberEqual(question, value)
  if (type === 'any') return never(`"${fact}" is an object: select inside of it with a "path"`)
  return never(
    `"${fact}" is ${TYPE_NAMES[type]}: use "contains", or "someFact:" before the operator`,
  )
}

function numberEqual({ fact }: Question, value: unknown): Certain | undefined {
  if (typeof value !== 'number') {
    return never(`found ${describeFound(value)}, but "${fact}" is a number`)
  }
  const [min, max] = FACTS[fact].range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return value < min || value > max ? never(outside(fact, min, max)) : undefined
}

function containing(question: Question): Certain | undefined {
  const { fact, type, value } = question
  if (type === 'strings') {
    return typeof value === 'string'
      ? ofForm(question, value, 'whole')
      : never(`the members of "${fact}" are texts, found ${describeFound(value)}`)
  }
  if (type === 'string') return never(`"${fact}" is a text, not a list: use "includes"`)
  if (type === 'resources') return never(`use a path such as "$[*].type" to look inside "${fact}"`)
  return type === 'number' ? never(`"${fact}" is a number, not a list`) : undefined
}

function compared({ fact, type, value, operator }: Question): Certain | undefined {
  if (type !== 'number') return undefined
  if (typeof value === 'string' && Number.isNaN(Number(value))) {
    return never(`found ${describeFound(value)}, but "${fact}" is a number`)
  }
  const range = FACTS[fact].range
  if (range === undefined || typeof value !== 'number') return undefined
  const [min, max] = range
  const reachable = operator.startsWith('less') ? min : max
  const inclusive = operator.endsWith('Inclusive')
  const beyond = operator.startsWith('less') ? value < reachable : value > reachable
  return beyond || (value === reachable && !inclusive) ? never(outside(fact, min, max)) : undefined
}

function textLike(question: Question): Certain | undefined {
  const { type, operator, value } = question
  if (type === 'number') return never(isNot(question, 'a text'))
  if (type === 'any') return undefined
  if (type === 'strings' || type === 'resources') {
    if (operator === 'includes') return containing(question)
    return never(`${isNot(question, 'a text')}: write "someFact:${operator}"`)
  }
  const plain = operator === 'startsWith' || operator === 'endsWith' || operator === 'includes'
  return plain && typeof value === 'string' ? ofForm(question, value, 'part') : undefined
}

function inNamedList(question: Question): Certain | undefined {
  const { type, value, context } = question
  const list = context.lists.get(String(value))
  if (list === undefined || type === 'any') return undefined
  if (type === 'strings' || type === 'resources') {
    return never(`${isNot(question, 'one value')}: write "someFact:inList"`)
  }
  if (list.kind === 'cidr')
    return type === 'number' ? never(isNot(question, 'an address')) : undefined
  const wanted = type === 'number' ? 'number' : 'string'
  const fits = list.values.some((item) => typeof item === wanted)
  return fits || list.size === 0
    ? undefined
    : never(`no member of the list is ${TYPE_NAMES[type]}, as "${question.fact}" is`)
}

// Owns the explanation of a verdict: json-rules-engine judges one rule and one event, step by step.
// The fast verdict over all rules is core/match.ts; this one is its cross-check.
import { Almanac, Engine, Fact, Rule, type TopLevelCondition } from 'json-rules-engine'
import { WHY_VALUE_LENGTH_MAX, type Why } from './core/alert.ts'
import type { Condition, FactReference, Leaf } from './core/condition.ts'
import { foldDecorator } from './core/decorators.ts'
import type { Event, FactName } from './core/event.ts'
import { cutText } from './core/fact-value.ts'
import { hasExpired, type MatchableRule } from './core/match.ts'
import { OWN_OPERATORS } from './core/operators/registry.ts'
import type { OperatorContext } from './core/operators/operator.ts'
import { compilePath, parsePath } from './core/path.ts'

export type Explanation = {
  /** The rule's conditions, each with its verdict and what was found. */
  readonly why: Why
  /** The same of each exception in force, under its name: one that holds lets the event through. */
  readonly exceptions: readonly Why[]
  /** Whether the rule matches by json-rules-engine, exceptions applied. */
  readonly verdict: boolean
}

/** What the rules of a set refer to; a rule set is one. */
export type ExplainContext = OperatorContext & {
  /** The shared conditions by name. */
  readonly conditions: ReadonlyMap<string, Condition>
}

/** Judges rules whose conditions were parsed without error. */
export type Explain = (rule: MatchableRule, event: Event) => Promise<Explanation>

export function createExplain(context: ExplainContext): Explain {
  const engine = createEngine(context)
  const prepared = new WeakMap<Condition, Prepared>()

  function prepareOnce(condition: Condition): Prepared {
    const known = prepared.get(condition)
    if (known) return known
    const fresh = prepare(condition, context, engine)
    prepared.set(condition, fresh)
    return fresh
  }

  async function judge(condition: Condition, event: Event): Promise<Why> {
    const { rule, facts } = prepareOnce(condition)
    const result = await rule.evaluate(createAlmanac(event, facts))
    return toWhy(condition, result.conditions, context)
  }

  return async (rule, event) => {
    const why = await judge(rule.conditions, event)
    const inForce = rule.exceptions.filter(({ expires }) => !hasExpired(expires, event))
    const exceptions = await Promise.all(
      inForce.map(async ({ name, conditions }) => ({ ...(await judge(conditions, event)), name })),
    )
    return { why, exceptions, verdict: why.verdict && !exceptions.some(({ verdict }) => verdict) }
  }
}

/** What json-rules-engine has but does not declare: each rule asks its engine for operators. */
type Judge = { evaluate(factValue: unknown, value: unknown): boolean }
type Judges = { get(name: string): Judge | null }
type OpenEngine = Engine & { operators: Judges }
type OpenRule = { setEngine(engine: Engine): void; evaluate(almanac: Almanac): Promise<Result> }
type Result = { readonly conditions: ResultNode }

/** A node of json-rules-engine's result: the condition as given, with what it came to. */
type ResultNode = {
  readonly all?: readonly ResultNode[]
  readonly any?: readonly ResultNode[]
  readonly not?: ResultNode
  readonly result?: boolean
  readonly factResult?: unknown
  readonly valueResult?: unknown
}

type Prepared = { readonly rule: OpenRule; readonly facts: readonly FactName[] }

function createEngine(context: ExplainContext): Engine {
  const engine = new Engine([], { allowUndefinedFacts: true, pathResolver: resolvePath })
  for (const operator of OWN_OPERATORS) {
    engine.addOperator(operator.name, (factValue: unknown, value: unknown) =>
      operator.evaluate(factValue, value, context),
    )
  }
  engine.addOperatorDecorator('lower', foldDecorator('lower'))
  engine.addOperatorDecorator('upper', foldDecorator('upper'))
  const open = engine as OpenEngine
  const operators = open.operators
  open.operators = { get: (name) => guard(operators.get(name)) }
  return engine
}

/** A comparison that throws is false, whatever its decorators, and does not end the evaluation. */
function guard(judge: Judge | null): Judge | null {
  if (judge === null) return null
  return {
    evaluate(factValue, value) {
      try {
        return judge.evaluate(factValue, value)
      } catch {
        return false
      }
    },
  }
}

function createAlmanac(event: Event, facts: readonly FactName[]): Almanac {
  const almanac = new Almanac({ allowUndefinedFacts: true, pathResolver: resolvePath })
  for (const fact of facts) almanac.addFact(new Fact(fact, event[fact]))
  return almanac
}

/** The paths of rules were checked when they were loaded; another one would select nothing. */
function resolvePath(value: unknown, text: string): unknown {
  const path = parsePath(text)
  return 'problem' in path ? undefined : compilePath(path)(value)
}

/** Rules are evaluated on copies of their conditions, so that one may serve many events at once. */
function prepare(condition: Condition, context: ExplainContext, engine: Engine): Prepared {
  const conditions = toEngineJson(condition, context) as TopLevelCondition
  const rule = new Rule({ conditions, event: { type: 'match' } }) as unknown as OpenRule
  rule.setEngine(engine)
  return { rule, facts: [...new Set(factsIn(condition, context))] }
}

/** Without `priority`, which makes json-rules-engine skip what can't change the verdict. */
function toEngineJson(condition: Condition, context: ExplainContext): unknown {
  switch (condition.kind) {
    case 'all':
      return { all: condition.children.map((child) => toEngineJson(child, context)) }
    case 'any':
      return { any: condition.children.map((child) => toEngineJson(child, context)) }
    case 'not':
      return { not: toEngineJson(condition.child, context) }
    case 'shared':
      return toEngineJson(findShared(condition.shared, context), context)
    case 'leaf': {
      const { valueFact, value, comparison } = condition
      const operand = valueFact ? referenceJson(valueFact) : value
      return { ...referenceJson(condition), operator: comparison.text, value: operand }
    }
  }
}

function referenceJson({ fact, path }: FactReference): object {
  return path ? { fact, path: path.text } : { fact }
}

function findShared(name: string, context: ExplainContext): Condition {
  const condition = context.conditions.get(name)
  if (condition === undefined) throw new Error(`no shared condition ${JSON.stringify(name)}`)
  return condition
}

function factsIn(condition: Condition, context: ExplainContext): readonly FactName[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.children.flatMap((child) => factsIn(child, context))
    case 'not':
      return factsIn(condition.child, context)
    case 'shared':
      return factsIn(findShared(condition.shared, context), context)
    case 'leaf':
      return condition.valueFact ? [condition.fact, condition.valueFact.fact] : [condition.fact]
  }
}

/** A condition and its result have the same shape, as the one was made from the other. */
function toWhy(condition: Condition, node: ResultNode, context: ExplainContext): Why {
  const verdict = node.result === true
  const named = condition.name === undefined ? {} : { name: condition.name }
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const { kind } = condition
      const children = condition.children.map((child, index) =>
        toWhy(child, node[kind]?.[index] ?? {}, context),
      )
      const verdicts = children.map((child) => child.verdict)
      const holds = kind === 'all' ? verdicts.every(Boolean) : verdicts.some(Boolean)
      return { kind, verdict: holds, ...named, children }
    }
    case 'not': {
      const child = toWhy(condition.child, node.not ?? {}, context)
      return { kind: 'not', verdict: !child.verdict, ...named, children: [child] }
    }
    case 'shared':
      return {
        ...toWhy(findShared(condition.shared, context), node, context),
        name: condition.shared,
      }
    case 'leaf':
      return { kind: 'leaf', verdict, ...named, ...leafWhy(condition, node) }
  }
}

function leafWhy(leaf: Leaf, node: ResultNode): Partial<Why> {
  const expected = valueText(node.valueResult)
  const found = valueText(node.factResult)
  return {
    fact: leaf.fact,
    ...(leaf.path && { path: leaf.path.text }),
    operator: leaf.comparison.text,
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
  }
}

function valueText(value: unknown): string | undefined {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : cutText(text, WHY_VALUE_LENGTH_MAX)
}

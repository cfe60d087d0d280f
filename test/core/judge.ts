// Owns the judge of the differential tests: json-rules-engine itself, a fresh engine per rule, with
// operators, decorators and paths written a second time. Shares no code with src/.
import { BlockList, isIP } from 'node:net'
import { Engine } from 'json-rules-engine'

export type RawCondition = Readonly<Record<string, unknown>>
export type RawEvent = Readonly<Record<string, unknown>>

export type JudgeContext = {
  readonly shared: Readonly<Record<string, RawCondition>>
  readonly lists: Readonly<Record<string, { kind: 'values' | 'cidr'; items: readonly unknown[] }>>
}

type Evaluate = (factValue: unknown, value: unknown) => boolean
type Operators = { get(name: string): { evaluate: Evaluate } | null }

/** json-rules-engine's verdict on a rule; a comparison that throws is false, as a whole. */
export function createJudge(
  conditions: RawCondition,
  context: JudgeContext,
): (event: RawEvent) => Promise<boolean> {
  const engine = new Engine([], { allowUndefinedFacts: true, pathResolver: resolvePath })
  for (const [name, condition] of Object.entries(context.shared)) {
    engine.setCondition(name, structuredClone(condition) as never)
  }
  for (const [name, evaluate] of Object.entries(ownOperators(context))) {
    engine.addOperator(name, evaluate)
  }
  engine.addOperatorDecorator('lower', (fact: unknown, value: unknown, next: Evaluate) =>
    next(typeof fact === 'string' ? fact.toLowerCase() : fact, value),
  )
  engine.addOperatorDecorator('upper', (fact: unknown, value: unknown, next: Evaluate) =>
    next(typeof fact === 'string' ? fact.toUpperCase() : fact, value),
  )
  guardOperators(engine as unknown as { operators: Operators })
  engine.addRule({ conditions: structuredClone(conditions) as never, event: { type: 'match' } })
  return async (event) => {
    const { results } = await engine.run(event)
    return results.length === 1
  }
}

function guardOperators(engine: { operators: Operators }): void {
  const { operators } = engine
  // The engine wraps an operator in its decorators for every comparison; once for each name is the
  // same and spares a third of the time.
  const guarded = new Map<string, { evaluate: Evaluate }>()
  engine.operators = {
    get(name) {
      const known = guarded.get(name)
      if (known) return known
      const operator = operators.get(name)
      if (!operator) throw new Error(`the judge does not know ${name}`)
      const guard: { evaluate: Evaluate } = {
        evaluate(factValue, value) {
          try {
            return operator.evaluate(factValue, value)
          } catch {
            return false
          }
        },
      }
      guarded.set(name, guard)
      return guard
    },
  }
}

function ownOperators({ lists }: JudgeContext): Record<string, Evaluate> {
  return {
    startsWith: (a, b) => isText(a) && isText(b) && a.slice(0, b.length) === b,
    endsWith: (a, b) =>
      isText(a) && isText(b) && a.length >= b.length && a.lastIndexOf(b) === a.length - b.length,
    includes(a, b) {
      if (isText(a)) return isText(b) && a.indexOf(b) !== -1
      if (Array.isArray(a)) return a.some((member) => member === b)
      return typeof a === 'object' && a !== null && isText(b) && Object.keys(a).includes(b)
    },
    matches: (a, b) => isText(a) && isText(b) && new RegExp(b).test(a),
    glob: (a, b) => isText(a) && isText(b) && fitsGlob(a, b),
    inCidr: (a, b) => isText(a) && (Array.isArray(b) ? b : [b]).some((cidr) => lies(a, cidr)),
    inList(a, b) {
      const list = lists[b as string]
      if (list === undefined) return false
      if (list.kind === 'values') return list.items.some((item) => item === a)
      return isText(a) && list.items.some((cidr) => lies(a, cidr))
    },
    exists: (a, b) => (b === true) === (a !== undefined && a !== null),
    present(a, b) {
      const empty =
        [undefined, null, false, 0, ''].includes(a as null) ||
        /^(\[\]|\{\})$/.test(JSON.stringify(a))
      return b === true ? !empty : empty
    },
    inSchedule(a) {
      if (typeof a !== 'number' || !Number.isFinite(a) || Math.abs(a) > 8e14) return false
      const date = new Date(a)
      const day = date.getUTCDay()
      return day >= 1 && day <= 5 && date.getUTCHours() >= 8 && date.getUTCHours() < 18
    },
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function fitsGlob(text: string, glob: string): boolean {
  if (glob === '') return text === ''
  if (glob.startsWith('**')) {
    const rest = glob.replace(/^\*+/, '')
    return Array.from({ length: text.length + 1 }, (_, at) => text.slice(at)).some((tail) =>
      fitsGlob(tail, rest),
    )
  }
  if (glob.startsWith('*')) {
    const runs = /^[^/]*/.exec(text)?.[0].length ?? 0
    return Array.from({ length: runs + 1 }, (_, at) => text.slice(at)).some((tail) =>
      fitsGlob(tail, glob.slice(1)),
    )
  }
  if (text === '') return false
  if (glob.startsWith('?') ? text.startsWith('/') : text[0] !== glob[0]) return false
  return fitsGlob(text.slice(1), glob.slice(1))
}

function lies(text: string, cidr: unknown): boolean {
  if (!isText(cidr)) return false
  const [network = '', prefix] = cidr.split('/')
  const address = plainIp(text)
  const base = plainIp(network)
  const family = isIP(base)
  if (family === 0 || isIP(address) !== family) return false
  const bits = family === 4 ? 32 : 128
  const wide = base === network ? 0 : 96
  const list = new BlockList()
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(base, prefix === undefined ? bits : Number(prefix) - wide, kind)
  return list.check(address, kind)
}

function plainIp(text: string): string {
  return /^::ffff:\d+\./i.test(text) ? text.slice('::ffff:'.length) : text
}

/** `$.a['b'][0][*]`, by cutting the text into its steps and following all of them in parallel. */
function resolvePath(value: unknown, path: string): unknown {
  const steps: readonly string[] = path.replace(/^\$/, '').match(/[^.[\]']+|\['[^']*'\]/g) ?? []
  let current: unknown[] = [value]
  for (const step of steps) {
    const key = step.replace(/^\['|'\]$/g, '')
    current = current.flatMap((item) => {
      if (typeof item !== 'object' || item === null) return []
      if (key === '*') return Object.values(item)
      if (/^\d+$/.test(key) && !Array.isArray(item)) return []
      return Object.hasOwn(item, key) ? [(item as Record<string, unknown>)[key]] : []
    })
  }
  const found = current.filter((item) => item !== undefined)
  if (steps.includes('*')) return found.length === 0 ? undefined : found
  return found[0]
}

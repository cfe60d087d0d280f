// Owns matchers, `name op value`: how silences and maintenance windows say which alerts they mean.
// Routes have a form of their own: route-match.ts.
import { matches } from './operators/pattern.ts'
import { isFactName } from './fact-value.ts'
import type { Routable } from './route.ts'
import { SEVERITIES } from './severity.ts'
import { isObject, pointerTo, type Report, reportError } from './shape.ts'
import { describeFound, suggestName } from './suggest.ts'

export const MATCHER_OPERATORS = ['=', '!=', '=~'] as const

export type Matcher = {
  /** `rule`, `severity`, `tags`, `contract`, or the name of a group value such as `user`. */
  readonly fact: string
  readonly op: (typeof MATCHER_OPERATORS)[number]
  /** For `=~` an RE2 expression that matches somewhere, as the operator `matches` does. */
  readonly value: string
}

/** More say nothing that fewer could not. */
const MATCHERS_MAX = 20
const VALUE_LENGTH_MAX = 1_000

const OWN_FACTS = ['rule', 'severity', 'tags', 'contract'] as const

/** `=~` needs no lists or schedules. */
const NOTHING = { lists: new Map(), schedules: new Map() }

/** Names that system alerts group by, beside facts of events. */
const SYSTEM_FACTS = ['receiver', 'subject']

/**
 * Whether all of them hold. A value the alert does not have fits no matcher, `!=` neither: a mute
 * must not reach further than its author saw.
 */
export function matchesAlert(matchers: readonly Matcher[], alert: Routable): boolean {
  return matchers.every((matcher) => holds(matcher, valuesOf(matcher.fact, alert)))
}

function holds({ op, value }: Matcher, found: readonly string[] | undefined): boolean {
  if (found === undefined) return false
  if (op === '=') return found.includes(value)
  if (op === '!=') return !found.includes(value)
  return found.some((text) => matches.evaluate(text, value, NOTHING))
}

/** Undefined: the alert has no such value. */
function valuesOf(fact: string, alert: Routable): readonly string[] | undefined {
  if (fact === 'rule') return [alert.rule.id]
  if (fact === 'severity') return [alert.severity]
  if (fact === 'tags') return alert.rule.tags
  if (fact === 'contract') return [alert.contract]
  const fields = alert.group.filter(({ name }) => name === fact)
  return fields.length === 0 ? undefined : fields.map(({ value }) => value)
}

/** Reads a list of `"user = mallory"` or `{ fact, op, value }`; every fault is reported. */
export function parseMatchers(
  value: unknown,
  pointer: string,
  report: Report,
): readonly Matcher[] | undefined {
  const example = 'such as ["rule = ionos-bulk-delete", "user =~ ^svc-"]'
  if (!Array.isArray(value) || value.length === 0 || value.length > MATCHERS_MAX) {
    const expected = `expected a list of 1 to ${MATCHERS_MAX} matchers, ${example}`
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  const parsed = value.map((item, index) => parseMatcher(item, pointerTo(pointer, index), report))
  return parsed.every((matcher) => matcher !== undefined) ? parsed : undefined
}

export function parseMatcher(value: unknown, pointer: string, report: Report): Matcher | undefined {
  const parts = typeof value === 'string' ? splitMatcher(value) : objectParts(value)
  if (parts === undefined) {
    const expected = 'expected a matcher such as "user = mallory", with =, != or =~'
    return reportError(report, pointer, `found ${describeFound(value)}, ${expected}`)
  }
  const { fact, op, value: wanted } = parts
  const known: readonly string[] = [...OWN_FACTS, ...SYSTEM_FACTS]
  if (!known.includes(fact) && !isFactName(fact)) {
    const hint = suggestName(fact, known)
    const message = `unknown name ${describeFound(fact)}${hint}; or a fact that alerts group by, such as user`
    return reportError(report, pointer, message)
  }
  if (wanted === '' || wanted.length > VALUE_LENGTH_MAX) {
    const expected = `expected a value of 1 to ${VALUE_LENGTH_MAX} characters`
    return reportError(report, pointer, `found ${describeFound(wanted)}, ${expected}`)
  }
  if (fact === 'severity' && op !== '=~' && !SEVERITIES.some((name) => name === wanted)) {
    const hint = suggestName(wanted, SEVERITIES)
    return reportError(report, pointer, `unknown severity ${describeFound(wanted)}${hint}`)
  }
  const faults = op === '=~' ? matches.checkValue(wanted, NOTHING) : []
  for (const fault of faults) reportError(report, pointer, fault.message)
  return faults.length > 0 ? undefined : { fact, op, value: wanted }
}

export function formatMatcher({ fact, op, value }: Matcher): string {
  return `${fact} ${op} ${value}`
}

/** The name ends at the first operator; a value in quotes is what is between them. */
function splitMatcher(text: string): Matcher | undefined {
  const match = /^\s*([A-Za-z][\w.-]*)\s*(=~|!=|=)\s*([\s\S]*?)\s*$/.exec(text)
  const [, fact, op, value] = match ?? []
  if (fact === undefined || op === undefined || value === undefined) return undefined
  const quoted = /^"([\s\S]*)"$|^'([\s\S]*)'$/.exec(value)
  const inner = quoted?.[1] ?? quoted?.[2] ?? value
  return { fact: normalName(fact), op: op as Matcher['op'], value: inner }
}

function objectParts(value: unknown): Matcher | undefined {
  if (!isObject(value)) return undefined
  const { fact, op, value: wanted } = value
  const isOperator = MATCHER_OPERATORS.some((operator) => operator === op)
  if (typeof fact !== 'string' || typeof wanted !== 'string' || !isOperator) return undefined
  return { fact: normalName(fact), op: op as Matcher['op'], value: wanted }
}

function normalName(fact: string): string {
  return fact === 'tag' ? 'tags' : fact
}

// Owns what is said of how rules do: which staged ones may become active, and the weekly report of
// those that are noisy, silent, slow or whose exceptions end. Pure; who asks and tells: ../rule-health.ts.
import type { Field } from './alert.ts'
import type { Rule } from './rule.ts'

const DAY_MS = 86_400_000
/** How long a staged rule is watched before it may become active. */
export const WATCHED_DAYS = 14
/** An exception that ends so soon is told: whoever made it looks at it again. */
const EXPIRING_DAYS = 30
/** More alerts than this in a week is noise, whoever is right. */
const NOISY_PER_WEEK = 10
/** So many of those that people resolved were false positives. */
const NOISY_SHARE = 0.5
/** µs an event; the whole pack takes some ten. */
const SLOW_MICROS = 20
/** Rules that a line of the report names. */
const NAMED_MAX = 8

/** What became of a rule's alerts: how many there were, and what people said when they resolved them. */
export type Judgement = {
  readonly alerts: number
  /** By people: the false positives among them. */
  readonly resolved: number
  readonly falsePositives: number
}

export const NO_JUDGEMENT: Judgement = { alerts: 0, resolved: 0, falsePositives: 0 }

/** Why a staged rule may become active (`quiet`, `right`), or why not yet. */
export type Promotion = 'quiet' | 'right' | 'too-young' | 'not-judged' | 'wrong'

/** `sinceMs`: since when it has been staged; undefined: not known yet. */
export function decidePromotion(
  sinceMs: number | undefined,
  { alerts, resolved, falsePositives }: Judgement,
  now: number,
): Promotion {
  if (falsePositives > 0) return 'wrong'
  if (alerts > 0) return resolved === alerts ? 'right' : 'not-judged'
  const isOld = sinceMs !== undefined && now - sinceMs >= WATCHED_DAYS * DAY_MS
  return isOld ? 'quiet' : 'too-young'
}

export function isReady(promotion: Promotion): boolean {
  return promotion === 'quiet' || promotion === 'right'
}

export type RuleWeek = {
  readonly rule: Pick<Rule, 'id' | 'status' | 'exceptions'>
  readonly matches: number
  /** µs an event; undefined: not among the slowest. */
  readonly micros: number | undefined
  readonly judgement: Judgement
  /** Undefined for rules that are not staged. */
  readonly promotion: Promotion | undefined
}

/** The report as lines of an alert: what of it is empty is left out. */
export function reportHealth(week: readonly RuleWeek[], now: number): readonly Field[] {
  const running = week.filter(({ rule }) => rule.status !== 'disabled')
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['noisy', running.filter(isNoisy).sort(byAlerts).map(describeNoise)],
    ['slow', running.flatMap(describeSlow)],
    ['exceptions ending', running.flatMap(({ rule }) => describeExpiring(rule, now))],
    ['may become active', running.flatMap(describeReady)],
    ['silent in 7 days', running.filter(({ matches }) => matches === 0).map(({ rule }) => rule.id)],
  ]
  return lines.flatMap(([name, found]) => {
    if (found.length === 0) return []
    const more = found.length - NAMED_MAX
    const named = found.slice(0, NAMED_MAX).join(', ')
    return [{ name, value: more > 0 ? `${named} and ${more} more` : named }]
  })
}

function isNoisy({ rule, judgement }: RuleWeek): boolean {
  const { alerts, resolved, falsePositives } = judgement
  // A staged rule disturbs nobody; `rules promote` says of it what there is to say.
  if (rule.status === 'staged') return false
  return alerts > NOISY_PER_WEEK || (resolved > 0 && falsePositives / resolved >= NOISY_SHARE)
}

function byAlerts(a: RuleWeek, b: RuleWeek): number {
  return b.judgement.alerts - a.judgement.alerts || (a.rule.id < b.rule.id ? -1 : 1)
}

function describeNoise({ rule, judgement }: RuleWeek): string {
  const { alerts, resolved, falsePositives } = judgement
  const said = resolved === 0 ? '' : `, ${falsePositives} of ${resolved} resolved were false`
  return `${rule.id} (${alerts} ${alerts === 1 ? 'alert' : 'alerts'}${said})`
}

function describeSlow({ rule, micros }: RuleWeek): readonly string[] {
  if (micros === undefined || micros < SLOW_MICROS) return []
  return [`${rule.id} (${micros.toFixed(0)} µs an event)`]
}

function describeExpiring({ id, exceptions }: RuleWeek['rule'], now: number): readonly string[] {
  const [today, last] = [now, now + EXPIRING_DAYS * DAY_MS].map((ms) =>
    new Date(ms).toISOString().slice(0, 10),
  ) as [string, string]
  return exceptions.flatMap(({ name, expires }) => {
    if (expires === undefined || expires > last) return []
    return [`${id}: "${name.slice(0, 60)}" ${expires < today ? 'ended' : 'ends'} ${expires}`]
  })
}

function describeReady({ rule, promotion }: RuleWeek): readonly string[] {
  return promotion !== undefined && isReady(promotion) ? [`${rule.id} (${promotion})`] : []
}

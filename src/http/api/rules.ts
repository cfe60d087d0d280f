// Owns the routes that show rules and load them again: what each is, did and costs, and what is
// wrong with those that did not load. Trying rules is rule-trial.ts'.
import { z } from 'zod'
import { FACTS } from '../../core/event.ts'
import type { Problem } from '../../core/problem.ts'
import type { Rule } from '../../core/rule.ts'
import { createSchemas } from '../../core/rule-schema.ts'
import type { RuleTestResult } from '../../rule-tests.ts'
import type { RuleSet } from '../../ruleset.ts'
import type { RuleStatsStore } from '../../state/stores.ts'
import { isoTime } from '../alert-view.ts'
import { HttpProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import type { Noise } from '../rule-noise.ts'
import { type RuleNumbers, ruleRow, ruleRowShape, ruleShape, ruleView } from '../rule-view.ts'

/** The rules that are in use, and what loading them found. */
export type RulesInUse = {
  readonly ruleSet: RuleSet
  readonly problems: readonly Problem[]
  /** The rule as it is written in its file; undefined when there is none. */
  sourceOf(id: string): unknown
}

/** What came of loading the rules again. */
export type ReloadOutcome =
  | { readonly kind: 'unchanged' | 'changed'; readonly version: string }
  | { readonly kind: 'refused'; readonly failures: readonly string[] }

export type RuleParts = {
  readonly rules: () => RulesInUse
  readonly reload: () => Promise<ReloadOutcome>
  readonly runTests: (rule: Rule) => Promise<readonly RuleTestResult[]>
  readonly stats: RuleStatsStore
  readonly noise: () => Promise<Noise>
  readonly now: () => number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const RULE_SCHEMA = { ...createSchemas()['rule.schema.json'] }
const PROBLEMS_MAX = 200

export const problemShape = z.object({
  level: z.enum(['error', 'warning']),
  place: z.string().describe('File, line and column, or a pointer into the rule.'),
  message: z.string(),
})

export const ruleParams = z.object({ id: z.string().regex(/^[a-z0-9-]{1,80}$/) })

export function ruleRoutes(parts: RuleParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/rules',
      role: 'viewer',
      summary: 'All rules: what each did and costs, and problems found when they were loaded',
      answer: z.object({
        version: z.string(),
        rules: z.array(ruleRowShape),
        problems: z.array(problemShape),
      }),
      handle: async () => {
        const { ruleSet, problems } = parts.rules()
        const numbers = await numbersOf(parts)
        const rules = ruleSet.all.map((rule) => ruleRow(rule, numbers))
        const shown = problems.slice(0, PROBLEMS_MAX).map(problemView)
        return { body: { version: ruleSet.version, rules, problems: shown } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/rules/:id',
      role: 'viewer',
      summary: 'One rule: its source, statistics, and its tests, run just now',
      params: ruleParams,
      answer: ruleShape,
      handle: async ({ params }) => {
        const rules = parts.rules()
        const { ruleSet } = rules
        const rule = ruleSet.all.find(({ id }) => id === params.id)
        if (rule === undefined) throw new HttpProblem('not-found', 'no rule of this id is loaded')
        const [numbers, results, volume] = await Promise.all([
          numbersOf(parts),
          parts.runTests(rule),
          volumeOf(rule.id, parts),
        ])
        const tests = results.map(testView)
        const source = rules.sourceOf(rule.id)
        const beside = { file: ruleSet.fileOf(rule.id), source, tests, volume }
        return { body: ruleView(rule, numbers, beside) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/rules/reload',
      role: 'admin',
      summary: 'Load the rules again at once; changed files are noticed without it, too',
      about:
        'Rules whose tests fail are not taken into use: those from before stay, and this is 400.',
      answer: z.object({ version: z.string(), changed: z.boolean(), message: z.string() }),
      handle: async () => {
        const outcome = await parts.reload()
        if (outcome.kind === 'refused') {
          const faults = outcome.failures.map((message) => ({ pointer: '/rules', message }))
          throw new HttpProblem('bad-request', `tests fail: ${outcome.failures.join('; ')}`, faults)
        }
        const { kind, version } = outcome
        const changed = kind === 'changed'
        const message = changed ? `version ${version} is in use` : 'nothing has changed'
        return { body: { version, changed, message } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/facts',
      role: 'viewer',
      summary: 'The facts that rules may speak about',
      answer: z.object({ facts: z.array(z.string()) }),
      handle: async () => ({ body: { facts: Object.keys(FACTS) } }),
    }),
    route({
      method: 'GET',
      path: '/api/schemas/rule',
      role: 'viewer',
      summary: 'The JSON Schema of a rule: its keys, facts and operators, each with what it means',
      answer: z.record(z.string(), z.unknown()),
      handle: async () => ({ body: RULE_SCHEMA }),
    }),
  ]
}

export function problemView({ level, file, line, column, pointer, message }: Problem) {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return { level, place: place === '' ? pointer : place, message }
}

export function testView({ test, passed, failures }: RuleTestResult) {
  return { test, passed, failures: [...failures] }
}

async function volumeOf(id: string, { stats, now }: RuleParts) {
  const last = Math.floor(now() / HOUR_MS)
  const hours = Array.from({ length: 7 * 24 }, (_, index) => last - (7 * 24 - 1) + index)
  return Promise.all(
    hours.map(async (hour) => {
      const { rules } = await stats.read({ from: hour * HOUR_MS, to: (hour + 1) * HOUR_MS })
      const { matches = 0, alerts = 0 } = rules.get(id) ?? {}
      return { at: isoTime(hour * HOUR_MS), matches, alerts }
    }),
  )
}

async function numbersOf({ stats, noise, now }: RuleParts): Promise<RuleNumbers> {
  const to = now() + 1
  const [day, week, noises] = await Promise.all([
    stats.read({ from: to - DAY_MS, to }),
    stats.read({ from: to - 7 * DAY_MS, to }),
    noise(),
  ])
  return { day, week, noise: noises }
}

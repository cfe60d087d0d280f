// Owns how the API shows rules: a row of the list, and the whole of one with its tests and source.
import { z } from 'zod'
import type { Rule } from '../core/rule.ts'
import { SEVERITIES } from '../core/severity.ts'
import type { RuleCounts, RuleStats } from '../state/stores.ts'
import { isoTime } from './alert-view.ts'

const countsShape = z.object({
  matches: z.number(),
  detections: z.number(),
  alerts: z.number(),
})

export const ruleRowShape = z.object({
  id: z.string(),
  title: z.string(),
  severity: z.enum(SEVERITIES),
  state: z.enum(['active', 'staged', 'disabled']),
  detect: z.string().describe('What makes matches a detection: match, threshold, sequence, …'),
  tags: z.array(z.string()),
  tests: z.number(),
  day: countsShape.describe('Of the last 24 hours.'),
  week: countsShape.describe('Of the last 7 days.'),
  noise: z
    .object({ resolved: z.number(), falsePositives: z.number() })
    .describe('Alerts resolved in the last 7 days, and how many as false positives.'),
  micros: z.number().optional().describe('µs an event, estimated.'),
  lastMatch: z.string().optional(),
})

export type RuleRow = z.output<typeof ruleRowShape>

export const testShape = z.object({
  test: z.string(),
  passed: z.boolean(),
  failures: z.array(z.string()),
})

export const ruleShape = ruleRowShape.omit({ tests: true }).extend({
  description: z.string().optional(),
  runbook: z.string().optional(),
  references: z.array(z.string()),
  falsePositives: z.array(z.string()),
  file: z.string(),
  volume: z
    .array(z.object({ at: z.string(), matches: z.number(), alerts: z.number() }))
    .describe('The last 7 days by the hour, the earliest first.'),
  source: z.unknown().describe('The rule as it is written.'),
  tests: z.array(testShape).describe('The tests inside the rule, run just now.'),
})

export type RuleView = z.output<typeof ruleShape>

export type RuleNumbers = {
  readonly day: RuleStats
  readonly week: RuleStats
  readonly noise: ReadonlyMap<string, RuleRow['noise']>
}

export function ruleRow(rule: Rule, { day, week, noise }: RuleNumbers): RuleRow {
  const counts = week.rules.get(rule.id)
  const { resolved = 0, falsePositives = 0 } = noise.get(rule.id) ?? {}
  return {
    id: rule.id,
    title: rule.title,
    severity: rule.severity,
    state: rule.status,
    detect: rule.detect?.kind ?? 'match',
    tags: [...rule.tags],
    tests: rule.tests.length,
    day: countsOf(day.rules.get(rule.id)),
    week: countsOf(counts),
    noise: { resolved, falsePositives },
    ...(counts !== undefined &&
      counts.micros > 0 &&
      week.events > 0 && { micros: counts.micros / week.events }),
    ...(counts?.lastMatchAt !== undefined && { lastMatch: isoTime(counts.lastMatchAt) }),
  }
}

export function ruleView(
  rule: Rule,
  numbers: RuleNumbers,
  beside: Pick<RuleView, 'file' | 'source' | 'tests' | 'volume'>,
): RuleView {
  const { description, runbook } = rule
  return {
    ...ruleRow(rule, numbers),
    ...(description !== undefined && { description }),
    ...(runbook !== undefined && { runbook }),
    references: [...rule.references],
    falsePositives: [...rule.falsePositives],
    ...beside,
  }
}

function countsOf(counts: RuleCounts | undefined): RuleRow['day'] {
  const { matches = 0, detections = 0, alerts = 0 } = counts ?? {}
  return { matches, detections, alerts }
}

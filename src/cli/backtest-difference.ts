// Owns how the difference of two backtests is told: Markdown that a reviewer reads in a pull
// request. Texts of events are hostile: they stand in code spans, and the whole fits a comment.
import type { Gathered } from '../backtest/collector.ts'
import { type Changed, compareSides } from '../backtest/compare.ts'
import { createResult, type RaisedAlert, type Result, type RuleCounts } from '../backtest/result.ts'
import { cutText } from '../core/fact-value.ts'
import { groupText } from './backtest-report.ts'
import type { Cli } from './context.ts'
import { writeOutput } from './output.ts'
import { counted } from './rules-load.ts'

export type Comparison = {
  readonly gathered: Gathered
  /** What it is compared with, as asked for. */
  readonly base: string
}

/** Alerts listed of one rule and kind; the table above has all numbers. */
const SHOWN_MAX = 10

/** Rows of the table; a rule set of thousands must not fill the comment with names. */
const ROWS_MAX = 100

/** GitHub takes 65,536 characters a comment. */
const TEXT_LENGTH_MAX = 60_000

/** Characters of the values of one group. */
const GROUP_LENGTH_MAX = 200

type RuleDifference = {
  readonly id: string
  readonly before: RuleCounts | undefined
  readonly after: RuleCounts | undefined
  readonly gained: number[]
  readonly lost: number[]
  readonly changed: Changed[]
}

export async function writeComparison(cli: Cli, comparison: Comparison): Promise<void> {
  await writeOutput(cli, comparisonText(comparison))
}

/** The whole text, at most about TEXT_LENGTH_MAX characters. */
export function comparisonText({ gathered, base }: Comparison): string {
  const result = createResult(gathered)
  const rules = differenceByRule(gathered, result)
  const affected = rules.filter(isAffected)
  const paragraphs = [
    `## Backtest: the rules against ${code(base)}`,
    summary(gathered, rules),
    ...(affected.length > 0 ? [table(affected)] : []),
    ...(affected.length > 0 && affected.length < rules.length
      ? [`No difference: ${counted(rules.length - affected.length, 'rule')}.`]
      : []),
  ]
  const details = affected.flatMap((rule) => detailsOf(rule, result))
  let length = paragraphs.join('\n\n').length
  for (const detail of details) {
    length += detail.length + 2
    if (length > TEXT_LENGTH_MAX) {
      paragraphs.push('The rest is too long for a comment: `--json` tells everything.')
      break
    }
    paragraphs.push(detail)
  }
  return `${paragraphs.join('\n\n')}\n`
}

function differenceByRule(gathered: Gathered, result: Result): readonly RuleDifference[] {
  const { gained, lost, changed } = compareSides(gathered)
  const after = new Map(result.rules(0).map((counts) => [counts.id, counts]))
  const before = new Map(result.rules(1).map((counts) => [counts.id, counts]))
  const rules = gathered.ruleIds.map(
    (id): RuleDifference => ({
      id,
      before: before.get(id),
      after: after.get(id),
      gained: [],
      lost: [],
      changed: [],
    }),
  )
  const ruleAt = (index: number) => rules[result.ruleAt(index)] as RuleDifference
  for (const index of result.sort(gained)) ruleAt(index).gained.push(index)
  for (const index of result.sort(lost)) ruleAt(index).lost.push(index)
  for (const pair of changed) ruleAt(pair.after).changed.push(pair)
  return rules
}

function isAffected(rule: RuleDifference): boolean {
  const { before, after } = rule
  const isOneSided = (before === undefined) !== (after === undefined)
  return isOneSided || differences(rule) > 0
}

function summary({ events, span }: Gathered, rules: readonly RuleDifference[]): string {
  const sum = (count: (rule: RuleDifference) => number) =>
    rules.reduce((total, rule) => total + count(rule), 0)
  const before = sum((rule) => rule.before?.alerts ?? 0)
  const now = sum((rule) => rule.after?.alerts ?? 0)
  const kinds = (['gained', 'lost', 'changed'] as const).map(
    (kind) => `${number(sum((rule) => rule[kind].length))} ${kind}`,
  )
  const seen = `${number(events)} event${events === 1 ? '' : 's'}${daysText(span)}`
  return `${seen}: ${number(before)} → ${number(now)} alerts; **${kinds.join(', ')}**.`
}

function daysText(span: Gathered['span']): string {
  if (span === undefined) return ''
  const [first, last] = [dayText(span.first), dayText(span.last)]
  return first === last ? ` of ${first}` : ` of ${first} – ${last}`
}

/** Rules with a difference first, then those that are new or gone and raise nothing. */
function table(rules: readonly RuleDifference[]): string {
  const [loud, quiet] = [true, false].map((isLoud) =>
    rules.filter((rule) => differences(rule) > 0 === isLoud),
  ) as [RuleDifference[], RuleDifference[]]
  const rows = [...loud, ...quiet].slice(0, ROWS_MAX).map((rule) => {
    const { before, after, gained, lost, changed } = rule
    const alerts = [before, after].map((counts) =>
      counts === undefined ? '–' : number(counts.alerts),
    )
    const counts = [gained, lost, changed].map((kind) => number(kind.length))
    return `| ${code(rule.id)}${noteOf(rule)} | ${[...alerts, ...counts].join(' | ')} |`
  })
  const head = '| rule | alerts before | now | gained | lost | changed |'
  const lines = [head, '| --- | ---: | ---: | ---: | ---: | ---: |', ...rows].join('\n')
  const rest = rules.length - rows.length
  return rest > 0 ? `${lines}\n\n… and ${counted(rest, 'more rule')}.` : lines
}

function differences({ gained, lost, changed }: RuleDifference): number {
  return gained.length + lost.length + changed.length
}

function noteOf({ before, after }: RuleDifference): string {
  if (before === undefined) return ' (new)'
  return after === undefined ? ' (gone)' : ''
}

function detailsOf(rule: RuleDifference, result: Result): readonly string[] {
  const lines = [
    ...listed(rule.gained, 'gained', (index) => alertText(result.alertAt(index))),
    ...listed(rule.lost, 'lost', (index) => alertText(result.alertAt(index))),
    ...listed(rule.changed, 'changed', ({ before, after }) =>
      changeText(result.alertAt(before), result.alertAt(after)),
    ),
  ]
  return lines.length === 0 ? [] : [`### ${code(rule.id)}\n\n${lines.join('\n')}`]
}

function listed<T>(items: readonly T[], kind: string, textOf: (item: T) => string): string[] {
  const lines = items.slice(0, SHOWN_MAX).map((item) => `- **${kind}** ${textOf(item)}`)
  const rest = items.length - lines.length
  return rest > 0 ? [...lines, `- … and ${number(rest)} more ${kind}`] : lines
}

function alertText(alert: RaisedAlert): string {
  return `${alert.severity}: ${groupCode(alert)}, ${eventsText(alert.count)}, ${extentText(alert)}`
}

/** Only what changed is told twice. */
function changeText(before: RaisedAlert, after: RaisedAlert): string {
  const twice = (one: string, other: string) => (one === other ? one : `${one} → ${other}`)
  const severity = twice(before.severity, after.severity)
  const count = before.count === after.count ? '' : `${number(before.count)} → `
  const extent = twice(extentText(before), extentText(after))
  return `${severity}: ${groupCode(after)}, ${count}${eventsText(after.count)}, ${extent}`
}

function groupCode(alert: RaisedAlert): string {
  return code(cutText(groupText(alert), GROUP_LENGTH_MAX))
}

function eventsText(count: number): string {
  return `${number(count)} event${count === 1 ? '' : 's'}`
}

/** `2026-11-20 09:14:07 – 09:20:00`, the second date only when it is another. */
function extentText({ first, last }: RaisedAlert): string {
  const from = secondText(first)
  const to = secondText(last)
  if (from === to) return from
  return `${from} – ${to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to}`
}

function secondText(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}

function dayText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

function number(value: number): string {
  return value.toLocaleString('en')
}

/**
 * A code span: nothing in it is a link, a mention or markup. Its fence is longer than any run of
 * backticks in it. Not for texts of events in a table: a pipe would end the cell.
 */
export function code(text: string): string {
  const runs = [...text.matchAll(/`+/g)].map((run) => run[0].length)
  const fence = '`'.repeat(Math.max(0, ...runs) + 1)
  const gap = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${gap}${text}${gap}${fence}`
}

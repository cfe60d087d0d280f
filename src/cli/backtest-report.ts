// Owns how the result of a backtest is written: as JSON, or as tables for a person.
import type { Gathered } from '../backtest/collector.ts'
import { compareSides } from '../backtest/compare.ts'
import { createResult, type RaisedAlert, type Result, type RuleCounts } from '../backtest/result.ts'
import { severityRank } from '../core/severity.ts'
import { visibleText } from '../core/template.ts'
import type { Cli } from './context.ts'
import { writeOutput } from './output.ts'
import { counted } from './rules-load.ts'
import { formatTable } from './table.ts'

export type Report = {
  readonly gathered: Gathered
  readonly seconds: number
  /** What it is compared with, as asked for. */
  readonly compare: string | undefined
}

/** Alerts written at once: there may be a million. */
const ALERTS_AT_ONCE = 1_000

/** Alerts a person is shown. */
const ALERTS_SHOWN_MAX = 20

const DAY_MS = 86_400_000

/** One JSON object, written in pieces. */
export async function writeJson(cli: Cli, { gathered, seconds, compare }: Report): Promise<void> {
  const result = createResult(gathered)
  const { entries, events } = gathered
  await writeOutput(cli, `{"entries":${entries},"events":${events},"alerts":`)
  await writeList(cli, result.alerts(0))
  await writeOutput(cli, `,"rules":${JSON.stringify(result.rules(0))}`)
  if (compare !== undefined) await writeDifference(cli, gathered, { result, compare })
  await writeOutput(cli, `,"seconds":${seconds}}\n`)
}

type Compared = { readonly result: Result; readonly compare: string }

async function writeDifference(
  cli: Cli,
  gathered: Gathered,
  { result, compare }: Compared,
): Promise<void> {
  const { gained, lost, changed } = compareSides(gathered)
  await writeOutput(cli, `,"compare":{"with":${JSON.stringify(compare)},"gained":`)
  await writeList(cli, alertsAt(result, gained))
  await writeOutput(cli, ',"lost":')
  await writeList(cli, alertsAt(result, lost))
  await writeOutput(cli, ',"changed":')
  await writeList(cli, changesAt(result, changed))
  await writeOutput(cli, `,"rules":${JSON.stringify(result.rules(1))}}`)
}

function* alertsAt(result: Result, indexes: Uint32Array): Generator<RaisedAlert> {
  for (const index of result.sort(indexes)) yield result.alertAt(index)
}

/** Pairs in the order of the alert as it is now. */
function* changesAt(result: Result, changed: ReturnType<typeof compareSides>['changed']) {
  const before = new Map(changed.map((pair) => [pair.after, pair.before]))
  for (const index of result.sort(Uint32Array.from(before.keys()))) {
    const { rule, contract, group, ...after } = result.alertAt(index)
    const { first, last, count, severity } = result.alertAt(before.get(index) ?? 0)
    const place = { rule, ...(contract !== undefined && { contract }), group }
    yield { ...place, before: { first, last, count, severity }, after }
  }
}

async function writeList(cli: Cli, items: Iterable<unknown>): Promise<void> {
  let text = '['
  let waiting = 0
  let isFirst = true
  for (const item of items) {
    text += `${isFirst ? '' : ','}${JSON.stringify(item)}`
    isFirst = false
    waiting += 1
    if (waiting < ALERTS_AT_ONCE) continue
    await writeOutput(cli, text)
    text = ''
    waiting = 0
  }
  await writeOutput(cli, `${text}]`)
}

/** Tables of rules and of the gravest alerts. */
export async function writeReport(cli: Cli, { gathered, seconds }: Report): Promise<void> {
  const result = createResult(gathered)
  const rules = result.rules(0)
  const { entries, events } = gathered
  const { stdout } = cli
  const found = rules.filter(({ matches }) => matches > 0)
  const quiet = rules.length - found.length
  stdout.write(
    `${number(entries)} entries, ${number(events)} events${spanText(gathered)}, ${seconds.toFixed(1)} s\n\n`,
  )
  if (found.length > 0) stdout.write(formatTable(ruleRows(found, gathered), stdout))
  if (quiet > 0) stdout.write(`${counted(quiet, 'rule')} matched nothing\n`)
  const { shown, total } = gravest(result.alerts(0))
  if (total === 0) stdout.write('\nno alerts\n')
  else {
    const title = total > shown.length ? `the ${shown.length} gravest of ${number(total)}` : 'all'
    stdout.write(`\nAlerts (${title}):\n${formatTable(alertRows(shown), stdout)}`)
  }
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function spanText({ span }: Gathered): string {
  if (span === undefined) return ''
  const [from, to] = [span.first, span.last].map((time) => minuteText(new Date(time).toISOString()))
  return `, ${from} – ${to} UTC`
}

/** `2026-11-20 09:14` of an ISO time. */
function minuteText(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

/** By alerts, most first; shorter spans than a day are not made to look like one. */
function ruleRows(rules: readonly RuleCounts[], { span }: Gathered): readonly string[][] {
  const days = Math.max(1, span === undefined ? 1 : (span.last - span.first) / DAY_MS)
  const rows = [...rules]
    .sort((a, b) => b.alerts - a.alerts || b.matches - a.matches)
    .map(({ id, matches, alerts }) => [
      number(matches).padStart('MATCHES'.length),
      number(alerts).padStart('ALERTS'.length),
      (alerts / days).toFixed(1).padStart('PER DAY'.length),
      id,
    ])
  return [['MATCHES', 'ALERTS', 'PER DAY', 'RULE'], ...rows]
}

function alertRows(alerts: readonly RaisedAlert[]): readonly string[][] {
  const rows = alerts.map((alert) => [
    alert.severity,
    minuteText(alert.first),
    number(alert.count).padStart('EVENTS'.length),
    alert.rule,
    groupText(alert),
  ])
  return [['SEVERITY', 'FIRST', 'EVENTS', 'RULE', 'GROUP'], ...rows]
}

/** `user mallory@example.com, ip 192.0.2.1`, on one line whatever the values hold. */
export function groupText({ contract, group }: RaisedAlert): string {
  const parts = Object.entries(group).map(
    ([name, value]) => `${name} ${visibleText(String(value))}`,
  )
  const all = contract === undefined ? parts : [...parts, `contract ${visibleText(contract)}`]
  return all.length === 0 ? 'everything' : all.join(', ')
}

/** The gravest alerts, those of many events first, without holding all of them. */
function gravest(alerts: Iterable<RaisedAlert>): { shown: readonly RaisedAlert[]; total: number } {
  const byGravity = (a: RaisedAlert, b: RaisedAlert) =>
    severityRank(b.severity) - severityRank(a.severity) || b.count - a.count
  let shown: RaisedAlert[] = []
  let total = 0
  for (const alert of alerts) {
    total += 1
    shown.push(alert)
    if (shown.length > 50 * ALERTS_SHOWN_MAX) {
      shown = shown.sort(byGravity).slice(0, ALERTS_SHOWN_MAX)
    }
  }
  return { shown: shown.sort(byGravity).slice(0, ALERTS_SHOWN_MAX), total }
}

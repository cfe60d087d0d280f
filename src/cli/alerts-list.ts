// Owns `tocsin alerts list`: a table of alerts, filtered, the latest first.
import { Command } from 'commander'
import { type Alert, alertName, type AlertState } from '../core/alert.ts'
import { fitsGlob } from '../core/route-match.ts'
import { severitiesShape } from '../core/route-shape.ts'
import type { Severity } from '../core/severity.ts'
import { oneLine } from '../notify/escape.ts'
import { createTimeText } from '../notify/time-text.ts'
import type { Stores } from '../state/redis.ts'
import { type Cli, CommandError } from './context.ts'
import { MOMENT_FORMS, parseMoment } from './moment.ts'
import { withTelling } from './open-telling.ts'
import { formatTable } from './table.ts'

type Options = {
  readonly state?: string
  readonly severity?: string
  readonly rule?: string
  readonly q?: string
  readonly from?: string
  readonly to?: string
  readonly limit: string
}

type Filter = {
  readonly states: readonly AlertState[]
  readonly severities: readonly Severity[] | undefined
  readonly rule: string | undefined
  readonly text: string
  readonly from: number
  readonly to: number
  readonly limit: number
}

const STATES: readonly AlertState[] = ['open', 'acknowledged', 'resolved']
const LIMIT_DEFAULT = 50
const LIMIT_MAX = 10_000
/** Alerts of a contract looked through, the latest first. */
const LOOKED_AT_MAX = 10_000
const TITLE_LENGTH_MAX = 300

export function alertsListCommand(cli: Cli): Command {
  return new Command('list')
    .description('table of alerts, the latest first')
    .option('--state <states>', 'open, acknowledged, resolved, or several with commas; all')
    .option('--severity <severities>', '">=high", or names with commas')
    .option('--rule <glob>', 'id of the rule, such as "ionos-*"')
    .option('--q <text>', 'text in its title, rule, group or fields')
    .option('--from <time>', 'last event at or after it: 2026-11-20, 24h (ago), …')
    .option('--to <time>', 'last event before it')
    .option('--limit <n>', `at most so many, up to ${LIMIT_MAX}`, String(LIMIT_DEFAULT))
    .addHelpText(
      'after',
      '\nWithout --state those that are not resolved are shown.\n\nExample:\n  tocsin alerts list --severity ">=high" --from 24h --state all',
    )
    .action(async (options: Options, command: Command) => {
      const filter = parseFilter(options, cli.clock.now())
      await withTelling(cli, command, async ({ stores, config, json }) => {
        const { alerts, more } = await findAlerts(stores, filter)
        if (json) {
          cli.stdout.write(`${JSON.stringify({ alerts, more })}\n`)
          return
        }
        writeAlertTable(cli, alerts, config.timezone)
        if (more > 0) cli.stdout.write(`… and ${more} more: --limit, or a narrower filter\n`)
      })
    })
}

/** A table that fits a terminal; also what a preview of a silence shows. */
export function writeAlertTable(cli: Cli, alerts: readonly Alert[], timezone: string): void {
  if (alerts.length === 0) {
    cli.stdout.write('no alerts\n')
    return
  }
  const time = createTimeText(timezone)
  const rows = alerts.map((alert) => [
    alertName(alert),
    alert.severity,
    stateText(alert),
    String(alert.count),
    time.short(alert.last),
    alert.rule.id,
    oneLine(alert.title, TITLE_LENGTH_MAX),
  ])
  const head = ['ALERT', 'SEVERITY', 'STATE', 'COUNT', 'LAST', 'RULE', 'TITLE']
  cli.stdout.write(formatTable([head, ...rows], cli.stdout))
}

/** `resolved: quiet`, `staged`, … in one word or two. */
export function stateText(alert: Alert): string {
  const { state, resolution, staged, historical } = alert
  if (state === 'resolved') return resolution === 'manual' ? state : `${state}: ${resolution}`
  if (staged) return `${state} (staged)`
  return historical ? `${state} (history)` : state
}

async function findAlerts(
  { contracts, alerts, actions }: Stores,
  filter: Filter,
): Promise<{ readonly alerts: readonly Alert[]; readonly more: number }> {
  const found: Alert[] = []
  // What is not resolved has an index: it is found however old it is.
  const isLive = !filter.states.includes('resolved')
  for (const contract of await contracts.list()) {
    const some = isLive
      ? await actions.open(contract, LOOKED_AT_MAX)
      : await alerts.latest(contract, LOOKED_AT_MAX)
    found.push(...some.filter((alert) => passes(alert, filter)))
  }
  found.sort((a, b) => b.last - a.last || b.number - a.number)
  return {
    alerts: found.slice(0, filter.limit),
    more: Math.max(0, found.length - filter.limit),
  }
}

/** Alerts that went up in others are those others. */
function passes(alert: Alert, filter: Filter): boolean {
  const { states, severities, rule, text, from, to } = filter
  if (alert.resolution === 'merged' || !states.includes(alert.state)) return false
  if (severities !== undefined && !severities.includes(alert.severity)) return false
  if (rule !== undefined && !fitsGlob(rule, alert.rule.id)) return false
  if (alert.last < from || alert.last >= to) return false
  return text === '' || textOf(alert).includes(text)
}

function textOf({ title, summary = '', rule, contract, group, fields, number }: Alert): string {
  const values = [...group, ...fields].map(({ value }) => value)
  return [`a-${number}`, title, summary, rule.id, rule.title, contract, ...values]
    .join('\n')
    .toLowerCase()
}

function parseFilter(options: Options, now: number): Filter {
  const limit = Number(options.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    const expected = `expected a whole number from 1 to ${LIMIT_MAX}`
    throw new CommandError(2, `--limit ${options.limit}: ${expected}`)
  }
  return {
    states: parseStates(options.state),
    severities: options.severity === undefined ? undefined : parseSeverities(options.severity),
    rule: options.rule,
    text: options.q?.toLowerCase() ?? '',
    from: parseTimeOption('--from', options.from, now) ?? -Infinity,
    to: parseTimeOption('--to', options.to, now) ?? Infinity,
    limit,
  }
}

function parseStates(text: string | undefined): readonly AlertState[] {
  if (text === undefined) return ['open', 'acknowledged']
  if (text === 'all') return STATES
  return text.split(',').map((name) => {
    const found = STATES.find((state) => state === name.trim())
    if (found !== undefined) return found
    throw new CommandError(2, `--state ${name}: no such state`, `states are ${STATES.join(', ')}`)
  })
}

/** `>=high`, `high`, or `low,medium`. */
export function parseSeverities(text: string): readonly Severity[] {
  const value = text.includes(',') ? text.split(',').map((name) => name.trim()) : text.trim()
  const messages: string[] = []
  const found = severitiesShape.parse(value, '', ({ message }) => messages.push(message))
  if (found !== undefined && messages.length === 0) return found
  throw new CommandError(2, `--severity: ${messages.join('; ')}`)
}

export function parseTimeOption(
  option: string,
  text: string | undefined,
  now: number,
): number | undefined {
  if (text === undefined) return undefined
  const time = parseMoment(text, now)
  if (time !== undefined) return time
  throw new CommandError(2, `${option} ${text}: ${MOMENT_FORMS}`)
}

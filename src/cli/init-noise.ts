// Owns what `tocsin init` says about noise: which rules would have told how often, and exceptions to
// review for those that would have told too much because of one user. The alerts are a backtest's.
import { join } from 'node:path'
import { isObject } from '../core/shape.ts'
import { visibleText } from '../core/template.ts'
import { parseDuration } from '../core/duration.ts'
import { backtestCommand } from './backtest.ts'
import { type Cli, CommandError } from './context.ts'
import { write } from './init-files.ts'
import { runCommand } from './run-command.ts'
import { formatTable } from './table.ts'

const PROPOSAL_FILE = 'proposed-overrides.json'
const DAY_MS = 86_400_000
/** What tells at least so often is looked at. */
const NOISY_PER_WEEK = 1
/** One user makes the noise when so much of it is theirs. */
const SHARE_MIN = 0.6
/** A proposal ends by itself: it was made from one month. */
const EXPIRES_DAYS = 90

export type NoiseAlert = {
  readonly rule: string
  readonly severity: string
  readonly user: string | undefined
}

export type RuleNoise = {
  readonly rule: string
  readonly severity: string
  readonly alerts: number
  readonly perWeek: number
  /** Who makes most of it, where one does. */
  readonly user?: string
}

/** Throws a CommandError when the log can't be read. */
export async function tellNoise(cli: Cli, history: string): Promise<void> {
  const days = (parseDuration(history) ?? 0) / DAY_MS
  if (days <= 0) throw new CommandError(2, `--history ${history} is no duration`, 'write it as 30d')
  let text = ''
  const captured = { ...cli, stdout: { write: (part: string) => (text += part) } }
  await runCommand(captured, backtestCommand, ['--json', 'backtest', '--from', history])
  const noise = countNoise(alertsOf(text), days)
  if (noise.length === 0) {
    cli.stdout.write('no rule would have told anything\n')
    return
  }
  const rows = noise.map(({ rule, severity, alerts, perWeek, user }) => [
    rule,
    severity,
    String(alerts),
    perWeek.toFixed(1),
    user === undefined ? '' : visibleText(user),
  ])
  cli.stdout.write(
    formatTable([['RULE', 'SEVERITY', 'ALERTS', 'PER WEEK', 'MOSTLY BY'], ...rows], cli.stdout),
  )
  const proposal = propose(noise, cli.clock.now())
  const count = Object.keys(proposal).length
  if (count === 0) return
  await write(join(cli.cwd, PROPOSAL_FILE), `${JSON.stringify(proposal, null, 2)}\n`)
  cli.stdout.write(
    `${PROPOSAL_FILE} has exceptions for ${count} of them: review it; what is right goes into a folder of rules as _overrides.json\n`,
  )
}

function alertsOf(text: string): readonly NoiseAlert[] {
  const result: unknown = JSON.parse(text)
  const alerts: unknown = isObject(result) ? result['alerts'] : undefined
  if (!Array.isArray(alerts)) return []
  return alerts.flatMap((alert: unknown) => {
    if (!isObject(alert)) return []
    const group = isObject(alert['group']) ? alert['group'] : {}
    const user = group['user']
    return [
      {
        rule: String(alert['rule']),
        severity: String(alert['severity']),
        user: typeof user === 'string' ? user : undefined,
      },
    ]
  })
}

/** By rule, the loudest first. */
export function countNoise(alerts: readonly NoiseAlert[], days: number): readonly RuleNoise[] {
  const byRule = groupBy(alerts, ({ rule }) => rule)
  return [...byRule]
    .map(([rule, own]) => {
      const byUser = groupBy(own, ({ user }) => user)
      const [user, most] = [...byUser].sort(([, a], [, b]) => b.length - a.length)[0] ?? []
      const isOne =
        user !== undefined && user !== 'unknown' && (most?.length ?? 0) >= SHARE_MIN * own.length
      const severity = own[0]?.severity ?? 'info'
      const perWeek = (own.length * 7) / days
      return { rule, severity, alerts: own.length, perWeek, ...(isOne && { user }) }
    })
    .sort((a, b) => b.alerts - a.alerts || (a.rule < b.rule ? -1 : 1))
}

/** Content of a file of overrides: an exception for each rule that one user makes noisy. */
export function propose(
  noise: readonly RuleNoise[],
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const expires = new Date(nowMs + EXPIRES_DAYS * DAY_MS).toISOString().slice(0, 10)
  return Object.fromEntries(
    noise.flatMap(({ rule, perWeek, user }) => {
      if (perWeek < NOISY_PER_WEEK || user === undefined) return []
      const conditions = { all: [{ fact: 'user', operator: 'equal', value: user }] }
      const name = `${perWeek.toFixed(1)} alerts a week before the start: is this their work?`
      return [[rule, { exceptions: [{ name, expires, conditions }] }]]
    }),
  )
}

function groupBy<T, K>(list: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of list) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

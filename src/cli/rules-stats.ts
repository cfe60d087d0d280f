// Owns what `tocsin rules list --stats` shows: what each rule did lately, and the slowest first.
import { formatDuration, parseDuration } from '../core/duration.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleCounts, RuleStats } from '../state/stores.ts'
import { type Cli, CommandError } from './context.ts'
import { withStores } from './open-state.ts'
import type { LoadedRules } from './rules-load.ts'
import { formatTable } from './table.ts'

/** Statistics are kept by the hour for a week and a day. */
const WITHIN_MS_MAX = 7 * 86_400_000

export type AskedStats = { readonly withinMs: number; readonly stats: RuleStats }

/** Statistics of the last `within` (`24h`, `7d`). Throws a CommandError. */
export async function readRuleStats(
  cli: Cli,
  settings: Pick<LoadedRules, 'config' | 'log'>,
  within: string,
): Promise<AskedStats> {
  const withinMs = parseDuration(within)
  if (withinMs === undefined || withinMs > WITHIN_MS_MAX) {
    const remedy = 'expected a duration up to 7d, such as 24h'
    throw new CommandError(2, `--within: found ${JSON.stringify(within)}`, remedy)
  }
  const now = cli.clock.now()
  const stats = await withStores(settings, cli, ({ ruleStats }) =>
    ruleStats.read({ from: now - withinMs, to: now + 1 }),
  )
  return { withinMs, stats }
}

/** What a rule did, as `--json` prints it; zeros when it did nothing. */
export function statsOf({ events, rules }: RuleStats, id: string) {
  const counts = rules.get(id)
  return {
    matches: counts?.matches ?? 0,
    detections: counts?.detections ?? 0,
    alerts: counts?.alerts ?? 0,
    notCounted: counts?.notCounted ?? {},
    microsecondsPerEvent: counts === undefined ? 0 : microsPerEvent(counts, events),
    lastMatch:
      counts?.lastMatchAt === undefined ? null : new Date(counts.lastMatchAt).toISOString(),
  }
}

function microsPerEvent({ micros }: RuleCounts, events: number): number {
  return events === 0 ? 0 : Number((micros / events).toFixed(3))
}

const HEAD = ['ID', 'MATCHES', 'DETECTIONS', 'ALERTS', 'µS/EVENT', 'LAST MATCH', 'NOT COUNTED']

/** The slowest rules first; then those that matched most. */
export function writeRuleStats(cli: Cli, rules: readonly Rule[], asked: AskedStats): void {
  const { stats, withinMs } = asked
  const rows = rules
    .map(({ id }) => ({ id, ...statsOf(stats, id) }))
    .sort(
      (a, b) =>
        b.microsecondsPerEvent - a.microsecondsPerEvent ||
        b.matches - a.matches ||
        (a.id < b.id ? -1 : 1),
    )
    .map((row) => [
      row.id,
      String(row.matches),
      String(row.detections),
      String(row.alerts),
      row.microsecondsPerEvent === 0 ? '-' : row.microsecondsPerEvent.toFixed(2),
      row.lastMatch?.replace(/\.\d+Z$/, 'Z') ?? '-',
      reasonsOf(row.notCounted),
    ])
  cli.stdout.write(formatTable([HEAD, ...rows], cli.stdout))
  const events = stats.events.toLocaleString('en')
  const span = formatDuration(withinMs)
  cli.stdout.write(`${events} events in the last ${span}, all evaluators together\n`)
}

/** `3 late, 1 no-group`, the most frequent first. */
function reasonsOf(notCounted: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(notCounted).sort(([, a], [, b]) => b - a)
  return reasons.length === 0
    ? '-'
    : reasons.map(([reason, count]) => `${count} ${reason}`).join(', ')
}

// Owns `tocsin rules list`: a table of the rules that load, and whether each one runs.
import { Command } from 'commander'
import { isRunning, type Rule } from '../core/rule.ts'
import type { Cli } from './context.ts'
import { counted, loadRules } from './rules-load.ts'
import { readRuleStats, statsOf, writeRuleStats } from './rules-stats.ts'
import { formatTable } from './table.ts'

export type RuleState = 'running' | 'off'

export function rulesListCommand(cli: Cli): Command {
  return new Command('list')
    .description('table of the rules')
    .option('--stats', 'what each rule did lately and what it costs, the slowest first')
    .option('--within <duration>', 'with --stats: the last hours or days, up to 7d', '24h')
    .addHelpText(
      'after',
      '\nState: running, or off (disabled).\n\nµS/EVENT: what a rule would take if it were asked about every event, from a sample. The index spares most of it.\n\nExample:\n  tocsin rules list --json\n  tocsin rules list --stats --within 7d',
    )
    .action(async (options: { stats?: boolean; within: string }, command: Command) => {
      const loaded = await loadRules(cli, command)
      const { ruleSet, problems, json } = loaded
      const errors = problems.filter(({ level }) => level === 'error').length
      if (errors > 0) {
        const what = counted(errors, 'error')
        cli.stderr.write(`${what} in the rules, see tocsin rules validate\n`)
      }
      const asked = options.stats ? await readRuleStats(cli, loaded, options.within) : undefined
      if (json) {
        const rules = ruleSet.all.map((rule) => {
          return { ...describeRule(rule), ...(asked && { stats: statsOf(asked.stats, rule.id) }) }
        })
        const events = asked && { events: asked.stats.events, within: options.within }
        cli.stdout.write(`${JSON.stringify({ version: ruleSet.version, ...events, rules })}\n`)
        return
      }
      if (asked) {
        writeRuleStats(cli, ruleSet.all, asked)
        return
      }
      const rows = ruleSet.all.map((rule) => [
        rule.id,
        rule.severity,
        rule.status,
        ruleState(rule),
        rule.title,
      ])
      const head = ['ID', 'SEVERITY', 'STATUS', 'STATE', 'TITLE']
      cli.stdout.write(formatTable([head, ...rows], cli.stdout))
    })
}

export function ruleState(rule: Rule): RuleState {
  return isRunning(rule) ? 'running' : 'off'
}

function describeRule(rule: Rule) {
  const { id, title, severity, status, tags, detect, tests } = rule
  return {
    id,
    title,
    severity,
    status,
    state: ruleState(rule),
    detect: detect?.kind ?? null,
    tags,
    tests: tests.length,
  }
}

// Owns `tocsin rules list`: a table of the rules that load, and whether each one runs.
import { Command } from 'commander'
import { isRunning, type Rule } from '../core/rule.ts'
import type { Cli } from './context.ts'
import { counted, loadRules } from './rules-load.ts'
import { formatTable } from './table.ts'

export type RuleState = 'running' | 'waiting' | 'off'

export function rulesListCommand(cli: Cli): Command {
  return new Command('list')
    .description('table of the rules')
    .addHelpText(
      'after',
      '\nState: running, off (disabled), or waiting (its kind of "detect" is read and checked but not yet active).\n\nExample:\n  tocsin rules list --json',
    )
    .action(async (_options: unknown, command: Command) => {
      const { ruleSet, problems, json } = await loadRules(cli, command)
      const errors = problems.filter(({ level }) => level === 'error').length
      if (errors > 0) {
        const what = counted(errors, 'error')
        cli.stderr.write(`${what} in the rules, see tocsin rules validate\n`)
      }
      if (json) {
        const rules = ruleSet.all.map(describeRule)
        cli.stdout.write(`${JSON.stringify({ version: ruleSet.version, rules })}\n`)
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
  if (rule.status === 'disabled') return 'off'
  return isRunning(rule) ? 'running' : 'waiting'
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

// Owns `tocsin rules test`: runs the tests inside rules and says which failed and how.
import { Command } from 'commander'
import { createCalendar } from '../core/calendar.ts'
import { formatProblem } from '../core/problem.ts'
import { type RuleTestResult, runRuleTests } from '../rule-tests.ts'
import { openData } from './address-data.ts'
import { type Cli, CommandError } from './context.ts'
import { counted, loadRules } from './rules-load.ts'

export function rulesTestCommand(cli: Cli): Command {
  return new Command('test')
    .description('run the tests inside rules, through the same pipeline as production')
    .argument('[path...]', 'files or folders of rules; default: the configured ones')
    .addHelpText('after', '\nExample:\n  tocsin rules test rules/ionos-user-created.json')
    .action(async (paths: string[], _options: unknown, command: Command) => {
      const loaded = await loadRules(cli, command, paths)
      const { ruleSet, config, json, isAsked } = loaded
      const errors = loaded.problems.filter(
        (problem) => problem.level === 'error' && isAsked(problem.file ?? ''),
      )
      for (const problem of errors) cli.stderr.write(`${formatProblem(problem)}\n`)
      const calendar = createCalendar(config.timezone)
      const { lookUp } = await openData(cli, config)
      const results: RuleTestResult[] = []
      for (const rule of ruleSet.rules.filter(({ id }) => isAsked(ruleSet.fileOf(id)))) {
        cli.signal.throwIfAborted()
        results.push(...(await runRuleTests(rule, ruleSet, calendar, lookUp)))
      }
      report(cli, results, json)
      const failed = results.filter((result) => !result.passed).length
      if (failed > 0 || errors.length > 0) throw new CommandError(1, '')
    })
}

function report(cli: Cli, results: readonly RuleTestResult[], json: boolean): void {
  const failed = results.filter((result) => !result.passed)
  if (json) {
    const passed = results.length - failed.length
    cli.stdout.write(`${JSON.stringify({ passed, failed: failed.length, results })}\n`)
    return
  }
  for (const { rule, test, failures } of failed) {
    cli.stdout.write(`✗ ${rule}: ${test}\n`)
    for (const failure of failures) cli.stdout.write(`    ${failure}\n`)
  }
  const rules = new Set(results.map((result) => result.rule)).size
  const summary = `${counted(results.length, 'test')} of ${counted(rules, 'rule')}`
  cli.stdout.write(
    `${summary}: ${results.length - failed.length} passed, ${failed.length} failed\n`,
  )
}

// Owns `tocsin rules validate`: every problem of every file, with its place.
import { Command } from 'commander'
import { formatProblem } from '../core/problem.ts'
import { type Cli, CommandError } from './context.ts'
import { counted, type LoadedRules, loadRules } from './rules-load.ts'

export function rulesValidateCommand(cli: Cli): Command {
  return new Command('validate')
    .description('check rules, lists and shared conditions; exit 1 when one of them is bad')
    .argument('[path...]', 'folders or files (default: the configured folders)')
    .option('--strict', 'exit 1 on warnings, too')
    .addHelpText(
      'after',
      '\nPrints file:line:column: /json/pointer: what is wrong, for all problems at once.\n\nExample:\n  tocsin rules validate rules --strict',
    )
    .action(async (paths: string[], options: { strict?: boolean }, command: Command) => {
      const loaded = await loadRules(cli, command, paths)
      report(cli, loaded)
      const bad = problemsOf(loaded).some(({ level }) => options.strict || level === 'error')
      if (bad) throw new CommandError(1, '')
    })
}

function problemsOf({ problems, isAsked }: LoadedRules): LoadedRules['problems'] {
  return problems.filter(({ file }) => file === undefined || isAsked(file))
}

function report(cli: Cli, loaded: LoadedRules): void {
  const problems = problemsOf(loaded)
  const { all } = loaded.ruleSet
  if (loaded.json) {
    cli.stdout.write(`${JSON.stringify({ rules: all.length, problems })}\n`)
    return
  }
  for (const problem of problems) cli.stdout.write(`${formatProblem(problem)}\n`)
  const errors = problems.filter(({ level }) => level === 'error').length
  const warnings = problems.length - errors
  const found = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ]
  const verdict = found.length === 0 ? 'no problems' : found.join(', ')
  cli.stdout.write(`${counted(all.length, 'rule')}, ${verdict}\n`)
}

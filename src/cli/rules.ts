// Owns `tocsin rules`: the list of its sub-commands, one file each.
import { Command } from 'commander'
import type { Cli } from './context.ts'
import { rulesCoverageCommand } from './rules-coverage.ts'
import { rulesExplainCommand } from './rules-explain.ts'
import { rulesListCommand } from './rules-list.ts'
import { rulesNewCommand } from './rules-new.ts'
import { rulesPromoteCommand } from './rules-promote.ts'
import { rulesTestCommand } from './rules-test.ts'
import { rulesValidateCommand } from './rules-validate.ts'

const COMMANDS = [
  rulesValidateCommand,
  rulesTestCommand,
  rulesListCommand,
  rulesNewCommand,
  rulesExplainCommand,
  rulesCoverageCommand,
  rulesPromoteCommand,
]

export function rulesCommand(cli: Cli): Command {
  const command = new Command('rules')
    .description('check, list, make and explain rules')
    .addHelpText('after', '\nExample:\n  tocsin rules validate --strict')
  for (const create of COMMANDS) command.addCommand(create(cli))
  return command
}

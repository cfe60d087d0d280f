// Owns `tocsin alerts`: the list of its sub-commands, one file each.
import { Command } from 'commander'
import { alertsAckCommand, alertsCommentCommand, alertsResolveCommand } from './alerts-act.ts'
import { alertsListCommand } from './alerts-list.ts'
import { alertsShowCommand } from './alerts-show.ts'
import type { Cli } from './context.ts'

const COMMANDS = [
  alertsListCommand,
  alertsShowCommand,
  alertsAckCommand,
  alertsResolveCommand,
  alertsCommentCommand,
]

export function alertsCommand(cli: Cli): Command {
  const command = new Command('alerts')
    .description('list, show, acknowledge, resolve and comment alerts')
    .addHelpText('after', '\nExample:\n  tocsin alerts list --state open --severity ">=high"')
  for (const create of COMMANDS) command.addCommand(create(cli))
  return command
}

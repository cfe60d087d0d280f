// Owns `tocsin deliveries`: the list of its sub-commands, one file each.
import { Command } from 'commander'
import type { Cli } from './context.ts'
import { deliveriesListCommand } from './deliveries-list.ts'
import { deliveriesRetryCommand } from './deliveries-retry.ts'

export function deliveriesCommand(cli: Cli): Command {
  return new Command('deliveries')
    .description('messages that wait or could not be delivered, and sending them again')
    .addHelpText('after', '\nExample:\n  tocsin deliveries list --receiver slack --state dead')
    .addCommand(deliveriesListCommand(cli))
    .addCommand(deliveriesRetryCommand(cli))
}

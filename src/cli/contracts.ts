// Owns `tocsin contracts`: the contracts the credentials reach.
import { Command } from 'commander'
import { patiently } from '../source/patient.ts'
import { commandPatience, withClient } from './api-calls.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

export function contractsCommand(cli: Cli): Command {
  return new Command('contracts')
    .description('the contracts the credentials reach')
    .addHelpText(
      'after',
      '\nPrints one contract number per line.\n\nExample:\n  IONOS_TOKEN=… tocsin contracts',
    )
    .action(async (_options: unknown, command: Command) => {
      const { config, json } = await readSettings(cli, command)
      const contracts = await withClient(config, cli, async (client) => {
        const call = async () => await client.contracts(cli.signal)
        return await patiently(call, commandPatience(config, cli), cli.signal)
      })
      if (json) {
        cli.stdout.write(`${JSON.stringify({ contracts })}\n`)
        return
      }
      for (const contract of contracts) cli.stdout.write(`${contract}\n`)
      if (contracts.length > 0) return
      throw new CommandError(
        1,
        'the credentials reach no contract',
        'check which user the token belongs to',
      )
    })
}

// Owns `tocsin deliveries retry`: what was given up goes back on its receiver's queue.
import { Command } from 'commander'
import { type Cli, CommandError } from './context.ts'
import { chosenQueues, withDeliveryQueues } from './open-deliveries.ts'
import { readSettings } from './settings.ts'

type Options = { readonly receiver?: string; readonly all?: boolean }

export function deliveriesRetryCommand(cli: Cli): Command {
  return new Command('retry')
    .description('send what was given up again, as new: tried for a whole maxAge')
    .argument('[ids...]', 'deliveries, as `deliveries list --json` names them')
    .option('--receiver <name>', 'only those of one receiver')
    .option('--all', 'all dead ones')
    .addHelpText('after', '\nExample:\n  tocsin deliveries retry --all --receiver slack')
    .action(async (ids: string[], options: Options, command: Command) => {
      const settings = await readSettings(cli, command)
      if ((ids.length === 0) === (options.all !== true)) {
        const remedy = 'name deliveries, or say --all (perhaps with --receiver)'
        throw new CommandError(2, 'which deliveries?', remedy)
      }
      const wanted = options.all === true ? 'all' : ids
      const retried = await withDeliveryQueues(settings, cli, async (queues) => {
        const chosen = chosenQueues(queues, options.receiver)
        const found = await Promise.all(
          chosen.map(async (queue) => {
            const done = await queue.retryDead(wanted, cli.clock.now())
            return done.map((id) => ({ receiver: queue.receiver, id }))
          }),
        )
        return found.flat()
      })
      report(cli, retried, settings.json)
      const missing = ids.filter((id) => !retried.some((one) => one.id === id))
      if (missing.length > 0) {
        const remedy = '`tocsin deliveries list --state dead` shows which are'
        throw new CommandError(1, `not among the dead ones: ${missing.join(', ')}`, remedy)
      }
    })
}

function report(
  { stdout }: Cli,
  retried: readonly { readonly receiver: string; readonly id: string }[],
  json: boolean,
): void {
  if (json) {
    stdout.write(`${JSON.stringify({ retried })}\n`)
    return
  }
  const { length } = retried
  stdout.write(`${length} ${length === 1 ? 'delivery is' : 'deliveries are'} sent again\n`)
}

// Owns `tocsin send-test`: a marked test message to a receiver of the configuration.
import { Command } from 'commander'
import { openReceiver } from '../open-delivery.ts'
import { sampleNotification } from '../notify/sample.ts'
import { DeliveryError } from '../notify/receiver.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

export function sendTestCommand(cli: Cli): Command {
  return new Command('send-test')
    .description('send a marked test message to a receiver')
    .argument('[receiver]', 'its name; may be left out when there is only one')
    .addHelpText(
      'after',
      '\nExample:\n  SLACK_WEBHOOK_URL=https://hooks.slack.com/… tocsin send-test slack',
    )
    .action(async (asked: string | undefined, _options: unknown, command: Command) => {
      const { config, log, json } = await readSettings(cli, command)
      const names = config.receivers.map((receiver) => receiver.name)
      const name = chooseReceiver(asked, names)
      const { stdout, clock, signal } = cli
      const output = { write: (text: string) => stdout.write(text), colour: stdout.isTTY === true }
      const receiver = openReceiver(name, { config, clock, log, output })
      try {
        await receiver.send(sampleNotification(name, clock, config.timezone), signal)
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        if (json)
          stdout.write(`${JSON.stringify({ receiver: name, sent: false, reason: error.reason })}\n`)
        throw new CommandError(
          3,
          `${name} did not take the message: ${error.message}`,
          remedyFor(error),
          error,
        )
      } finally {
        await receiver.close()
      }
      stdout.write(
        json
          ? `${JSON.stringify({ receiver: name, sent: true })}\n`
          : `${name} took the test message\n`,
      )
    })
}

function chooseReceiver(asked: string | undefined, names: readonly string[]): string {
  const [only] = names
  if (only === undefined) {
    throw new CommandError(
      2,
      'no receiver is configured',
      'set SLACK_WEBHOOK_URL, or SMTP_URL with ALERT_EMAIL_TO and ALERT_EMAIL_FROM',
    )
  }
  if (asked === undefined && names.length === 1) return only
  if (asked !== undefined && names.includes(asked)) return asked
  const what = asked === undefined ? 'which receiver?' : `there is no receiver ${asked}`
  throw new CommandError(2, what, `receivers are ${names.join(', ')}`)
}

function remedyFor({ reason }: DeliveryError): string {
  if (reason === 'unauthorized' || reason === 'refused') return 'check its address and credentials'
  if (reason === 'rate-limited') return 'wait, then try again'
  return 'check its address and the network (HTTPS_PROXY, firewall), then try again'
}

// Owns `tocsin init`: from nothing to a configuration that works, with the noise known beforehand.
// What is asked: init-answers.ts; what is written: init-files.ts; the noise: init-noise.ts.
import { Command } from 'commander'
import { type Cli, CommandError } from './context.ts'
import { contractsCommand } from './contracts.ts'
import { doctorCommand } from './doctor.ts'
import { type Answers, askAll, type InitOptions } from './init-answers.ts'
import { writeFiles } from './init-files.ts'
import { tellNoise } from './init-noise.ts'
import { runCommand } from './run-command.ts'
import { sendTestCommand } from './send-test.ts'

const HELP = `
Asks on a terminal; elsewhere, and with --yes, it takes flags and variables and asks nothing.
Secrets are never flags: IONOS_TOKEN, SLACK_WEBHOOK_URL and SMTP_URL stay variables, and what is typed
goes into files that only you can read. It writes tocsin.config.json, adds to the lists of rules in
rules/_lists, asks doctor, sends a marked test message, and reads the log of the last 30 days to say
which rules would have told how often. What to do about those that tell too much is proposed in
proposed-overrides.json: nothing of it is in effect before you put it there.

Example:
  tocsin init
  IONOS_TOKEN=… SLACK_WEBHOOK_URL=… tocsin init --yes --timezone Europe/Berlin --offices 203.0.113.0/24`

export function initCommand(cli: Cli): Command {
  return new Command('init')
    .description('set everything up: token, receiver, lists, and how noisy the rules would be')
    .option('--yes', 'ask nothing: flags, variables and defaults')
    .option('--force', 'write over a configuration that is there')
    .option('--timezone <zone>', 'such as Europe/Berlin (default: that of this machine)')
    .option('--offices <networks>', 'networks of your offices and VPN, with commas')
    .option('--programs <names>', 'login names of Terraform, CI and other programs, with commas')
    .option('--administrators <names>', 'login names of administrators, with commas')
    .option('--mail-to <addresses>', 'who gets mail, with commas; needs SMTP_URL')
    .option('--mail-from <address>', 'whom mail comes from')
    .option('--history <duration>', 'how far back the noise is looked for', '30d')
    .option('--no-history', 'do not look')
    .option('--no-test-message', 'send no test message')
    .addHelpText('after', HELP)
    .action(async (options: InitOptions) => {
      const answers = await askAll(cli, options)
      const { config, lists } = await writeFiles(cli, answers, options.force === true)
      for (const line of [`wrote ${config}`, ...lists]) cli.stdout.write(`${line}\n`)
      await check(cli, answers, options)
    })
}

/** Each step tells its own failure and the next ones go on: a wrong webhook hides no wrong token. */
async function check(cli: Cli, answers: Answers, options: InitOptions): Promise<void> {
  const failures: string[] = []
  const step = async (title: string, work: () => Promise<unknown>) => {
    cli.stdout.write(`\n${title}\n`)
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof CommandError) || cli.signal.aborted) throw error
      if (error.message !== '') cli.stdout.write(`  ${error.message}\n`)
      if (error.remedy !== undefined) cli.stdout.write(`  → ${error.remedy}\n`)
      failures.push(title)
      return false
    }
  }
  const reached = await step('Contracts the token reaches', () =>
    runCommand(cli, contractsCommand, ['contracts']),
  )
  await step('Doctor', () => runCommand(cli, doctorCommand, ['doctor']))
  if (options.testMessage !== false) {
    for (const receiver of answers.receivers.map(({ name }) => name)) {
      await step(`Test message to ${receiver}`, () =>
        runCommand(cli, sendTestCommand, ['send-test', receiver]),
      )
    }
  }
  const { history } = options
  if (reached && typeof history === 'string') {
    await step(`Noise of the last ${history}`, () => tellNoise(cli, history))
  }
  if (failures.length === 0) cli.stdout.write('\nReady: tocsin serve\n')
  else
    throw new CommandError(
      1,
      `not yet right: ${failures.join(', ')}`,
      'mend it, then run tocsin doctor',
    )
}

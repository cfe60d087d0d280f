// Owns the list of commands and what all of them share. Each command is a file of its own.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { alertsCommand } from './alerts.ts'
import { backtestCommand } from './backtest.ts'
import type { Cli } from './context.ts'
import { contractsCommand } from './contracts.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { fetchCommand } from './fetch.ts'
import { matchCommand } from './match.ts'
import { redisCommand } from './redis.ts'
import { routesCommand } from './routes.ts'
import { rulesCommand } from './rules.ts'
import { sendTestCommand } from './send-test.ts'
import { serveCommand } from './serve.ts'
import { silencesCommand } from './silences.ts'
import { simulateCommand } from './simulate.ts'

const COMMANDS = [
  serveCommand,
  demoCommand,
  doctorCommand,
  sendTestCommand,
  alertsCommand,
  silencesCommand,
  routesCommand,
  rulesCommand,
  matchCommand,
  backtestCommand,
  fetchCommand,
  contractsCommand,
  simulateCommand,
  redisCommand,
]

/** The whole command line; wrong use is written to stderr and thrown as a CommanderError. */
export function createProgram(cli: Cli): Command {
  const program = new Command('tocsin')
    .description('Turns the IONOS Cloud Activity Log into security alerts that people trust.')
    .version(readVersion())
    .option('--config <file>', 'configuration file (default: tocsin.config.json, if there is one)')
    .option('--rules <dir>', 'folder of rules; may be given several times', collect)
    .option('--json', 'machine-readable output on stdout; logs go to stderr')
    .option('--quiet', 'only warnings and errors')
    .addHelpText(
      'after',
      '\nExample:\n  IONOS_TOKEN=… SLACK_WEBHOOK_URL=… tocsin serve\n\nExit codes: 0 fine; 1 the answer is no; 2 wrong use; 3 the outside failed.',
    )
  for (const createCommand of COMMANDS) program.addCommand(createCommand(cli))
  for (const command of [program, ...allCommands(program)]) {
    command
      .exitOverride()
      .showHelpAfterError('(add --help for usage and an example)')
      .configureOutput({
        writeOut: (text) => void cli.stdout.write(text),
        writeErr: (text) => void cli.stderr.write(text),
      })
  }
  return program
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)])
}

function readVersion(): string {
  const path = join(import.meta.dirname, '../../package.json')
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}

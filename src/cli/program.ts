// Owns what all commands share, and which of them are loaded. The list: commands.ts; each command is
// a file of its own.
import { Command } from 'commander'
import { readVersion } from '../installation.ts'
import { COMMANDS, type CommandEntry } from './commands.ts'
import type { Cli } from './context.ts'

/** Global options that are followed by a value. */
const WITH_VALUE: readonly string[] = ['--config', '--rules']

/**
 * The command line for these words: commands that they don't name are only listed. Without words
 * all are loaded. Wrong use is written to stderr and thrown as a CommanderError.
 */
export async function createProgram(cli: Cli, argv?: readonly string[]): Promise<Command> {
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
  const named = argv === undefined ? undefined : wordsOf(argv)
  for (const entry of COMMANDS) {
    const isAsked = named === undefined || named.has(entry.name)
    program.addCommand(isAsked ? (await entry.load())(cli) : listed(entry))
  }
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

/** Any word may be the command (`tocsin help match`), but for values of options before it. */
function wordsOf(argv: readonly string[]): ReadonlySet<string> {
  return new Set(argv.filter((_, at) => !WITH_VALUE.includes(argv[at - 1] ?? '')))
}

/** As much of a command as the list of all shows. */
function listed({ name, description }: CommandEntry): Command {
  return new Command(name).description(description).usage('[options]')
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)])
}

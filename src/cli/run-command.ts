// Owns running a command from inside another: as if it was typed, in the same folder and environment.
import { Command } from 'commander'
import type { Cli } from './context.ts'

export async function runCommand(
  cli: Cli,
  createCommand: (cli: Cli) => Command,
  words: readonly string[],
): Promise<void> {
  const program = new Command('tocsin').option('--json').option('--quiet').exitOverride()
  await program
    .addCommand(createCommand(cli).exitOverride())
    .parseAsync([...words], { from: 'user' })
}

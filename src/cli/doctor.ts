// Owns `tocsin doctor`: one line per thing that has to work: ok, warning or bad, and what to do.
import { Command } from 'commander'
import { checkAll } from '../doctor.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'

const COLOURS = { ok: '\u001b[32m', warning: '\u001b[33m', bad: '\u001b[31m' }

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('check everything the service needs; each line says what to do')
    .addHelpText(
      'after',
      '\nExample:\n  IONOS_TOKEN=… tocsin doctor\n\nExits with 1 when a line is bad.',
    )
    .action(async (_options: unknown, command: Command) => {
      const { config, log, json } = await readSettings(cli, command)
      const findings = []
      for await (const finding of checkAll({ config, clock: cli.clock, log, signal: cli.signal })) {
        findings.push(finding)
        if (!json) {
          const colour = cli.stdout.isTTY ? COLOURS[finding.state] : ''
          const reset = cli.stdout.isTTY ? '\u001b[0m' : ''
          const state = `${colour}${finding.state.padEnd(7)}${reset}`
          cli.stdout.write(`${state}  ${finding.name.padEnd(14)}  ${finding.message}\n`)
          if (finding.remedy !== undefined)
            cli.stdout.write(`${' '.repeat(25)}→ ${finding.remedy}\n`)
        }
      }
      if (json) cli.stdout.write(`${JSON.stringify({ findings })}\n`)
      if (findings.some((finding) => finding.state === 'bad')) throw new CommandError(1, '')
    })
}

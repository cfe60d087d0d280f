// Owns `tocsin serve`: the service against the real API, until it is told to stop.
import { setFlagsFromString } from 'node:v8'
import { Command } from 'commander'
import { type Role, ROLES, startApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { ReceiverConfig } from '../config-receivers.ts'
import { PORT_DEFAULT } from '../http/http-config.ts'
import type { Log } from '../observe/log.ts'
import { type Cli, CommandError } from './context.ts'
import { readSettings } from './settings.ts'
import { explainStart } from './start-error.ts'

/**
 * V8 lets what lives long grow to several times of what is in use before it collects, on a machine with
 * much memory all the more: an evaluator with 1,000 rules took 344 to 357 MB, and 203 to 247 MB so.
 */
const HEAP_GROWTH_PERCENT = 40

export function serveCommand(cli: Cli): Command {
  return new Command('serve')
    .description('run the service: read the Activity Log, raise alerts, tell receivers')
    .option('--only <parts>', `run only some parts, separated by commas: ${ROLES.join(', ')}`)
    .addHelpText(
      'after',
      '\nExample:\n  IONOS_TOKEN=… SLACK_WEBHOOK_URL=https://hooks.slack.com/… tocsin serve',
    )
    .action(async (options: { only?: string }, command: Command) => {
      const { config, log } = await readSettings(cli, command)
      const roles = parseRoles(options.only)
      if (roles.has('read') && config.ionos.credentials === undefined) {
        throw new CommandError(
          2,
          'there are no credentials for the Activity Log',
          'set IONOS_TOKEN (or IONOS_USERNAME and IONOS_PASSWORD), or try `tocsin demo` first',
        )
      }
      const onConsole = (address: string) => tellConsole(address, config, log)
      await serve(cli, { config: withReceivers(config, log), roles, log, onConsole })
    })
}

type Serving = {
  readonly config: Config
  readonly roles: ReadonlySet<Role>
  readonly log: Log
  /** Told where the console is, once it is there. */
  readonly onConsole: (address: string) => void
}

/** Runs the service until the signal, then stops it. */
export async function serve(cli: Cli, { config, roles, log, onConsole }: Serving): Promise<void> {
  const { clock, signal, stdout } = cli
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`)
  const output = { write: (text: string) => stdout.write(text), colour: stdout.isTTY === true }
  const options = { config, roles, clock, log, output, signal, random: Math.random }
  const app = await startApp(options).catch((error: unknown) => {
    throw explainStart(error, signal)
  })
  if (app.httpAddress !== undefined) onConsole(app.httpAddress)
  await untilAborted(signal)
  log.info({}, 'stopping')
  await app.stop()
  log.info({}, 'stopped')
}

function tellConsole(address: string, { http }: Config, log: Log): void {
  // The name `url` would be taken for a secret.
  log.info({ console: http.publicUrl ?? address }, 'the console is at this address')
  const isMoved = http.port === undefined && !address.endsWith(`:${PORT_DEFAULT}`)
  if (isMoved) log.warn({}, `port ${PORT_DEFAULT} is in use by another program: set PORT to choose`)
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Without a receiver alerts are printed, so that nobody takes silence for safety. */
function withReceivers(config: Config, log: Log): Config {
  if (config.receivers.length > 0) return config
  log.warn(
    {},
    'no receiver is configured: alerts are printed here; set SLACK_WEBHOOK_URL or SMTP_URL',
  )
  const stdout: ReceiverConfig = {
    name: 'stdout',
    type: 'stdout',
    config: {},
    paceMs: 0,
    ageMaxMs: 86_400_000,
    budget: 'off',
    stateful: false,
    readBy: 'people',
  }
  // Routes to receivers that are not there lead nowhere.
  return { ...config, receivers: [stdout], routing: { ...config.routing, route: undefined } }
}

function parseRoles(only: string | undefined): ReadonlySet<Role> {
  if (only === undefined) return new Set(ROLES)
  const names = only.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !ROLES.some((role) => role === name))
  if (unknown !== undefined) {
    throw new CommandError(2, `--only ${unknown}: no such part`, `parts are ${ROLES.join(', ')}`)
  }
  return new Set(names as Role[])
}

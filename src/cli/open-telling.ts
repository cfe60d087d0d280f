// Owns what commands about alerts and silences share: the stores of the service, who is acting, and
// what is decided with the configuration's routes.
import type { Command } from 'commander'
import type { Actor } from '../alert-actions.ts'
import { createLog } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { openTelling, type Telling } from '../open-telling.ts'
import type { Stores } from '../state/redis.ts'
import type { Cli } from './context.ts'
import { withStores } from './open-state.ts'
import { readSettings, type Settings } from './settings.ts'

export type Opened = Settings & { readonly stores: Stores; readonly telling: Telling }

const NAME_LENGTH_MAX = 60

/** What `work` does with the running service's Redis; a service that runs sends what it leaves. */
export async function withTelling<T>(
  cli: Cli,
  command: Command,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const settings = await readSettings(cli, command)
  // What was done is the command's output; the service's own lines would only repeat it.
  const log = createLog({ level: 'warn', output: cli.stderr })
  return withStores({ ...settings, log }, cli, async (stores) => {
    const { config } = settings
    const { clock } = cli
    const announce = () => {}
    const metrics = createMetrics()
    const telling = openTelling({ config, stores, announce, clock, metrics, log })
    return work({ ...settings, log, stores, telling })
  })
}

/** Who the audit trail names: `--as`, else the user of this machine. */
export function actorOf(cli: Cli, as: string | undefined): Actor {
  const name = as?.trim() || cli.env['USER'] || cli.env['LOGNAME'] || 'unknown'
  return { by: name.slice(0, NAME_LENGTH_MAX), from: 'cli' }
}

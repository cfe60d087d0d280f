// Owns how commands get at what is known of addresses: the configured data, read once.
import type { Config } from '../config.ts'
import { type Enrichment, openEnrichment } from '../enrich/geo.ts'
import { silentLog } from '../observe/log.ts'
import type { Cli } from './context.ts'
import { explainStart } from './start-error.ts'

/** Throws a CommandError when a file of the configuration can't be used. */
export async function openData(cli: Cli, { enrich }: Pick<Config, 'enrich'>): Promise<Enrichment> {
  try {
    return await openEnrichment({ ...enrich, clock: cli.clock, log: silentLog })
  } catch (error) {
    throw explainStart(error, cli.signal)
  }
}

// Owns how commands call the Activity Log: a client, a patience that ends, errors as exit codes.
import type { Config } from '../config.ts'
import { openClient } from '../open-reader.ts'
import { createBudget } from '../source/budget.ts'
import type { ActivityLogClient } from '../source/client.ts'
import { SourceConfigError, SourceError } from '../source/errors.ts'
import type { Patience } from '../source/patient.ts'
import { type Cli, CommandError } from './context.ts'

/** Half a minute with growing waits: a person waits, so an outage should be told soon. */
const TRIES_MAX = 6

/** What only a person can mend is confirmed once and then told. */
const TRIES_MAX_HOPELESS = 2

/** Runs `work` with a client and closes it. Every failure of the API is a CommandError. */
export async function withClient<T>(
  config: Config,
  cli: Cli,
  work: (client: ActivityLogClient) => Promise<T>,
): Promise<T> {
  try {
    const { client } = openClient(config, cli.clock)
    try {
      return await work(client)
    } finally {
      await client.close()
    }
  } catch (error) {
    if (error instanceof SourceConfigError) {
      throw new CommandError(2, error.message, error.remedy, error)
    }
    if (error instanceof SourceError) throw new CommandError(3, error.message, error.hint, error)
    throw error
  }
}

/** Tries again for half a minute; `onWait` may tell the person what is waited for. */
export function commandPatience(
  config: Config,
  cli: Cli,
  onWait?: (error: SourceError, waitMs: number) => void,
): Patience {
  const { requestsPerMinuteMax } = config.ionos
  return {
    budget: createBudget({ requestsPerMinuteMax, clock: cli.clock }),
    urgency: 'hot',
    clock: cli.clock,
    // The jitter is for many readers that come back at once; a person's command is one.
    random: () => 0,
    givesUp: (error, failures) => failures >= (error.retryable ? TRIES_MAX : TRIES_MAX_HOPELESS),
    ...(onWait === undefined ? {} : { onFailure: onWait }),
  }
}

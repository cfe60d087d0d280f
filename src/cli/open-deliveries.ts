// Owns how commands reach the queues of receivers: connect, ask, let go.
import { createDeliveryQueue, type DeliveryQueue } from '../queue/delivery-queue.ts'
import { type Cli, CommandError } from './context.ts'
import { withRedis } from './open-state.ts'
import type { Settings } from './settings.ts'

/** Calls `use` with the queue of each receiver of the configuration. Throws a CommandError. */
export async function withDeliveryQueues<T>(
  settings: Settings,
  cli: Cli,
  use: (queues: readonly DeliveryQueue[]) => Promise<T>,
): Promise<T> {
  const { receivers } = settings.config
  if (receivers.length === 0) {
    const remedy = 'run it where the service runs, with the same configuration'
    throw new CommandError(2, 'no receiver is configured', remedy)
  }
  return withRedis(settings, cli, async ({ redis, keys }) => {
    const connections = { producer: redis, worker: redis, prefixOf: keys.queue }
    const queues = receivers.map(({ name }) =>
      createDeliveryQueue(name, { connections, log: settings.log }),
    )
    try {
      return await use(queues)
    } finally {
      await Promise.all(queues.map((queue) => queue.close()))
    }
  })
}

/** All queues, or the one of a receiver. Throws a CommandError for one that there is not. */
export function chosenQueues(
  queues: readonly DeliveryQueue[],
  receiver: string | undefined,
): readonly DeliveryQueue[] {
  if (receiver === undefined) return queues
  const found = queues.filter((queue) => queue.receiver === receiver)
  if (found.length > 0) return found
  const names = queues.map((queue) => queue.receiver).join(', ')
  throw new CommandError(2, `there is no receiver ${receiver}`, `receivers are ${names}`)
}

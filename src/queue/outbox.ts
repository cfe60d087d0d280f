// Owns the step from the outbox, written with the alert, to the receivers' queues or, above their
// budgets, into digests. May repeat, never skips: an item leaves it only after one of them has it.
import type { Notification } from '../core/alert.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../observe/log.ts'
import type { AlertStore, ContractStore, OutboxItem } from '../state/stores.ts'
import type { Digests, QueuedReceiver } from './digests.ts'

/** Items moved in one round trip. */
const FLUSH_BATCH_MAX = 100
/** How often what a crash left behind is looked for. */
const RECOVERY_INTERVAL_MS = 5_000

export type Outbox = {
  /** Moves all that waits for a contract. Throws when Redis is down; recovery does it later. */
  flush(contract: string): Promise<void>
  /** Flushes every contract now and then, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createOutbox(options: {
  readonly alerts: AlertStore
  readonly contracts: ContractStore
  readonly receivers: readonly QueuedReceiver[]
  readonly digests: Pick<Digests, 'admit'>
  readonly clock: Clock
  readonly log: Log
}): Outbox {
  const { alerts, contracts, digests, clock, log } = options
  const receivers = new Map(options.receivers.map((receiver) => [receiver.name, receiver]))

  const move = async (contract: string) => {
    for (;;) {
      const items = await alerts.outbox(contract, FLUSH_BATCH_MAX)
      if (items.length === 0) return
      for (const [name, notifications] of byReceiver(items)) {
        const receiver = receivers.get(name)
        if (receiver === undefined) {
          const ids = notifications.map((notification) => notification.id)
          const fields = { receiver: name, ids }
          log.error(fields, 'receiver is no longer configured: notifications dropped')
        } else await receiver.queue.publish(await digests.admit(receiver, notifications))
      }
      await alerts.clearOutbox(
        contract,
        items.map((item) => item.place),
      )
      if (items.length < FLUSH_BATCH_MAX) return
    }
  }

  /**
   * One at a time for a contract: batches that end together would all move the same items. Whoever
   * asks while one is under way gets one that begins after it.
   */
  const moving = new Map<string, Promise<void>>()
  const next = new Map<string, Promise<void>>()
  const flush = (contract: string): Promise<void> => {
    const waiting = next.get(contract)
    if (waiting !== undefined) return waiting
    const before = moving.get(contract)
    if (before === undefined) return begin(contract)
    const following = before
      .catch(() => {})
      .then(() => {
        next.delete(contract)
        return begin(contract)
      })
    next.set(contract, following)
    return following
  }
  const begin = (contract: string): Promise<void> => {
    const running = move(contract).finally(() => moving.delete(contract))
    moving.set(contract, running)
    return running
  }

  return {
    flush,
    async run(signal) {
      while (!signal.aborted) {
        try {
          for (const contract of await contracts.list()) await flush(contract)
        } catch (error) {
          log.debug({ error }, 'outbox waits for Redis')
        }
        await clock.sleep(RECOVERY_INTERVAL_MS, signal)
      }
    },
  }
}

function byReceiver(items: readonly OutboxItem[]): ReadonlyMap<string, Notification[]> {
  const groups = new Map<string, Notification[]>()
  for (const { notification } of items) {
    const group = groups.get(notification.receiver)
    if (group === undefined) groups.set(notification.receiver, [notification])
    else group.push(notification)
  }
  return groups
}

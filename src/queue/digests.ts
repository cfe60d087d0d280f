// Owns how notifications pass a receiver's budget or are gathered, and how digests get onto queues.
// May repeat, never skips: a digest is forgotten only after its queue has it.
import type { Notification } from '../core/alert.ts'
import { type Appetite, passageOf } from '../core/budget.ts'
import type { Clock } from '../core/clock.ts'
import { digestEntry } from '../core/digest.ts'
import { severityRank } from '../core/severity.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { DeliveryStore, DigestStore } from '../state/delivery-stores.ts'
import type { DeliveryQueue } from './delivery-queue.ts'

/** How often it is looked whether a digest is due. */
const CLOSE_INTERVAL_MS = 1_000

/** A receiver with the queue of what goes to it. */
export type QueuedReceiver = Appetite & { readonly name: string; readonly queue: DeliveryQueue }

export type Digests = {
  /** Those of the notifications that go to the queue one by one, the most severe first. */
  admit(
    receiver: QueuedReceiver,
    notifications: readonly Notification[],
  ): Promise<readonly Notification[]>
  /** Closes what is due and puts it on its queue. Throws when Redis is down. */
  flush(): Promise<void>
  /** Flushes now and then, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createDigests(options: {
  readonly receivers: readonly QueuedReceiver[]
  readonly digests: DigestStore
  readonly deliveries: DeliveryStore
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}): Digests {
  const { receivers, digests, deliveries, clock, metrics, log } = options

  const publishClosed = async ({ name, queue }: QueuedReceiver) => {
    for (const { number, entries, notice } of await digests.closed(name)) {
      if (notice !== undefined) {
        await queue.publish([notice])
        if (entries.length > 1) await deliveries.gathered(name, entries, clock.now(), notice.id)
        const fields = { receiver: name, notification: notice.id, gathered: entries.length }
        log.info(fields, 'what was gathered goes out in one message')
      }
      await digests.forget(name, number)
    }
  }

  const flush = async () => {
    for (const receiver of receivers) {
      await digests.closeDue(receiver, clock.now())
      await publishClosed(receiver)
    }
  }

  return {
    async admit(receiver, notifications) {
      const asked = [...notifications].sort(bySeverity).map((notification) => ({
        notification,
        passage: passageOf(notification, receiver),
      }))
      const limited = asked.filter(({ passage }) => passage !== 'always')
      if (limited.length === 0) return asked.map(({ notification }) => notification)
      const answers = await digests.admit(receiver, limited, clock.now())
      const gathered = new Set(
        limited.flatMap(({ notification }, at) =>
          answers[at] === 'gathered' ? [notification] : [],
        ),
      )
      if (gathered.size > 0) {
        const entries = [...gathered].map(digestEntry)
        await deliveries.gathered(receiver.name, entries, clock.now())
        for (const { reason } of gathered) {
          metrics.notifications.inc({ receiver: receiver.name, reason, result: 'gathered' })
        }
        const fields = { receiver: receiver.name, gathered: gathered.size }
        log.debug(fields, 'notifications are gathered into a digest')
      }
      return asked.flatMap(({ notification }) => (gathered.has(notification) ? [] : [notification]))
    },
    flush,
    async run(signal) {
      while (!signal.aborted) {
        await flush().catch((error: unknown) => log.debug({ error }, 'digests wait for Redis'))
        await clock.sleep(CLOSE_INTERVAL_MS, signal)
      }
    },
  }
}

/** Of those that come together the worst use up the budget first. */
function bySeverity(a: Notification, b: Notification): number {
  return severityRank(b.alert.severity) - severityRank(a.alert.severity)
}

// Owns telling the others when a receiver was not told: one alert of the system a receiver, open
// until nothing of it is dead any more. Who hears of it is the routes' matter (core/route-failing.ts).
import { alertName } from './core/alert.ts'
import type { Clock } from './core/clock.ts'
import { isDigest, type Notice } from './core/digest.ts'
import { SYSTEM_CONTRACT } from './core/system-rule.ts'
import type { DeliveryError } from './notify/receiver.ts'
import type { Log } from './observe/log.ts'
import type { DeliveryQueue } from './queue/delivery-queue.ts'
import type { SystemAlerts } from './system-alerts.ts'

const RULE = 'tocsin-delivery-failed'

export type DeliveryFailures = {
  /** A notice was given up. Throws when the store does: then the notice is tried again. */
  dead(notice: Notice, error: DeliveryError): Promise<void>
  /** A receiver took a notice; when that was the last of its dead ones, the alert is over. */
  delivered(notice: Notice): void
}

export function createDeliveryFailures(options: {
  readonly system: SystemAlerts
  readonly queues: ReadonlyMap<string, Pick<DeliveryQueue, 'counts'>>
  readonly clock: Clock
  readonly log: Log
}): DeliveryFailures {
  const { system, queues, clock, log } = options
  /** Receivers known to have no alert: what a process before this one left open is not known. */
  const well = new Set<string>()

  const clear = async (receiver: string) => {
    const counts = await queues.get(receiver)?.counts()
    if (counts === undefined || counts.dead > 0) return
    await system.clear({ ...causeOf(receiver), at: clock.now() })
    well.add(receiver)
  }

  return {
    async dead(notice, error) {
      // Its own alerts raise none: two receivers that both refuse would tell each other for ever.
      if (!isDigest(notice) && notice.alert.rule.id === RULE) return
      well.delete(notice.receiver)
      const text = textOf(notice, error)
      await system.raise({ ...causeOf(notice.receiver), text, at: clock.now() })
    },
    delivered({ receiver }) {
      if (well.has(receiver)) return
      clear(receiver).catch((cause: unknown) =>
        log.debug({ receiver, error: cause }, 'not cleared'),
      )
    },
  }
}

function causeOf(receiver: string) {
  const subject = { name: 'receiver', value: receiver }
  return { rule: RULE, contract: SYSTEM_CONTRACT, subject } as const
}

/** `soc-slack was not told of A-1042 (refused): post to receiver soc-slack: 404 no_service`. */
function textOf(notice: Notice, error: DeliveryError): string {
  const what = isDigest(notice) ? `a digest of ${notice.alerts} alerts` : alertName(notice.alert)
  return `${notice.receiver} was not told of ${what} (${error.reason}): ${error.message}`
}

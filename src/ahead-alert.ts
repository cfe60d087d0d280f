// Owns saying by an alert of the system that entries are stamped later than the clock shows. Who
// notices them: pipeline.ts; what windows do with them: detect-windows.ts.
import type { Clock } from './core/clock.ts'
import { formatDuration } from './core/duration.ts'
import type { SystemAlerts } from './system-alerts.ts'

/** While it lasts every batch may have such entries: a process says it this often, per contract. */
export const SAID_EVERY_MS = 3_600_000

const MINUTE_MS = 60_000

/** Told of an entry's time, ms, that lies too far ahead. Throws when a store does; safe to repeat. */
export type SayAhead = (contract: string, timeMs: number) => Promise<void>

export function createSayAhead({
  alerts,
  clock,
}: {
  readonly alerts: Pick<SystemAlerts, 'raise'>
  readonly clock: Clock
}): SayAhead {
  const saidAt = new Map<string, number>()
  return async (contract, timeMs) => {
    const at = clock.now()
    const said = saidAt.get(contract)
    if (said !== undefined && at - said < SAID_EVERY_MS) return
    const time = new Date(timeMs).toISOString()
    const ahead = formatDuration(Math.floor((timeMs - at) / MINUTE_MS) * MINUTE_MS)
    const text = `An entry is stamped ${time}, ${ahead} ahead of this machine's clock. Rules with "detect" leave such entries out; all others judge them.`
    await alerts.raise({ rule: 'tocsin-clock', contract, text, at })
    saidAt.set(contract, at)
  }
}

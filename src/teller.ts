// Owns gathering what a decision about people rests on: routes, silences, maintenance. The decision
// itself is core/notify-decision.ts; storing it is its caller's transition.
import type { Alert } from './core/alert.ts'
import { isInMaintenance, type MaintenanceWindow } from './core/maintenance.ts'
import type { Router } from './core/route.ts'
import type { Schedule } from './core/schedule.ts'
import { isSilenced, silenceEndedAt } from './core/silence.ts'
import { type Telling, tellAlert } from './core/told.ts'
import type { SilenceStore } from './state/stores.ts'

/** Decides about one alert; `before` is undefined when it opens, the same when time went by. */
export type Tell = (before: Alert | undefined, after: Alert) => Telling

/** What holds at `now` (wall clock, ms), read once for many alerts. */
export type Teller = (now: number) => Promise<Tell>

export type TellerParts = {
  readonly router: Router
  /** What routes may name in `mute`. */
  readonly mutes: ReadonlyMap<string, Schedule>
  readonly maintenance: readonly MaintenanceWindow[]
  readonly silences: Pick<SilenceStore, 'list'>
  readonly isStateful: (receiver: string) => boolean
}

/** For tests of rules and the like: nothing is told to anybody. */
export const tellNobody: Teller = async () => (_before, after) => ({
  decision: { reason: 'none', why: 'no-receiver' },
  alert: after,
  notifications: [],
})

export function createTeller(parts: TellerParts): Teller {
  const { router, mutes, maintenance, isStateful } = parts
  return async (now) => {
    const silences = await parts.silences.list()
    return (before, after) => {
      const branches = router(after)
      const muted = branches.filter(({ mute }) =>
        mute.some((name) => mutes.get(name)?.includes(now)),
      )
      return tellAlert({
        before,
        after,
        now,
        branches,
        mutedBranches: new Set(muted.map(({ path }) => path)),
        silenced: isSilenced(silences, after, now),
        inMaintenance: isInMaintenance(maintenance, after, now),
        silenceEndedAt: silenceEndedAt(silences, after, now),
        isStateful,
      })
    }
  }
}

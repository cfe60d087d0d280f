// Owns what the canary is: its entry, the one rule that finds it, and the verdict on one that does
// not arrive. Pure; sending it and waiting for it: ../canary.ts.

/** Stands where entries have their contract; no contract of IONOS's is called so. */
export const CANARY_CONTRACT = 'tocsin-canary'

/** The rule that finds it, and the receiver that gets what comes of it. */
export const CANARY_NAME = 'tocsin-canary'

/** A canary may be under way so long: as long as evaluation may lag. */
export const CANARY_LATE_MS = 300_000

/** What is known of the canaries that were sent; times in ms. */
export type CanaryState = {
  /** When the last one was sent. */
  readonly sentAt: number | undefined
  /** When the oldest one was sent that has not arrived, nor any after it. */
  readonly waitingSince: number | undefined
}

/** A restart of Redis may lose one: it is sent again before that is worth an alert. */
const AGAIN_MS = 120_000
/** While the line stands still they must not pile up. */
const AGAIN_LATE_MS = 900_000

const TYPE = 'TocsinCanary'

/** An entry as the log would have it. Each is a different event. */
export function canaryEntry(at: number): Readonly<Record<string, unknown>> {
  const time = new Date(at).toISOString()
  return {
    '@uuid': `tocsin-canary-${at}`,
    meta: { time },
    // Alerts of one user and quiet span are one: a day's canaries share theirs, and no more.
    principal: { identity: { username: `canary-${time.slice(0, 10)}` } },
    event: { type: TYPE, status: 'DONE' },
  }
}

export const CANARY_RULE = {
  id: CANARY_NAME,
  title: 'Canary',
  description: 'Finds the synthetic entry that tries the whole line.',
  severity: 'info',
  conditions: { all: [{ fact: 'type', operator: 'equal', value: TYPE }] },
  alert: { title: 'Canary', groupBy: ['user'], quiet: '1d' },
} as const

/** Whether another one is to be sent now. */
export function isCanaryDue(
  { sentAt, waitingSince }: CanaryState,
  everyMs: number,
  now: number,
): boolean {
  // A clock that was set back must not silence it.
  if (sentAt === undefined || sentAt > now) return true
  if (waitingSince === undefined) return now - sentAt >= everyMs
  return now - sentAt >= (now - waitingSince <= CANARY_LATE_MS ? AGAIN_MS : AGAIN_LATE_MS)
}

/**
 * What is wrong, in a sentence; undefined when nothing is. `since` is when this process began to
 * look: what waited while nothing ran is no fault of what runs now.
 */
export function judgeCanary(
  { waitingSince }: CanaryState,
  since: number,
  now: number,
): string | undefined {
  if (waitingSince === undefined) return undefined
  if (now - Math.max(waitingSince, since) <= CANARY_LATE_MS) return undefined
  const sent = `${new Date(waitingSince).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const minutes = Math.floor((now - waitingSince) / 60_000)
  return `the canary sent ${sent} has not come out at the end of the line for ${minutes} minutes`
}

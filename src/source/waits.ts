// Owns how long to wait after a failure: growing, with jitter, as the API asks. Pure: no waiting.
import type { SourceError } from './errors.ts'

const RETRY_MS_FIRST = 1_000

/** Beyond this a growing wait only delays the recovery. */
const RETRY_MS_MAX = 300_000

/** After refusals: often enough to see a new token, too seldom to look like an attack. */
const REFUSED_RETRY_MS_MAX = 60_000

/** Nobody asks for more in earnest, and a reader must not sleep for days by mistake. */
const RETRY_AFTER_MS_MAX = 3_600_000

/**
 * The wait in ms before try number `failures + 1`. `random` is in [0, 1). What the API asked for
 * is never undercut; the jitter keeps many readers from coming back at the same moment.
 */
export function retryWaitMs(error: SourceError, failures: number, random: number): number {
  const refused = error.reason === 'unauthorized' || error.reason === 'forbidden'
  // Quick tries first: gateways refuse by mistake, and a token file may have just been replaced.
  if (refused) return growingWaitMs(failures, random, REFUSED_RETRY_MS_MAX)
  const grown = growingWaitMs(failures, random, RETRY_MS_MAX)
  if (error.retryAfterMs === undefined) return grown
  const asked = Math.min(error.retryAfterMs, RETRY_AFTER_MS_MAX)
  return Math.round(asked + random * RETRY_MS_FIRST)
}

/** 1 s, 2 s, 4 s … up to `maxMs`, each between its half and its whole. */
export function growingWaitMs(failures: number, random: number, maxMs: number): number {
  const whole = Math.min(RETRY_MS_FIRST * 2 ** Math.min(failures - 1, 30), maxMs)
  return Math.round(whole * (0.5 + random / 2))
}

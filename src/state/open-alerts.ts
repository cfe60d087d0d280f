// Owns the index of alerts that are not resolved, as far as the scripts that change alerts share it.
import type { Alert } from '../core/alert.ts'

/** Lua: puts an alert into the index under the time to look at it, or takes it out. */
export const KEEP_OPEN = `
local function keepOpen(key, place, lookAt)
  if lookAt == '' then redis.call('ZREM', key, place)
  else redis.call('ZADD', key, lookAt, place) end
end`

/** The time as the script takes it: nothing for a resolved alert, +inf when only a change counts. */
export function lookArgument(alert: Alert): string | number {
  return alert.state === 'resolved' ? '' : (alert.lookAt ?? '+inf')
}

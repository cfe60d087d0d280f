// Owns in Redis what people and time do to alerts: one transition that changes them with their
// audit trail, and the index of those that are not resolved. Detections: redis-alerts.ts.
import type { Redis } from 'ioredis'
import type { Alert } from '../core/alert.ts'
import type { TrailEntry } from '../core/alert-action.ts'
import { ADD_CUTS, cutsOf } from './cuts.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { KEEP_OPEN, lookArgument } from './open-alerts.ts'
import { defineScript, runScript } from './script.ts'
import type { AlertActionStore, AlertPlace, GroupChange } from './stores.ts'

/** Alerts of one group that are read: more than are ever open in it. */
const GROUP_ALERTS_MAX = 50
/** Lines kept of one alert's audit trail; beyond it the newest are kept. */
export const TRAIL_MAX = 1_000
/** Places looked through in one step of a search by number. */
const SCAN_COUNT = 1_000
/** Alerts that one step of `touch` makes due. */
const TOUCH_STEP = 1_000

/**
 * Reads a group's alerts; writes nothing.
 * KEYS group, spans. ARGV most alerts, id of one that must be among them or ''.
 * Returns { version, { alert JSON …, latest last } }.
 */
const READ_STATE = defineScript(
  'read-state',
  `
local alerts = {}
local ids = redis.call('ZRANGE', KEYS[2], -tonumber(ARGV[1]), -1)
local found = ARGV[2] == ''
for _, id in ipairs(ids) do found = found or id == ARGV[2] end
if not found then table.insert(ids, 1, ARGV[2]) end
for _, id in ipairs(ids) do
  local json = redis.call('HGET', KEYS[1], id)
  if json then alerts[#alerts + 1] = json end
end
return { tonumber(redis.call('HGET', KEYS[1], 'version') or '0'), alerts }
`,
)

/**
 * Changes alerts of a group if nobody changed the group since it was read.
 * KEYS group, spans, alerts, open, outbox, then the trail of each line.
 * ARGV version, group key, expiry seconds of: alerts, outbox, trail; most lines of a trail;
 *   cuts as JSON; count of alerts, then id, last, JSON and when to look at it ('' when resolved) of
 *   each; count of lines, then JSON of each; then JSON of each notification.
 * Returns 1, or 0 when the version moved on and nothing was changed.
 */
const CHANGE_ALERTS = defineScript(
  'change-alerts',
  `${KEEP_OPEN}
${ADD_CUTS}
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'version', 1)
addCuts(KEYS[1], ARGV[7])
local at = 8
for i = 1, tonumber(ARGV[at]) do
  local place = ARGV[2] .. '/' .. ARGV[at + 1]
  redis.call('HSET', KEYS[1], ARGV[at + 1], ARGV[at + 3])
  redis.call('ZADD', KEYS[2], ARGV[at + 2], ARGV[at + 1])
  redis.call('ZADD', KEYS[3], ARGV[at + 2], place)
  keepOpen(KEYS[4], place, ARGV[at + 4])
  at = at + 4
end
at = at + 1
local lines = tonumber(ARGV[at])
for i = 1, lines do
  local trail = KEYS[5 + i]
  redis.call('RPUSH', trail, ARGV[at + i])
  redis.call('LTRIM', trail, -tonumber(ARGV[6]), -1)
  redis.call('EXPIRE', trail, ARGV[5])
end
for i = at + lines + 1, #ARGV do redis.call('XADD', KEYS[5], '*', 'n', ARGV[i]) end
for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
redis.call('EXPIRE', KEYS[5], ARGV[4])
return 1
`,
)

/**
 * Makes some of the alerts that are not resolved due.
 * KEYS open. ARGV now (ms), most alerts. Returns how many there may still be: 0 when all are due.
 */
const TOUCH_OPEN = defineScript(
  'touch-open',
  `
local places = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])
for _, place in ipairs(places) do redis.call('ZADD', KEYS[1], ARGV[1], place) end
return #places
`,
)

export function createRedisAlertActionStore(redis: Redis, keys: Keys): AlertActionStore {
  const alertsAt = async (contract: string, places: readonly AlertPlace[]) => {
    const commands = redis.pipeline()
    for (const { group, id } of places) commands.hget(keys.group(contract, group), id)
    const answers = (await commands.exec()) ?? []
    return answers.flatMap(([, json]) =>
      typeof json === 'string' ? [JSON.parse(json) as Alert] : [],
    )
  }

  return {
    async group(contract, group, id = '') {
      const [answer] = await runScript(redis, READ_STATE, [
        {
          keys: [keys.group(contract, group), keys.spans(contract, group)],
          args: [GROUP_ALERTS_MAX, id],
        },
      ])
      const [version, alerts] = answer as [number, string[]]
      return { version, alerts: alerts.map((json) => JSON.parse(json) as Alert) }
    },

    async change(contract, change) {
      const [answer] = await runScript(redis, CHANGE_ALERTS, [
        {
          keys: [
            keys.group(contract, change.group),
            keys.spans(contract, change.group),
            keys.alerts(contract),
            keys.open(contract),
            keys.outbox(contract),
            ...change.trail.map(({ alertId }) => keys.trail(contract, alertId)),
          ],
          args: changeArguments(change),
        },
      ])
      return answer === 1 ? 'committed' : 'conflict'
    },

    async find(contract, number) {
      const key = keys.alerts(contract)
      let cursor = '0'
      do {
        const match = `*-${number}`
        const [next, found] = await redis.zscan(key, cursor, 'MATCH', match, 'COUNT', SCAN_COUNT)
        const [place] = found
        if (place !== undefined) return readPlace(place)
        cursor = next
      } while (cursor !== '0')
      return undefined
    },

    async open(contract, limit) {
      const places = await redis.zrange(keys.open(contract), 0, `${limit - 1}`)
      return alertsAt(contract, places.map(readPlace))
    },

    async due(contract, now, limit) {
      const key = keys.open(contract)
      const places = await redis.zrangebyscore(key, '-inf', `${now}`, 'LIMIT', 0, limit)
      return places.map(readPlace)
    },

    async forget(contract, places) {
      const members = places.map(({ group, id }) => `${group}/${id}`)
      if (members.length > 0) await redis.zrem(keys.open(contract), ...members)
    },

    async touch(contract, now) {
      for (;;) {
        const [touched] = await runScript(redis, TOUCH_OPEN, [
          { keys: [keys.open(contract)], args: [now, TOUCH_STEP] },
        ])
        if (Number(touched) < TOUCH_STEP) return
      }
    },

    async trail(contract, alertId) {
      const lines = await redis.lrange(keys.trail(contract, alertId), 0, TRAIL_MAX - 1)
      return lines.map((line) => JSON.parse(line) as TrailEntry)
    },
  }
}

function changeArguments(change: GroupChange): (string | number)[] {
  return [
    change.version,
    change.group,
    EXPIRY_SECONDS.alerts,
    EXPIRY_SECONDS.outbox,
    EXPIRY_SECONDS.trail,
    TRAIL_MAX,
    JSON.stringify(cutsOf(change)),
    change.alerts.length,
    ...change.alerts.flatMap((alert) => [
      alert.id,
      alert.last,
      JSON.stringify(alert),
      lookArgument(alert),
    ]),
    change.trail.length,
    ...change.trail.map(({ entry }) => JSON.stringify(entry)),
    ...change.notifications.map((notification) => JSON.stringify(notification)),
  ]
}

function readPlace(place: string): AlertPlace {
  const [group, id] = place.split('/') as [string, string]
  return { group, id }
}

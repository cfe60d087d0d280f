// Owns in Redis what was told to whom: the record that makes a repeated delivery job harmless.
import type { Redis } from 'ioredis'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { AttemptStart, Delivery, DeliveryStore } from './stores.ts'

/** Delivery records per alert shown at most; an alert has a handful. */
const DELIVERIES_MAX = 1_000

/**
 * Begins an attempt. A record in state `sending` means that an attempt ended without an answer.
 * KEYS deliveries of the alert. ARGV notification id, receiver, reason, now (ms), expiry seconds.
 * Returns 'fresh', 'possible-repeat' or 'delivered' (then nothing was changed).
 */
const BEGIN_ATTEMPT = defineScript(
  'begin-attempt',
  `
local json = redis.call('HGET', KEYS[1], ARGV[1])
local record = json and cjson.decode(json)
  or { receiver = ARGV[2], reason = ARGV[3], attempts = 0, firstAt = tonumber(ARGV[4]) }
if record.state == 'delivered' then return 'delivered' end
local start = record.state == 'sending' and 'possible-repeat' or 'fresh'
if record.unanswered then start = 'possible-repeat' end
record.unanswered = start == 'possible-repeat' or nil
record.state = 'sending'
record.attempts = record.attempts + 1
record.lastAt = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
redis.call('EXPIRE', KEYS[1], ARGV[5])
return start
`,
)

/**
 * Ends an attempt. 'unknown' leaves it `sending`, so that the next one is a possible repeat.
 * KEYS deliveries of the alert. ARGV notification id, result, failure or '', now (ms).
 * Returns 1, or 0 when there is no such record.
 */
const FINISH_ATTEMPT = defineScript(
  'finish-attempt',
  `
local json = redis.call('HGET', KEYS[1], ARGV[1])
if not json then return 0 end
local record = cjson.decode(json)
local states = { delivered = 'delivered', ['not-accepted'] = 'waiting', dead = 'dead' }
record.state = states[ARGV[2]] or 'sending'
record.failure = ARGV[3] ~= '' and ARGV[3] or nil
record.lastAt = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
return 1
`,
)

export function createRedisDeliveryStore(redis: Redis, keys: Keys): DeliveryStore {
  return {
    async begin({ id, receiver, reason, alert }, at) {
      const [start] = await runScript(redis, BEGIN_ATTEMPT, [
        {
          keys: [keys.deliveries(alert.contract, alert.id)],
          args: [id, receiver, reason, at, EXPIRY_SECONDS.alerts],
        },
      ])
      return start as AttemptStart
    },

    async finish({ id, alert }, attempt) {
      await runScript(redis, FINISH_ATTEMPT, [
        {
          keys: [keys.deliveries(alert.contract, alert.id)],
          args: [id, attempt.result, attempt.reason ?? '', attempt.at],
        },
      ])
    },

    async list(contract, alertId) {
      const records = await redis.hgetall(keys.deliveries(contract, alertId))
      return Object.entries(records)
        .slice(0, DELIVERIES_MAX)
        .map(([notificationId, json]) => ({ notificationId, ...JSON.parse(json) }) as Delivery)
        .sort((a, b) => a.firstAt - b.firstAt)
    },
  }
}

// Owns in Redis what was told to whom: the record that makes a repeated delivery job harmless.
import type { Redis } from 'ioredis'
import { type DigestEntry, isDigest, type Notice } from '../core/digest.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { AttemptStart, Delivery, DeliveryStore } from './delivery-stores.ts'

/** Delivery records per alert shown at most; an alert has a handful. */
const DELIVERIES_MAX = 1_000
/** Attempts kept of one notification: the latest. */
const TRIES_MAX = 20
/** Notes about gathered notifications written in one round trip. */
const GATHERED_BATCH_MAX = 500

/** Appends an attempt to a record; `at` is when it began or ended. */
const NOTE_TRY = `
local function note(record, at, result, reason)
  local tries = record.tries or {}
  tries[#tries + 1] = { at = tonumber(at), result = result, reason = reason }
  if #tries > ${TRIES_MAX} then table.remove(tries, 1) end
  record.tries = tries
end
`

/**
 * Begins an attempt. A record in state `sending` means that an attempt ended without an answer.
 * KEYS deliveries of the alert. ARGV notification id, receiver, reason, now (ms), expiry seconds.
 * Returns 'fresh', 'possible-repeat' or 'delivered' (then nothing was changed).
 */
const BEGIN_ATTEMPT = defineScript(
  'begin-attempt',
  `${NOTE_TRY}
local json = redis.call('HGET', KEYS[1], ARGV[1])
local record = json and cjson.decode(json)
  or { receiver = ARGV[2], reason = ARGV[3], attempts = 0, firstAt = tonumber(ARGV[4]) }
if record.state == 'delivered' then return 'delivered' end
local start = record.state == 'sending' and 'possible-repeat' or 'fresh'
if record.state == 'sending' and not record.noted then note(record, record.lastAt, 'unknown') end
if record.unanswered then start = 'possible-repeat' end
record.noted = nil
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
  `${NOTE_TRY}
local json = redis.call('HGET', KEYS[1], ARGV[1])
if not json then return 0 end
local record = cjson.decode(json)
local states = { delivered = 'delivered', ['not-accepted'] = 'waiting', dead = 'dead' }
record.state = states[ARGV[2]] or 'sending'
record.noted = record.state == 'sending' or nil
record.failure = ARGV[3] ~= '' and ARGV[3] or nil
record.lastAt = tonumber(ARGV[4])
note(record, ARGV[4], ARGV[2], record.failure)
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
return 1
`,
)

/**
 * Notes that a notification is told in a digest, unless it was tried by itself.
 * KEYS deliveries of the alert. ARGV notification id, receiver, reason, now (ms), digest or '',
 * expiry seconds. Returns 1, or 0 when it was left alone.
 */
const NOTE_GATHERED = defineScript(
  'note-gathered',
  `
local json = redis.call('HGET', KEYS[1], ARGV[1])
local record = json and cjson.decode(json)
  or { receiver = ARGV[2], reason = ARGV[3], attempts = 0, firstAt = tonumber(ARGV[4]) }
if record.state and record.state ~= 'gathered' then return 0 end
record.state = 'gathered'
record.digest = ARGV[5] ~= '' and ARGV[5] or record.digest
record.lastAt = tonumber(ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
redis.call('EXPIRE', KEYS[1], ARGV[6])
return 1
`,
)

export function createRedisDeliveryStore(redis: Redis, keys: Keys): DeliveryStore {
  const placeOf = (notice: Notice): string =>
    isDigest(notice)
      ? keys.digestDeliveries(notice.receiver, notice.id)
      : keys.deliveries(notice.alert.contract, notice.alert.id)

  const read = async (key: string): Promise<readonly Delivery[]> => {
    const records = await redis.hgetall(key)
    return Object.entries(records)
      .slice(0, DELIVERIES_MAX)
      .map(([notificationId, json]) => ({ notificationId, ...JSON.parse(json) }) as Delivery)
      .sort((a, b) => a.firstAt - b.firstAt)
  }

  return {
    async begin(notice, at) {
      const { id, receiver, reason } = notice
      const [start] = await runScript(redis, BEGIN_ATTEMPT, [
        { keys: [placeOf(notice)], args: [id, receiver, reason, at, EXPIRY_SECONDS.alerts] },
      ])
      return start as AttemptStart
    },

    async finish(notice, { result, reason, at }) {
      await runScript(redis, FINISH_ATTEMPT, [
        { keys: [placeOf(notice)], args: [notice.id, result, reason ?? '', at] },
      ])
    },

    async gathered(receiver, entries, at, digest) {
      const callOf = ({ id, reason, alert }: DigestEntry) => ({
        keys: [keys.deliveries(alert.contract, alert.id)],
        args: [id, receiver, reason, at, digest ?? '', EXPIRY_SECONDS.alerts],
      })
      for (let from = 0; from < entries.length; from += GATHERED_BATCH_MAX) {
        const batch = entries.slice(from, from + GATHERED_BATCH_MAX)
        await runScript(redis, NOTE_GATHERED, batch.map(callOf))
      }
    },

    list: (contract, alertId) => read(keys.deliveries(contract, alertId)),
    listDigest: (receiver, digest) => read(keys.digestDeliveries(receiver, digest)),
  }
}

// Owns in Redis the budgets of receivers and what was gathered above them, until the digest that
// tells it is on the receiver's queue. What a digest says: core/digest.ts.
import type { Redis } from 'ioredis'
import type { Notification } from '../core/alert.ts'
import { criticalCount } from '../core/budget.ts'
import {
  type DigestCause,
  type DigestEntry,
  digestEntry,
  digestOf,
  type Notice,
} from '../core/digest.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { defineScript, runScript } from './script.ts'
import type { Admission, AdmissionRequest, DigestStore, ReceiverBudget } from './delivery-stores.ts'

/** A storm is told of after this part of the budget's span, then once a span. */
const FIRST_DIGEST_PART = 0.1
/** Reminders that fall due within it go in one message. */
const REPEAT_GATHER_MS = 60_000
/** How long, and for how many notifications, it is known what became of them. */
const DECISIONS_KEPT_MS = 3 * 86_400_000
const DECISIONS_KEPT_MAX = 50_000
/** Entries of a closed digest read in one round trip, and closed digests looked at together. */
const ENTRIES_PAGE = 1_000
const CLOSED_MAX = 10

/**
 * Decides for each notification whether it passes or is gathered; asked again it says the same.
 * KEYS passed (sorted set: ids by time), gathered (the same), last close of a storm's digest,
 * then of the budget's digest and of that for reminders: what is known of it (hash), entries (hash).
 * ARGV now, budget, budget for critical, its span (ms), first wait (ms), wait for reminders (ms),
 * decisions kept (ms), decisions kept (number), expiry (s); then for each: passage, id, entry.
 * Returns 1 (passed), 0 (gathered) or 2 (gathered as the first of its digest) for each.
 */
const ADMIT = defineScript(
  'admit-notifications',
  `
local now, within = tonumber(ARGV[1]), tonumber(ARGV[4])
local answers = {}

local function gather(meta, entries, wait, at)
  if redis.call('EXISTS', meta) == 0 then redis.call('HSET', meta, 'dueAt', now + wait) end
  local isFirst = redis.call('HSETNX', meta, 'from', now) == 1
  redis.call('HSET', entries, ARGV[at + 1], ARGV[at + 2])
  redis.call('ZADD', KEYS[2], now, ARGV[at + 1])
  redis.call('EXPIRE', meta, ARGV[9])
  redis.call('EXPIRE', entries, ARGV[9])
  return isFirst and 2 or 0
end

local function firstWait()
  local closed = tonumber(redis.call('GET', KEYS[3]) or '0')
  return math.max(tonumber(ARGV[5]), closed + within - now)
end

local function decide(passage, at)
  local id = ARGV[at + 1]
  if redis.call('ZSCORE', KEYS[1], id) then return 1 end
  if redis.call('ZSCORE', KEYS[2], id) then return 0 end
  if passage == 'repeat' then return gather(KEYS[6], KEYS[7], tonumber(ARGV[6]), at) end
  local spent = redis.call('ZCOUNT', KEYS[1], '(' .. (now - within), '+inf')
  local isStorm = redis.call('EXISTS', KEYS[4]) == 1
  local hasRoom = not isStorm and spent < tonumber(ARGV[2])
  if passage == 'critical' then hasRoom = spent < tonumber(ARGV[3]) end
  if not hasRoom then return gather(KEYS[4], KEYS[5], firstWait(), at) end
  redis.call('ZADD', KEYS[1], now, id)
  return 1
end

for at = 10, #ARGV, 3 do
  answers[#answers + 1] = decide(ARGV[at], at)
end
for key = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[key], '-inf', now - tonumber(ARGV[7]))
  redis.call('ZREMRANGEBYRANK', KEYS[key], 0, -tonumber(ARGV[8]) - 1)
  redis.call('EXPIRE', KEYS[key], ARGV[9])
end
return answers
`,
)

/**
 * Closes a digest that is due: from then on nothing is added to it. While more comes than the
 * budget takes, the next one begins at once.
 * KEYS what is known of the open digest, its entries; last close; closed digests (sorted set); what
 * is known of the closed one, its entries. ARGV now, number of the closed one, cause, budget (-1:
 * none follows), its span (ms), expiry (s). Returns 1 when there is something to tell, else 0.
 */
const CLOSE = defineScript(
  'close-digest',
  `
local dueAt = redis.call('HGET', KEYS[1], 'dueAt')
if not dueAt or tonumber(dueAt) > tonumber(ARGV[1]) then return 0 end
local size = redis.call('HLEN', KEYS[2])
if size > 0 then
  local from = redis.call('HGET', KEYS[1], 'from')
  redis.call('HSET', KEYS[5], 'cause', ARGV[3], 'from', from, 'createdAt', ARGV[1])
  redis.call('RENAME', KEYS[2], KEYS[6])
  redis.call('EXPIRE', KEYS[5], ARGV[6])
  redis.call('EXPIRE', KEYS[6], ARGV[6])
  redis.call('ZADD', KEYS[4], ARGV[2], ARGV[2])
  redis.call('EXPIRE', KEYS[4], ARGV[6])
end
redis.call('DEL', KEYS[1])
local budget = tonumber(ARGV[4])
if budget >= 0 then
  redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[6])
  if size > budget then
    redis.call('HSET', KEYS[1], 'dueAt', ARGV[1] + ARGV[5])
    redis.call('EXPIRE', KEYS[1], ARGV[6])
  end
end
return size > 0 and 1 or 0
`,
)

export function createRedisDigestStore(redis: Redis, keys: Keys): DigestStore {
  const close = async (receiver: ReceiverBudget, cause: DigestCause, at: number) => {
    const { name, budget } = receiver
    const follows = cause === 'budget' && budget !== 'off'
    const number = await redis.incr(keys.digestCount(name))
    const place = keys.digest(name, String(number))
    const open = keys.digest(name, cause)
    await runScript(redis, CLOSE, [
      {
        keys: [
          open.known,
          open.entries,
          keys.digestClosedAt(name),
          keys.digestsClosed(name),
          place.known,
          place.entries,
        ],
        args: [
          at,
          number,
          cause,
          follows ? budget.count : -1,
          follows ? budget.withinMs : 0,
          EXPIRY_SECONDS.outbox,
        ],
      },
    ])
  }

  const keep = async (receiver: string, notification: Notification) => {
    const key = keys.digestFirst(receiver, notification.id)
    await redis.set(key, JSON.stringify(notification), 'EX', EXPIRY_SECONDS.outbox)
  }

  const kept = async (receiver: string, id = ''): Promise<Notification | undefined> => {
    const json = await redis.get(keys.digestFirst(receiver, id))
    return json === null ? undefined : (JSON.parse(json) as Notification)
  }

  return {
    async admit(receiver, requests, at) {
      const { name } = receiver
      const [open, repeats] = [keys.digest(name, 'budget'), keys.digest(name, 'repeat')]
      const [answers] = await runScript(redis, ADMIT, [
        {
          keys: [
            keys.budgetPassed(name),
            keys.budgetGathered(name),
            keys.digestClosedAt(name),
            open.known,
            open.entries,
            repeats.known,
            repeats.entries,
          ],
          args: [...policyArguments(receiver, at), ...requests.flatMap(requestArguments)],
        },
      ])
      const decided = answers as readonly number[]
      // One that stays alone is sent as it is. A crash before it is kept costs only that.
      const firsts = requests.filter((_, at) => decided[at] === 2)
      await Promise.all(firsts.map(({ notification }) => keep(name, notification)))
      return decided.map((one): Admission => (one === 1 ? 'passed' : 'gathered'))
    },

    async closeDue(receiver, at) {
      const causes: readonly DigestCause[] = ['budget', 'repeat']
      const due = await Promise.all(
        causes.map((cause) => redis.hget(keys.digest(receiver.name, cause).known, 'dueAt')),
      )
      for (const [index, cause] of causes.entries()) {
        const dueAt = due[index] ?? null
        if (dueAt !== null && Number(dueAt) <= at) await close(receiver, cause, at)
      }
    },

    async closed(receiver) {
      const numbers = await redis.zrange(keys.digestsClosed(receiver), 0, `${CLOSED_MAX - 1}`)
      const found = await Promise.all(
        numbers.map(async (number) => {
          const { known, entries } = keys.digest(receiver, number)
          const told = await redis.hgetall(known)
          const gathered = await readEntries(redis, entries)
          const alone = gathered.length === 1 ? await kept(receiver, gathered[0]?.id) : undefined
          const notice = alone ?? noticeOf(receiver, number, told, gathered)
          return { number, entries: gathered, notice }
        }),
      )
      return found
    },

    async forget(receiver, number) {
      const { known, entries } = keys.digest(receiver, number)
      await redis.zrem(keys.digestsClosed(receiver), number)
      await redis.unlink(known, entries)
    },
  }
}

function policyArguments({ budget }: ReceiverBudget, at: number): readonly (string | number)[] {
  const { count, withinMs } = budget === 'off' ? { count: 0, withinMs: 0 } : budget
  return [
    at,
    count,
    criticalCount({ count, withinMs }),
    withinMs,
    Math.round(withinMs * FIRST_DIGEST_PART),
    REPEAT_GATHER_MS,
    Math.max(DECISIONS_KEPT_MS, withinMs),
    DECISIONS_KEPT_MAX,
    EXPIRY_SECONDS.outbox,
  ]
}

function requestArguments({ passage, notification }: AdmissionRequest): readonly string[] {
  const entry = JSON.stringify(digestEntry(notification))
  return [passage, notification.id, entry]
}

/** All that was gathered, always in the same order. */
async function readEntries(redis: Redis, key: string): Promise<readonly DigestEntry[]> {
  const entries = new Map<string, DigestEntry>()
  let cursor = '0'
  do {
    const [next, pairs] = await redis.hscan(key, cursor, 'COUNT', ENTRIES_PAGE)
    for (let at = 0; at < pairs.length; at += 2) {
      entries.set(pairs[at] as string, JSON.parse(pairs[at + 1] as string) as DigestEntry)
    }
    cursor = next
  } while (cursor !== '0')
  return [...entries.values()].sort(
    (a, b) => a.alert.number - b.alert.number || (a.id < b.id ? -1 : 1),
  )
}

function noticeOf(
  receiver: string,
  number: string,
  known: Readonly<Record<string, string>>,
  entries: readonly DigestEntry[],
): Notice | undefined {
  const { cause, from, createdAt } = known
  if (entries.length === 0) return undefined
  return digestOf(entries, {
    id: `digest-${receiver}-${number}`,
    receiver,
    cause: cause === 'repeat' ? 'repeat' : 'budget',
    sequence: Number(number),
    createdAt: Number(createdAt),
    from: Number(from),
  })
}

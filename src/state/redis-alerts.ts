// Owns alerts in Redis: reading a group, and the one transition that changes it.
import type { Redis } from 'ioredis'
import type { Alert, Notification } from '../core/alert.ts'
import { EXPIRY_SECONDS, type Keys } from './keys.ts'
import { KEEP_OPEN, lookArgument } from './open-alerts.ts'
import { defineScript, runScript } from './script.ts'
import type { AlertStore, CommitResult, GroupAnswer, GroupCommit, GroupQuestion } from './stores.ts'

/** A group remembers at most this many counted events; the oldest go first. */
export const GROUP_MEMBERS_MAX = 10_000
/** Alerts of one group within reach of one batch; more would mean a `quiet` of milliseconds. */
const NEAR_ALERTS_MAX = 50
/** Most alerts that one question for the latest gets. */
const LATEST_MAX = 10_000
/** Alerts past their retention that one commit removes from its group. */
const PRUNED_PER_COMMIT_MAX = 20

/**
 * Reads a group; writes nothing.
 * KEYS group, members, spans. ARGV from, to (ms, reach included), near max, event ids …
 * Returns { version, { 1 or 0 for each event id }, { alert JSON … }, cuts JSON }.
 */
const READ_GROUP = defineScript(
  'read-group',
  `
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
local known = {}
for i = 4, #ARGV do
  known[#known + 1] = redis.call('ZSCORE', KEYS[2], ARGV[i]) and 1 or 0
end
local alerts = {}
local to = tonumber(ARGV[2])
local ids = redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[1], '+inf', 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do
  local json = redis.call('HGET', KEYS[1], id)
  local first = json and tonumber(string.match(json, '"first":(%-?%d+)'))
  if first and first <= to then alerts[#alerts + 1] = json end
end
return { version, known, alerts, redis.call('HGET', KEYS[1], 'cuts') or '[]' }
`,
)

/**
 * Changes a group if nobody did since it was read.
 * KEYS group, members, spans, alerts, outbox, open, extents, then members of windows to trim.
 * ARGV version, group key, members max, expiry seconds of: members, alerts, outbox;
 *   ms before which alerts are past their retention, how many to remove at most;
 *   count of events, then id and time of each;
 *   count of alerts, then id, last, JSON and when to look at it ('' when resolved) of each;
 *   count of extents removed, then each; count of those added, then last and text of each;
 *   count of trims, then ms below which each window's members go; then JSON of each notification.
 * Returns 1, or 0 when the version moved on and nothing was changed.
 */
const COMMIT_GROUP = defineScript(
  'commit-group',
  `${KEEP_OPEN}
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'version', 1)
local at = 9
local function count()
  local found = tonumber(ARGV[at])
  at = at + 1
  return found
end
for i = 1, count() do
  redis.call('ZADD', KEYS[2], ARGV[at + 1], ARGV[at])
  at = at + 2
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[3]) - 1)
for i = 1, count() do
  local place = ARGV[2] .. '/' .. ARGV[at]
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  redis.call('ZADD', KEYS[3], ARGV[at + 1], ARGV[at])
  redis.call('ZADD', KEYS[4], ARGV[at + 1], place)
  keepOpen(KEYS[6], place, ARGV[at + 3])
  at = at + 4
end
for i = 1, count() do
  redis.call('ZREM', KEYS[7], ARGV[at])
  at = at + 1
end
for i = 1, count() do
  redis.call('ZADD', KEYS[7], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for i = 1, count() do
  redis.call('ZREMRANGEBYSCORE', KEYS[7 + i], '-inf', '(' .. ARGV[at])
  at = at + 1
end
for i = at, #ARGV do
  redis.call('XADD', KEYS[5], '*', 'n', ARGV[i])
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[7], 'LIMIT', 0, ARGV[8])) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZREM', KEYS[4], ARGV[2] .. '/' .. id)
  redis.call('ZREM', KEYS[6], ARGV[2] .. '/' .. id)
end
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[7])
redis.call('EXPIRE', KEYS[2], ARGV[4])
for _, key in ipairs({ KEYS[1], KEYS[3], KEYS[4], KEYS[6], KEYS[7] }) do
  redis.call('EXPIRE', key, ARGV[5])
end
redis.call('EXPIRE', KEYS[5], ARGV[6])
return 1
`,
)

export function createRedisAlertStore(redis: Redis, keys: Keys): AlertStore {
  const groupKeys = (contract: string, group: string) => [
    keys.group(contract, group),
    keys.members(contract, group),
    keys.spans(contract, group),
  ]

  return {
    async read(contract, questions) {
      const answers = await runScript(
        redis,
        READ_GROUP,
        questions.map((question) => ({
          keys: groupKeys(contract, question.key),
          args: readArguments(question),
        })),
      )
      return answers.map(parseAnswer)
    },

    async commit(contract, commits) {
      const answers = await runScript(
        redis,
        COMMIT_GROUP,
        commits.map((commit) => ({
          keys: [
            ...groupKeys(contract, commit.key),
            keys.alerts(contract),
            keys.outbox(contract),
            keys.open(contract),
            keys.extents(contract, commit.key),
            ...(commit.trims ?? []).map(({ window }) => keys.windowMembers(contract, window)),
          ],
          args: commitArguments(commit),
        })),
      )
      return answers.map((answer): CommitResult => (answer === 1 ? 'committed' : 'conflict'))
    },

    async alert(contract, id) {
      const group = id.slice(0, id.lastIndexOf('-'))
      const json = await redis.hget(keys.group(contract, group), id)
      return json === null ? undefined : (JSON.parse(json) as Alert)
    },

    async latest(contract, limit) {
      const count = Math.min(limit, LATEST_MAX)
      const places = await redis.zrevrange(keys.alerts(contract), 0, count - 1)
      const commands = redis.pipeline()
      for (const place of places) {
        const [group, id] = place.split('/') as [string, string]
        commands.hget(keys.group(contract, group), id)
      }
      const answers = (await commands.exec()) ?? []
      return answers.flatMap(([, json]) =>
        typeof json === 'string' ? [JSON.parse(json) as Alert] : [],
      )
    },

    async outbox(contract, limit) {
      const items = await redis.xrange(keys.outbox(contract), '-', '+', 'COUNT', limit)
      return items.map(([place, fields]) => ({
        place,
        notification: JSON.parse(fields[1] as string) as Notification,
      }))
    },

    async clearOutbox(contract, places) {
      if (places.length > 0) await redis.xdel(keys.outbox(contract), ...places)
    },
  }
}

function readArguments(question: GroupQuestion): (string | number)[] {
  const times = question.events.map((event) => event.time)
  const from = Math.min(...times) - question.reachMs
  const to = Math.max(...times) + question.reachMs
  return [from, to, NEAR_ALERTS_MAX, ...question.events.map((event) => event.id)]
}

function commitArguments(commit: GroupCommit): (string | number)[] {
  const { extents = { removed: [], added: [] }, trims = [] } = commit
  return [
    commit.version,
    commit.key,
    GROUP_MEMBERS_MAX,
    EXPIRY_SECONDS.members,
    EXPIRY_SECONDS.alerts,
    EXPIRY_SECONDS.outbox,
    commit.at - EXPIRY_SECONDS.alerts * 1_000,
    PRUNED_PER_COMMIT_MAX,
    commit.events.length,
    ...commit.events.flatMap((event) => [event.id, event.time]),
    commit.alerts.length,
    ...commit.alerts.flatMap((alert) => [
      alert.id,
      alert.last,
      JSON.stringify(alert),
      lookArgument(alert),
    ]),
    extents.removed.length,
    ...extents.removed,
    extents.added.length,
    ...extents.added.flatMap(({ last, text }) => [last, text]),
    trims.length,
    ...trims.map(({ belowMs }) => belowMs),
    ...commit.notifications.map((notification) => JSON.stringify(notification)),
  ]
}

function parseAnswer(answer: unknown): GroupAnswer {
  const [version, known, alerts, cuts] = answer as [number, number[], string[], string]
  return {
    version,
    known: known.map((flag) => flag === 1),
    alerts: alerts.map((json) => JSON.parse(json) as Alert),
    cuts: JSON.parse(cuts) as number[],
  }
}

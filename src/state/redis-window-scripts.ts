// Owns the scripts of windows: adding members and asking what is around them, and looking at a window
// again when the mark has come so far. Who calls them: redis-windows.ts.
import { ANSWER, EVENTS, EXTENTS, SESSIONS, SIGHTINGS } from './redis-window-steps.ts'
import { defineScript } from './script.ts'

/**
 * Adds members to windows and answers what is around them, alike whether they were new or not; each
 * window is a step of its own.
 * KEYS timers; then window, members, rare members, group, spans, extents of each window.
 * ARGV expiry seconds of timers, number of kinds, of each kind one text (shape, needed, quiet ms,
 *   floor ms or -inf, floor of spans ms or -inf, members max, expiry seconds, unit ms, ms of a group's
 *   first event in which there is no detection, which new members withdraw: never, behind or always,
 *   how many rare members are needed, what others are or ?);
 *   then of each window one text (the place of its kind, its name, added from and to, read from and to,
 *   replace from and to (ms), mark to wake at or -, number of members), about or nothing, and time,
 *   text and value of each member.
 * Returns of each window nothing when there is no detection around and none is stored, else
 * { version, cuts JSON, first or nothing, is full, { alert JSON … }, { extent … },
 *   { time, text, value … }, { span, count … } }.
 */
export const ASK_WINDOWS = defineScript(
  'ask-windows',
  `
${EXTENTS}
${SESSIONS}
${EVENTS}
${SIGHTINGS}
${ANSWER}
local function number(text)
  if text == '-inf' then return -math.huge end
  return text == '+inf' and math.huge or tonumber(text)
end
local function ask(w, kind)
  local first, newest, isNew = false, false, false
  local found = { members = {}, bins = {} }
  local isQuiet
  if kind.shape ~= 'events' then
    local known = redis.call('HMGET', w.key, 'first', 'newest')
    first, newest = known[1], tonumber(known[2] or '')
    isNew = not first
    if w.count > 0 and (isNew or w.from < tonumber(first)) then
      first = string.format('%.0f', w.from)
      redis.call('HSET', w.key, 'first', first)
    end
  end
  local whole = first and w.from <= tonumber(first)
  if whole then w.lo, w.hi, w.read_from, w.read_to = -math.huge, math.huge, -math.huge, math.huge end
  found.first = first
  if kind.shape == 'sessions' then
    found.members, isQuiet = add_sightings(w, kind, whole)
    keep(w.key, kind.expiry)
  elseif kind.shape == 'spans' then
    found.bins, isQuiet = add_spans(w, kind, whole, newest)
    keep(w.key, kind.expiry)
    keep(w.events, kind.expiry)
  else
    isQuiet = add_events(w, kind)
    keep(w.events, kind.expiry)
    if w.wake ~= '-' then wake(w, kind, ARGV[1]) end
  end
  -- Another evaluator may be about to store what was true without this: it has to ask again.
  if w.withdraws then
    redis.call('HINCRBY', w.group, 'version', 1)
    keep(w.group, kind.expiry)
  end
  -- A detection was never stored without a version.
  local known = redis.call('HMGET', w.group, 'version', 'cuts')
  local touched = known[1] and extents_in(w.extents, w.lo, w.hi, w.id) or {}
  local isEarly = first and w.to - tonumber(first) < kind.since
  if #touched == 0 and (isNew or not whole) and (isQuiet or isEarly) then return false end
  if not whole then
    for _, extent in ipairs(touched) do
      w.lo, w.hi = math.min(w.lo, extent[2]), math.max(w.hi, extent[3])
      if kind.shape == 'events' then
        w.read_from, w.read_to = math.min(w.read_from, extent[2]), math.max(w.read_to, extent[3])
      end
    end
  end
  found.known = known
  if kind.shape == 'spans' and #found.bins == 0 then found.bins = bins_of(w, kind) end
  return answer(w, kind, found)
end

local kinds = {}
for i = 1, tonumber(ARGV[2]) do
  local words = {}
  for word in string.gmatch(ARGV[i + 2], '[^ ]+') do words[#words + 1] = word end
  kinds[i] = {
    shape = words[1], needed = number(words[2]), quiet = tonumber(words[3]),
    floor = number(words[4]), spans_floor = number(words[5]), max = tonumber(words[6]),
    expiry = tonumber(words[7]), unit = tonumber(words[8]), since = tonumber(words[9]),
    withdraws = words[10], rare = tonumber(words[11]), home = words[12],
  }
end
local WORDS = '^' .. string.rep('([^ ]+) ', 9) .. '([^ ]+)$'
local answers, at = {}, #kinds + 3
for key = 2, #KEYS, 6 do
  local kind, id, from, to, read_from, read_to, lo, hi, wake_at, count = string.match(ARGV[at], WORDS)
  local w = {
    key = KEYS[key], events = KEYS[key + 1], rare = KEYS[key + 2], group = KEYS[key + 3],
    spans = KEYS[key + 4], extents = KEYS[key + 5], id = id,
    from = tonumber(from), to = tonumber(to),
    read_from = number(read_from), read_to = number(read_to), lo = number(lo), hi = number(hi),
    wake = wake_at, about = ARGV[at + 1], count = tonumber(count), at = at + 2,
  }
  answers[#answers + 1] = ask(w, kinds[tonumber(kind)])
  at = at + 2 + w.count * 3
end
return answers
`,
)

/**
 * Sets when a window is due next, unless something earlier made it due meanwhile.
 * KEYS timers, members. ARGV window, due it was looked at for, judged up to, wait (ms).
 * Returns 1 when it is due again.
 */
export const FINISH_DUE = defineScript(
  'finish-due',
  `
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) < tonumber(ARGV[2]) then return due and 1 or 0 end
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if #found == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 0
end
redis.call('ZADD', KEYS[1], tonumber(found[2]) + tonumber(ARGV[4]), ARGV[1])
return 1
`,
)

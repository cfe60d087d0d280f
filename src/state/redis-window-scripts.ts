// Owns the scripts of windows: adding members and asking what is around them, and looking at a window
// again when the mark has come so far. Who calls them: redis-windows.ts.
import { defineScript } from './script.ts'

/** What both sides know of a stored detection's text: the window's key, first and last come first. */
const EXTENTS = `
local function extents_in(key, lo, hi, own)
  local found = {}
  for _, text in ipairs(redis.call('ZRANGEBYSCORE', key, lo, '+inf')) do
    if not own or string.sub(text, 1, #own + 1) == own .. ' ' then
      local first, last = string.match(text, '^%S+ (%-?%d+) (%-?%d+)')
      if tonumber(first) <= hi then found[#found + 1] = { text, tonumber(first), tonumber(last) } end
    end
  end
  return found
end
`

/**
 * Sessions of one value: JSON of { start, end, text, … }, in order of starts. A sighting begins a
 * session, joins one, or joins two; of two at one time the lower id is the start.
 */
const SESSIONS = `
local function id_of(text) return string.match(text, '^[^ ]+') end
local function is_below(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local function starts_before(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return is_below(id_of(a[3]), id_of(b[3]))
end
local function add_sighting(key, field, time, text, unit)
  local json = redis.call('HGET', key, field)
  local list = json and cjson.decode(json) or {}
  for i = 1, #list, 3 do
    if list[i] < time and time <= list[i + 1] then return list, false end
  end
  local sessions = { { time, time, text } }
  for i = 1, #list, 3 do sessions[#sessions + 1] = { list[i], list[i + 1], list[i + 2] } end
  table.sort(sessions, starts_before)
  local merged = {}
  for _, session in ipairs(sessions) do
    local at = #merged
    if at > 0 and session[1] - merged[at - 1] <= unit then
      merged[at - 1] = math.max(merged[at - 1], session[2])
    else
      merged[at + 1], merged[at + 2], merged[at + 3] = session[1], session[2], session[3]
    end
  end
  redis.call('HSET', key, field, cjson.encode(merged))
  return merged, json == false
end
local function make_room(key, max)
  local fields = redis.call('HGETALL', key)
  local ends = {}
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 'v' then
      local list = cjson.decode(fields[i + 1])
      ends[#ends + 1] = { list[#list - 1], fields[i] }
    end
  end
  if #ends <= max then return end
  table.sort(ends, function(a, b) return a[1] < b[1] end)
  for i = 1, #ends - math.floor(max * 0.9) do redis.call('HDEL', key, ends[i][2]) end
  redis.call('HSET', key, 'full', 1)
end
`

/**
 * Adds members to a window and answers what is around them, alike whether they were new or not.
 * KEYS window, members, group, spans, extents, timers.
 * ARGV shape, window, added from and to, read from and to, replace from and to (ms), needed,
 *   quiet ms, floor ms or -inf, floor of spans ms or -inf, members max, expiry seconds, unit ms,
 *   mark to wake at or nothing, about or nothing, expiry seconds of timers;
 *   then time, text and value of each member.
 * Returns nothing when there is no detection around and none is stored, else
 * { version, cuts JSON, first or nothing, is full, { alert JSON … }, { extent … },
 *   { time, text, value … }, { span, count … } }.
 */
export const ASK_WINDOW = defineScript(
  'ask-window',
  `
${EXTENTS}
${SESSIONS}
local shape, id = ARGV[1], ARGV[2]
local from, to = tonumber(ARGV[3]), tonumber(ARGV[4])
local read_from, read_to = tonumber(ARGV[5]), tonumber(ARGV[6])
local lo, hi = tonumber(ARGV[7]), tonumber(ARGV[8])
local needed, quiet = tonumber(ARGV[9]), tonumber(ARGV[10])
local floor, spans_floor = ARGV[11], tonumber(ARGV[12])
local max, expiry, unit = tonumber(ARGV[13]), ARGV[14], tonumber(ARGV[15])
local first, members, bins = false, {}, {}
local isQuiet = true

if shape ~= 'events' then
  first = redis.call('HGET', KEYS[1], 'first')
  if #ARGV > 18 and (not first or from < tonumber(first)) then
    first = ARGV[3]
    redis.call('HSET', KEYS[1], 'first', first)
  end
end
local whole = first and from <= tonumber(first)
if whole then
  lo, hi, read_from, read_to = -math.huge, math.huge, -math.huge, math.huge
  isQuiet = false
end

if shape == 'sessions' then
  local asked = {}
  local isNew = false
  for i = 19, #ARGV, 3 do
    local field = 'v' .. ARGV[i + 2]
    local list, fresh = add_sighting(KEYS[1], field, tonumber(ARGV[i]), ARGV[i + 1], unit)
    isNew = isNew or fresh
    asked[field] = list
    for at = 1, #list, 3 do
      if list[at] == tonumber(ARGV[i]) then isQuiet = false end
    end
  end
  if isNew and redis.call('HLEN', KEYS[1]) > max then make_room(KEYS[1], max) end
  if whole then
    local fields = redis.call('HGETALL', KEYS[1])
    for i = 1, #fields, 2 do
      if string.sub(fields[i], 1, 1) == 'v' then asked[fields[i]] = cjson.decode(fields[i + 1]) end
    end
  end
  for field, list in pairs(asked) do
    for at = 1, #list, 3 do
      members[#members + 1] = string.format('%.0f', list[at])
      members[#members + 1] = list[at + 2] .. '\\n' .. string.format('%.0f', list[at + 1])
      members[#members + 1] = string.sub(field, 2)
    end
  end
else
  for i = 19, #ARGV, 3 do
    local added = redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1])
    if shape == 'spans' and added == 1 then
      redis.call('HINCRBY', KEYS[1], 's' .. string.format('%.0f', math.floor(tonumber(ARGV[i]) / unit)), 1)
    end
  end
  if redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -max - 1) > 0 and shape == 'events' then
    redis.call('HSET', KEYS[1], 'full', 1)
  end
  if floor ~= '-inf' and redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. floor) > 0 then
    local below = tonumber(floor)
    local isEvidence = false
    if shape == 'events' then
      for _, extent in ipairs(extents_in(KEYS[5], below, below, id)) do
        if extent[2] < below then isEvidence = true end
      end
    end
    if not isEvidence then redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. floor) end
  end
end

if shape == 'spans' then
  local span_from, span_to = math.floor(from / unit), math.floor(to / unit)
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 's' then
      local span, count = tonumber(string.sub(fields[i], 2)), tonumber(fields[i + 1])
      if (span + 1) * unit <= spans_floor then redis.call('HDEL', KEYS[1], fields[i])
      else
        bins[#bins + 1] = { span, count }
        if count >= needed and span >= span_from then isQuiet = false end
      end
    end
  end
  table.sort(bins, function(a, b) return a[1] < b[1] end)
  read_from, read_to = span_from * unit, (span_to + 1) * unit - 1
elseif shape == 'events' and redis.call('ZCOUNT', KEYS[2], lo, hi) >= needed then
  isQuiet = false
end

if shape == 'events' then
  redis.call('EXPIRE', KEYS[2], expiry)
  if ARGV[16] ~= '' or redis.call('EXISTS', KEYS[1]) == 1 then
    if ARGV[16] ~= '' then
      redis.call('HSET', KEYS[1], 'about', ARGV[17])
      local due = redis.call('ZSCORE', KEYS[6], id)
      if not due or tonumber(due) > tonumber(ARGV[16]) then
        redis.call('ZADD', KEYS[6], ARGV[16], id)
        redis.call('EXPIRE', KEYS[6], ARGV[18])
      end
    end
    redis.call('EXPIRE', KEYS[1], expiry)
  end
else
  redis.call('EXPIRE', KEYS[1], expiry)
  if shape == 'spans' then redis.call('EXPIRE', KEYS[2], expiry) end
end

local touched = extents_in(KEYS[5], lo, hi, id)
if isQuiet and #touched == 0 then return false end

if not whole then
  for _, extent in ipairs(touched) do
    lo, hi = math.min(lo, extent[2]), math.max(hi, extent[3])
    if shape == 'events' then
      read_from, read_to = math.min(read_from, extent[2]), math.max(read_to, extent[3])
    end
  end
end
if shape ~= 'sessions' then
  local found = redis.call('ZRANGEBYSCORE', KEYS[2], read_from, read_to, 'WITHSCORES')
  for i = 1, #found, 2 do
    members[#members + 1] = found[i + 1]
    members[#members + 1] = found[i]
    members[#members + 1] = ''
  end
end

local alerts = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], lo - quiet, '+inf')) do
  local json = redis.call('HGET', KEYS[3], name)
  local begins = json and tonumber(string.match(json, '"first":(%-?%d+)'))
  -- What was merged or withdrawn overlaps others, and has no detections.
  local isStanding = json and not string.find(json, '"resolution":"merged"', 1, true)
    and not string.find(json, '"resolution":"superseded"', 1, true)
  if isStanding and begins <= hi + quiet then
    alerts[#alerts + 1] = json
    local ends = tonumber(string.match(json, '"last":(%-?%d+)'))
    lo, hi = math.min(lo, begins), math.max(hi, ends)
  end
end
local texts = {}
for _, extent in ipairs(extents_in(KEYS[5], lo, hi)) do texts[#texts + 1] = extent[1] end
local flat = {}
for _, bin in ipairs(bins) do
  flat[#flat + 1] = bin[1]
  flat[#flat + 1] = bin[2]
end
return {
  tonumber(redis.call('HGET', KEYS[3], 'version') or '0'),
  redis.call('HGET', KEYS[3], 'cuts') or '[]',
  first or '',
  redis.call('HGET', KEYS[1], 'full') and 1 or 0,
  alerts, texts, members, flat,
}
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

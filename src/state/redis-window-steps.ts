// Owns the Lua functions that the script of windows is made of: detections, sessions, events by time and by
// span, and what is answered. The script itself: redis-window-scripts.ts.

/** What both sides know of a stored detection's text: the window's key, first and last come first. */
export const EXTENTS = `
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
export const SESSIONS = `
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
  local kept, isWithdrawn = {}, false
  for i = 3, #merged, 3 do kept[merged[i]] = true end
  for i = 3, #list, 3 do isWithdrawn = isWithdrawn or not kept[list[i]] end
  return merged, json == false, isWithdrawn
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

/** Events, and events counted by span: whether there can be a detection around, and which spans. */
export const EVENTS = `
local function drop_old(w, kind, card)
  if card > kind.max then
    redis.call('ZREMRANGEBYRANK', w.events, 0, -kind.max - 1)
    if kind.rare > 0 then redis.call('ZREMRANGEBYRANK', w.rare, 0, -kind.max - 1) end
    if kind.shape == 'events' then
      redis.call('HSET', w.key, 'full', 1)
      redis.call('EXPIRE', w.key, kind.expiry)
    end
  end
  -- A window that holds nothing but what came now is older than its floor only if that is.
  if kind.floor == -math.huge or (card == w.count and w.from >= kind.floor) then return end
  local floor = '(' .. string.format('%.0f', kind.floor)
  if redis.call('ZCOUNT', w.events, '-inf', floor) == 0 then return end
  if kind.shape == 'events' then
    for _, extent in ipairs(extents_in(w.extents, kind.floor, kind.floor, w.id)) do
      if extent[2] < kind.floor then return end
    end
  end
  redis.call('ZREMRANGEBYSCORE', w.events, '-inf', floor)
  if kind.rare > 0 then redis.call('ZREMRANGEBYSCORE', w.rare, '-inf', floor) end
end
local function bins_of(w, kind)
  local bins, isQuiet = {}, true
  local from = math.floor(w.from / kind.unit)
  local fields = redis.call('HGETALL', w.key)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 's' then
      local span, count = tonumber(string.sub(fields[i], 2)), tonumber(fields[i + 1])
      if (span + 1) * kind.unit <= kind.spans_floor then redis.call('HDEL', w.key, fields[i])
      else
        bins[#bins + 1] = { span, count }
        if count >= kind.needed and span >= from then isQuiet = false end
      end
    end
  end
  table.sort(bins, function(a, b) return a[1] < b[1] end)
  return bins, isQuiet
end
-- The counts are read as a whole only when a span begins or one that is not the newest changed.
local function add_spans(w, kind, whole, newest)
  local span_from, span_to = math.floor(w.from / kind.unit), math.floor(w.to / kind.unit)
  local isPlain = not whole and span_from == span_to and newest == span_from
  local count = false
  for i = w.at, w.at + (w.count - 1) * 3, 3 do
    local span = math.floor(tonumber(ARGV[i]) / kind.unit)
    if redis.call('ZADD', w.events, ARGV[i], ARGV[i + 1]) == 1 then
      count = redis.call('HINCRBY', w.key, 's' .. string.format('%.0f', span), 1)
      if count == 1 then isPlain = false end
      w.withdraws = w.withdraws or (newest and span < newest)
    end
  end
  if not newest or span_to > newest then redis.call('HSET', w.key, 'newest', string.format('%.0f', span_to)) end
  drop_old(w, kind, redis.call('ZCARD', w.events))
  w.read_from, w.read_to = span_from * kind.unit, (span_to + 1) * kind.unit - 1
  if isPlain then
    count = count or tonumber(redis.call('HGET', w.key, 's' .. string.format('%.0f', span_from)) or '0')
    if count < kind.needed then return {}, true end
  end
  return bins_of(w, kind)
end
-- Writing an expiry costs more than reading it: a tenth of it, at most an hour, may be gone.
local function keep(key, expiry)
  local left = redis.call('TTL', key)
  if left ~= -2 and left < expiry - math.min(3600, expiry / 10) then redis.call('EXPIRE', key, expiry) end
  return left
end
-- Members that are something else than the rest, which is noted as 'home'. Of a window that began
-- before that was noted nothing is known ('*').
local function note_rare(w, kind, card)
  local noted = redis.call('HGET', w.key, 'home')
  local home = noted or (card == w.count and kind.home) or '*'
  for i = w.at, w.at + (w.count - 1) * 3, 3 do
    local what = ARGV[i + 2]
    if home == '?' and what ~= '' then home = what end
    if what ~= '' and what ~= home and home ~= '*' then redis.call('ZADD', w.rare, ARGV[i], ARGV[i + 1]) end
  end
  if home ~= noted then redis.call('HSET', w.key, 'home', home) end
  return home
end
-- Who moved is at home elsewhere when nothing is left of the place before.
local function move_home(w, home)
  if redis.call('ZCARD', w.rare) < redis.call('ZCARD', w.events) then return end
  local events, last = redis.call('ZRANGE', w.events, 0, -1, 'WITHSCORES'), false
  for i = 1, #events, 2 do
    local place = string.match(events[i], ' p([^ ]+)')
    if place == home then return end
    last = place or last
  end
  if not last then return end
  redis.call('DEL', w.rare)
  for i = 1, #events, 2 do
    local place = string.match(events[i], ' p([^ ]+)')
    if place and place ~= last then redis.call('ZADD', w.rare, events[i + 1], events[i]) end
  end
  redis.call('HSET', w.key, 'home', last)
end
local function add_events(w, kind)
  local last = kind.withdraws == 'behind' and redis.call('ZREVRANGE', w.events, 0, 0, 'WITHSCORES')[2]
  for i = w.at, w.at + (w.count - 1) * 3, 3 do
    local isNew = redis.call('ZADD', w.events, ARGV[i], ARGV[i + 1]) == 1
    local isBehind = last and tonumber(ARGV[i]) < tonumber(last)
    w.withdraws = w.withdraws or (isNew and (kind.withdraws == 'always' or isBehind))
  end
  local card = redis.call('ZCARD', w.events)
  local home = kind.rare > 0 and note_rare(w, kind, card) or '*'
  drop_old(w, kind, card)
  if kind.rare > 0 then
    if kind.home == '?' and home ~= '?' and home ~= '*' then move_home(w, home) end
    keep(w.key, kind.expiry)
    -- These must not be forgotten before what they are rare among.
    keep(w.rare, kind.expiry + 3600)
  end
  if card < kind.needed or redis.call('ZCOUNT', w.events, w.lo, w.hi) < kind.needed then return true end
  return home ~= '*' and redis.call('ZCOUNT', w.rare, w.lo, w.hi) < kind.rare
end
local function wake(w, kind, expiry)
  local due = redis.call('ZSCORE', KEYS[1], w.id)
  local isLater = due and tonumber(due) <= tonumber(w.wake)
  -- What has no expiry yet begins now.
  if not isLater or redis.call('TTL', w.key) < 0 then redis.call('HSET', w.key, 'about', w.about) end
  keep(w.key, kind.expiry)
  if isLater then return end
  redis.call('ZADD', KEYS[1], w.wake, w.id)
  keep(KEYS[1], expiry)
end
`

/** Sightings of values, and what is known of the sessions of these or of all values. */
export const SIGHTINGS = `
local function add_sightings(w, kind, whole)
  local asked, members = {}, {}
  local isNew, isQuiet = false, true
  for i = w.at, w.at + (w.count - 1) * 3, 3 do
    local field, time = 'v' .. ARGV[i + 2], tonumber(ARGV[i])
    local list, fresh, isWithdrawn = add_sighting(w.key, field, time, ARGV[i + 1], kind.unit)
    isNew = isNew or fresh
    w.withdraws = w.withdraws or isWithdrawn
    asked[field] = list
    for at = 1, #list, 3 do
      if list[at] == time then isQuiet = false end
    end
  end
  if isNew and redis.call('HLEN', w.key) > kind.max then make_room(w.key, kind.max) end
  if whole then
    local fields = redis.call('HGETALL', w.key)
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
  return members, isQuiet
end
`

/** What is answered of a window where there may be a detection, or where one is stored. */
export const ANSWER = `
local function alerts_in(w, kind, lo, hi)
  local alerts = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', w.spans, lo - kind.quiet, '+inf')) do
    local json = redis.call('HGET', w.group, name)
    local begins = json and tonumber(string.match(json, '"first":(%-?%d+)'))
    -- What was merged or withdrawn overlaps others, and has no detections.
    local isStanding = json and not string.find(json, '"resolution":"merged"', 1, true)
      and not string.find(json, '"resolution":"superseded"', 1, true)
    if isStanding and begins <= hi + kind.quiet then
      alerts[#alerts + 1] = json
      local ends = tonumber(string.match(json, '"last":(%-?%d+)'))
      lo, hi = math.min(lo, begins), math.max(hi, ends)
    end
  end
  return alerts, lo, hi
end
local function answer(w, kind, found)
  local lo, hi, members = w.lo, w.hi, found.members
  if kind.shape ~= 'sessions' then
    local events = redis.call('ZRANGEBYSCORE', w.events, w.read_from, w.read_to, 'WITHSCORES')
    for i = 1, #events, 2 do
      members[#members + 1] = events[i + 1]
      members[#members + 1] = events[i]
      members[#members + 1] = ''
    end
  end
  local alerts, texts, flat = {}, {}, {}
  local isWhole = not found.known[1]
  while not isWhole do
    alerts, lo, hi = alerts_in(w, kind, lo, hi)
    texts = {}
    local from, to = lo, hi
    for _, extent in ipairs(extents_in(w.extents, from, to)) do
      texts[#texts + 1] = extent[1]
      lo, hi = math.min(lo, extent[2]), math.max(hi, extent[3])
    end
    -- Behind a cut a detection begins before its alert does: that is looked for again.
    isWhole = lo == from and hi == to
  end
  for _, bin in ipairs(found.bins) do
    flat[#flat + 1] = bin[1]
    flat[#flat + 1] = bin[2]
  end
  return {
    tonumber(found.known[1] or '0'),
    found.known[2] or '[]',
    found.first or '',
    redis.call('HGET', w.key, 'full') and 1 or 0,
    alerts, texts, members, flat,
  }
end
`

// Owns cuts: where people resolved alerts of a group, and nothing goes across any more.
import type { GroupChange } from './stores.ts'

/** Lua: adds cuts (JSON, ms) to those of a group, each once, in order. */
export const ADD_CUTS = `
local function addCuts(key, json)
  local more = cjson.decode(json)
  if #more == 0 then return end
  local known, texts = {}, {}
  for _, list in ipairs({ cjson.decode(redis.call('HGET', key, 'cuts') or '[]'), more }) do
    for _, cut in ipairs(list) do
      local text = string.format('%.0f', cut)
      if not known[text] then texts[#texts + 1] = text end
      known[text] = true
    end
  end
  table.sort(texts, function(a, b) return tonumber(a) < tonumber(b) end)
  redis.call('HSET', key, 'cuts', '[' .. table.concat(texts, ',') .. ']')
end`

/** The last event, at that moment, of each alert that a person resolves; ms. */
export function cutsOf({ alerts, trail }: GroupChange): readonly number[] {
  return trail.flatMap(({ alertId, entry }) => {
    const isResolved = entry.stateAfter === 'resolved' && entry.stateBefore !== 'resolved'
    const isByPerson = entry.reason === 'manual' || entry.reason === 'false-positive'
    const alert = alerts.find(({ id }) => id === alertId)
    return isResolved && isByPerson && alert !== undefined ? [alert.last] : []
  })
}

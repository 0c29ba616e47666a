-- Give an engine its slice of a gateway's contract, so that all slices together never exceed it.
-- KEYS[1] gateway:NAME, HASH engine -> "until,wanted,channels held,starts held"
-- ARGV    engine, ttl in ms, channels and starts of the contract, channels wanted (0: it leaves),
--         channels in use, channels and starts that the engine keeps to now (its last answer that arrived)
-- Returns {channels, starts}.
-- Atomic because what is given to one engine must be free, and nobody else's a moment later.
-- An engine holds what it was given last, what it still keeps to, and the channels its calls are on, whichever
-- is most: so a smaller slice is free for others only when its owner is known to keep to it, and a lost answer
-- costs nothing. A dead engine's slice is free when its time is over.
local TURN_MS = 10000 -- where there are more engines than channels, they take turns
local key, me = KEYS[1], ARGV[1]
local ttl, channels, starts = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted, in_use = tonumber(ARGV[5]), tonumber(ARGV[6])
local now = now_ms()

local engines, wants, held_channels, held_starts = {}, {[me] = wanted}, 0, 0
if wanted > 0 then engines[1] = me end
local all = redis.call('HGETALL', key)
for at = 1, #all, 2 do
  local name = all[at]
  local until_ms, its_wanted, its_channels, its_starts = string.match(all[at + 1], '^(%d+),(%d+),(%d+),(%d+)$')
  if tonumber(until_ms) <= now then
    redis.call('HDEL', key, name)
  elseif name ~= me then
    wants[name] = tonumber(its_wanted)
    if wants[name] > 0 then engines[#engines + 1] = name end
    held_channels, held_starts = held_channels + tonumber(its_channels), held_starts + tonumber(its_starts)
  end
end
table.sort(engines)

-- What each would get of `units` if nobody held anything: the modest what they want, the others equal parts;
-- what is left over in equal parts again, to be at hand.
local function part(units)
  local order, count = {}, #engines
  for at, name in ipairs(engines) do
    local want = (count > units) and 1 or math.max(1, math.min(wants[name], units))
    local turn = (count > units) and math.floor(now / TURN_MS) or 0
    order[at] = {name = name, want = want, turn = (at + turn) % count}
  end
  table.sort(order, function(a, b)
    if a.want ~= b.want then return a.want < b.want end
    return a.turn < b.turn
  end)
  local left, mine = units, 0
  for at, one in ipairs(order) do
    local given = math.min(one.want, math.floor(left / (count - at + 1)))
    left = left - given
    if one.name == me then mine = given end
  end
  for at, one in ipairs(order) do
    local more = math.floor(left / (count - at + 1))
    left = left - more
    if one.name == me then mine = mine + more end
  end
  return mine
end

local my_channels = math.max(0, math.min(part(channels), channels - held_channels))
local my_starts = math.max(0, math.min(part(starts), starts - held_starts))
redis.call('HSET', key, me, string.format('%.0f,%.0f,%.0f,%.0f', now + ttl, wanted,
  math.max(my_channels, tonumber(ARGV[7]), in_use), math.max(my_starts, tonumber(ARGV[8]))))
return {my_channels, my_starts}

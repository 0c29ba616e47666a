-- Store an intent: from here at most one call can come of it, and nobody else calls the person.
-- KEYS[1] root of the person's shard
-- ARGV    team, token, attempt, contact, person, version judged, packed Intent, packed Touch (the reservation)
-- Returns 1; 0 when the person's version moved on, an attempt is open, or this one was settled before. The same intent again is 1 again.
-- Raises FENCED; REUSED when the attempt's id carries another intent.
-- Atomic because the comparison, the intent, the reservation and the contact's place must change together.
-- The contact need not be claimed (an agent may dial by hand), nor exist (a call without a case).
local root, team, attempt, contact, person = KEYS[1], ARGV[1], ARGV[3], ARGV[4], ARGV[5]
if is_fenced(root, team, tonumber(ARGV[2])) then return fenced_reply(team) end
local open = root .. ':open:' .. team
local known = redis.call('HGET', open, attempt)
if known then
  if string.sub(known, string.find(known, '\n', 1, true) + 1) == ARGV[7] then return 1 end
  return redis.error_reply('REUSED ' .. attempt)
end
local key = root .. ':person:' .. person
local mark = redis.call('HMGET', key, 'v', 'open', 't:' .. attempt, 'x:' .. attempt)
if mark[2] or mark[3] or mark[4] or tonumber(mark[1] or 0) ~= tonumber(ARGV[6]) then return 0 end

redis.call('HSET', open, attempt, ARGV[2] .. '\n' .. ARGV[7])
redis.call('HSET', key, 'v', tonumber(ARGV[6]) + 1, 'open', attempt, 't:' .. attempt, ARGV[8])
local value = redis.call('GET', root .. ':contact:' .. contact)
if value then
  local _, campaign = header(value)
  redis.call('HSET', key, 'oc', contact)
  if redis.call('ZREM', root .. ':leases', contact) == 1 then
    unclaim(root, person, contact)
  else
    local queued = redis.call('ZREM', root .. ':ready:' .. campaign, contact)
      + redis.call('ZREM', root .. ':later:' .. campaign, contact)
    if queued == 0 then count(root, 'done', campaign, -1) end
    count(root, 'busy', campaign, 1)
  end
end
note(root, 'intent', ARGV[7])
return 1

-- End an attempt.
-- KEYS[1] root of the person's shard
-- ARGV    team, token, attempt, person, packed Touch or '' to give the reservation back, packed Progress,
--         due in epoch ms or '' to retire the contact, journal body of the CDR
-- Returns 1, or 0 when the attempt is not open (settled before): then nothing changes.
-- Raises FENCED.
-- Atomic because the CDR, the counters, the person's freedom and the contact's next turn must agree.
local TOUCHES_KEPT_MS = 100 * 86400000 -- longer than any limit looks back
local ENDED_KEPT_MS = 2 * 86400000     -- longer than an engine's own intent log keeps anything open
local TRIM_ABOVE = 32                  -- looked through only when there are more
local root, team, attempt, person = KEYS[1], ARGV[1], ARGV[3], ARGV[4]
if is_fenced(root, team, tonumber(ARGV[2])) then return fenced_reply(team) end
if redis.call('HDEL', root .. ':open:' .. team, attempt) == 0 then return 0 end
local key = root .. ':person:' .. person
local now = now_ms()

local contact = redis.call('HGET', key, 'oc')
redis.call('HDEL', key, 'open', 'oc')
redis.call('HINCRBY', key, 'v', 1)
if ARGV[5] == '' then
  redis.call('HDEL', key, 't:' .. attempt)
  redis.call('HSET', key, 'x:' .. attempt, now) -- it is over, though it left no trace: never again
else
  redis.call('HSET', key, 't:' .. attempt, ARGV[5])
end
local value = contact and redis.call('GET', root .. ':contact:' .. contact)
if value then
  local _, campaign, priority = header(value)
  redis.call('SET', root .. ':progress:' .. contact, ARGV[6])
  schedule(root, campaign, contact, priority, ARGV[7], now)
end
note(root, 'cdr', ARGV[8])

if redis.call('HLEN', key) > TRIM_ABOVE then
  local marks = redis.call('HGETALL', key)
  for at = 1, #marks, 2 do
    if string.sub(marks[at], 1, 2) == 't:' then
      local touch = cmsgpack.unpack(marks[at + 1]) -- {version, attempt, at_s, phase, ...}
      if touch[3] * 1000 < now - TOUCHES_KEPT_MS then redis.call('HDEL', key, marks[at]) end
    elseif string.sub(marks[at], 1, 2) == 'x:' and tonumber(marks[at + 1]) < now - ENDED_KEPT_MS then
      redis.call('HDEL', key, marks[at])
    end
  end
end
return 1

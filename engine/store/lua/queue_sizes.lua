-- Count a campaign's contacts.
-- KEYS    roots of the shards (on a Cluster: those of one slot)
-- ARGV    campaign, instant in epoch ms
-- Returns {due, later, claimed, done, earliest later in epoch ms or 0}. Changes nothing.
-- Atomic so that no contact is counted twice while it moves.
local campaign, at_ms = ARGV[1], tonumber(ARGV[2])
local due, later, claimed, done, earliest = 0, 0, 0, 0, 0
for _, root in ipairs(KEYS) do
  local waiting = root .. ':later:' .. campaign
  local became_due = redis.call('ZCOUNT', waiting, '-inf', at_ms)
  due = due + redis.call('ZCARD', root .. ':ready:' .. campaign) + became_due
  later = later + redis.call('ZCARD', waiting) - became_due
  local first = redis.call('ZRANGE', waiting, '(' .. ARGV[2], '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
  if first and (earliest == 0 or tonumber(first) < earliest) then earliest = tonumber(first) end
  local counted = redis.call('HMGET', root .. ':count', 'busy:' .. campaign, 'done:' .. campaign)
  claimed, done = claimed + tonumber(counted[1] or 0), done + tonumber(counted[2] or 0)
end
return {due, later, claimed, done, earliest}

-- Give the ownership of a team up; the token stays, so the next owner's is higher.
-- KEYS[1] team:NAME
-- ARGV    owner, token
-- Returns 1, or 0 when the team is no longer this owner's.
-- Atomic because the team may have been taken over between reading and writing.
local held = redis.call('HMGET', KEYS[1], 'owner', 'token')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0)
return 1

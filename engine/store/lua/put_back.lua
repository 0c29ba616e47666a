-- End a claim without an attempt.
-- KEYS[1] root of the person's shard
-- ARGV    team, token, contact, due in epoch ms or '' to retire, journal body
-- Returns 1, or 0 when the contact is not claimed (its lease ran out): then nothing changes.
-- Raises FENCED.
-- Atomic because the contact must be in exactly one place, and the reason is journalled with the move.
local root, contact = KEYS[1], ARGV[3]
if is_fenced(root, ARGV[1], tonumber(ARGV[2])) then return fenced_reply(ARGV[1]) end
if redis.call('ZREM', root .. ':leases', contact) == 0 then return 0 end
local person, campaign, priority = header(redis.call('GET', root .. ':contact:' .. contact))
unclaim(root, person, contact)
schedule(root, campaign, contact, priority, ARGV[4], now_ms())
note(root, 'blocked', ARGV[5])
return 1

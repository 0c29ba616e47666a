-- Give a contact that nobody holds another turn: a callback was promised.
-- KEYS[1] root of the person's shard
-- ARGV    team, token, contact, due in epoch ms, journal body
-- Returns 1, or 0 when the contact is unknown, claimed or being called: then nothing changes.
-- Raises FENCED.
-- Atomic because the contact must be in exactly one place, and the promise is journalled with the move.
local root, contact, due = KEYS[1], ARGV[3], tonumber(ARGV[4])
if is_fenced(root, ARGV[1], tonumber(ARGV[2])) then return fenced_reply(ARGV[1]) end
local value = redis.call('GET', root .. ':contact:' .. contact)
if not value then return 0 end
local person, campaign, priority = header(value)
if redis.call('ZSCORE', root .. ':leases', contact) then return 0 end
if redis.call('HGET', root .. ':person:' .. person, 'oc') == contact then return 0 end
local later = root .. ':later:' .. campaign
local there = redis.call('ZSCORE', later, contact)
if there and tonumber(there) == due then return 1 end -- said before
local queued = redis.call('ZREM', later, contact) + redis.call('ZREM', root .. ':ready:' .. campaign, contact)
if queued == 0 then count(root, 'done', campaign, -1) end
enqueue(root, campaign, contact, priority, due, now_ms())
note(root, 'callback', ARGV[5])
return 1

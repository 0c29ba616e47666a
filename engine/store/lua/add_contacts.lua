-- Add contacts to one shard's queues.
-- KEYS[1] root of their people's shard
-- ARGV    repeated: contact, due in epoch ms, stored value (its header names campaign and priority)
-- Returns how many were new; one that is there already stays as it is.
-- Atomic because the contact and its place in the queue must appear together.
local root, now, added = KEYS[1], now_ms(), 0
for at = 1, #ARGV, 3 do
  local contact, value = ARGV[at], ARGV[at + 2]
  if redis.call('SETNX', root .. ':contact:' .. contact, value) == 1 then
    local _, campaign, priority = header(value)
    enqueue(root, campaign, contact, priority, tonumber(ARGV[at + 1]), now)
    added = added + 1
  end
end
return added

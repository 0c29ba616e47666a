-- Tell shards of a new owner's token, so that the old owner is refused everywhere before the new one begins.
-- KEYS    roots of the shards (on a Cluster: those of one slot)
-- ARGV    team, token
-- Returns the highest token that each shard knows now: the given one, or a newer owner's.
-- Atomic per shard: the fence only ever rises.
local known = {}
for at, root in ipairs(KEYS) do
  is_fenced(root, ARGV[1], tonumber(ARGV[2]))
  known[at] = tonumber(redis.call('HGET', root .. ':fence', ARGV[1]))
end
return known

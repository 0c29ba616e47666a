-- Tell shards of a new owner's token, so that the old owner is refused everywhere before the new one begins.
-- KEYS    roots of the shards
-- ARGV    team, token
-- Returns 1. Raises FENCED when a still newer owner was here.
-- Atomic per shard: the fence only ever rises.
for _, root in ipairs(KEYS) do
  if is_fenced(root, ARGV[1], tonumber(ARGV[2])) then return fenced_reply(ARGV[1]) end
end
return 1

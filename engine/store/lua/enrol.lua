-- Remember in which shard a contact lives, so that it is found by its id and never added twice.
-- KEYS[1] root of the contact id's own shard; below it R:where:BUCKET, HASH contact -> shard number
-- ARGV    repeated: bucket, contact, shard number of its person
-- Returns the shard number known for each contact: the given one, or an older one, which stays.
-- Atomic because two imports may carry the same contact for two different people.
local known = {}
for at = 1, #ARGV, 3 do
  local key = KEYS[1] .. ':where:' .. ARGV[at]
  if redis.call('HSETNX', key, ARGV[at + 1], ARGV[at + 2]) == 1 then
    known[#known + 1] = ARGV[at + 2]
  else
    known[#known + 1] = redis.call('HGET', key, ARGV[at + 1])
  end
end
return known

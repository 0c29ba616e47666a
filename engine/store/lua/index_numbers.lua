-- Remember which contacts have a phone number.
-- KEYS[1] root of the number's own shard; below it R:number:BUCKET, HASH number -> contacts, one a line
-- ARGV    repeated: bucket, number, contact
-- Returns 1. Safe to repeat.
-- Atomic because two imports may add to the same number.
for at = 1, #ARGV, 3 do
  local key, number, contact = KEYS[1] .. ':number:' .. ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local known = redis.call('HGET', key, number)
  if not known then
    redis.call('HSET', key, number, contact)
  elseif not string.find('\n' .. known .. '\n', '\n' .. contact .. '\n', 1, true) then
    redis.call('HSET', key, number, known .. '\n' .. contact)
  end
end
return 1

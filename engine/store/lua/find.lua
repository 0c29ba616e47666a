-- Read a contact with its progress and its person.
-- KEYS[1] root of the person's shard
-- ARGV    contact
-- Returns {stored value, progress or '', fields of the person}, or nil. Changes nothing.
-- Atomic so that the three agree.
local value = redis.call('GET', KEYS[1] .. ':contact:' .. ARGV[1])
if not value then return nil end
local person = header(value)
return {
  value, redis.call('GET', KEYS[1] .. ':progress:' .. ARGV[1]) or '',
  redis.call('HGETALL', KEYS[1] .. ':person:' .. person),
}

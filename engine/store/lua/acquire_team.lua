-- Take or renew the ownership of a team.
-- KEYS[1] team:NAME, HASH owner, token, until (epoch ms)
-- ARGV    owner, ttl in ms, '1' when no other engine lives (its ownership ends here), least token
-- Returns {token, until in epoch ms}, or nil while another engine's ownership lasts.
-- Atomic because two engines may ask at once: one gets the next token, the other nil.
local now = now_ms()
local held = redis.call('HMGET', KEYS[1], 'owner', 'token', 'until')
local lives = held[3] and tonumber(held[3]) > now
if lives and held[1] ~= ARGV[1] then
  if ARGV[3] ~= '1' then return nil end
  lives = false
end
local token = tonumber(held[2] or 0)
if not lives then token = token + 1 end
token = math.max(token, tonumber(ARGV[4]))
local until_ms = now + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token, 'until', until_ms)
return {token, until_ms}

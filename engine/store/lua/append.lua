-- Append an engine's records to a shard's journal, each once however often it is sent.
-- KEYS[1] root of the shard; below it R:run:RUN, STRING, number of the run's last record here
-- ARGV    run, then repeated: number, kind, wall clock of the engine in seconds, body
-- Returns how many were new.
-- Atomic because the records and the number that proves them stored must appear together.
local REMEMBERED_S = 30 * 86400
local root, run = KEYS[1], ARGV[1]
local last_key = root .. ':run:' .. run
local last, added = tonumber(redis.call('GET', last_key) or -1), 0
for at = 2, #ARGV, 4 do
  local number = tonumber(ARGV[at])
  if number > last then
    redis.call('XADD', root .. ':journal', '*', 'k', ARGV[at + 1], 'b', ARGV[at + 3], 'a', ARGV[at + 2],
      'r', run .. '-' .. ARGV[at])
    last, added = number, added + 1
  end
end
redis.call('SET', last_key, last, 'EX', REMEMBERED_S)
return added

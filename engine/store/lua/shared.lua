-- Words shared by the scripts; the client puts this text in front of each of them.
--
-- A *root* is the hash tag of a shard, e.g. "{s07}". Keys below a root:
--   R:contact:ID     STRING  "person\ncampaign\npriority\n" + packed Contact; never changes
--   R:progress:ID    STRING  packed Progress; absent before the first attempt
--   R:ready:C        ZSET    contacts of campaign C that are due, score = rank (below)
--   R:later:C        ZSET    contacts due in future, score = due, epoch ms
--   R:leases         ZSET    claimed contacts of all campaigns, score = end of the lease, epoch ms
--   R:person:P       HASH    v version, open attempt, oc its contact, claim contact, cdue, cuntil; t:ATTEMPT touches;
--                         x:ATTEMPT over without a trace, its end in epoch ms
--   R:open:T         HASH    attempt -> "token\n" + packed Intent: unsettled intents of team T
--   R:count          HASH    busy:C claimed or in an attempt, done:C retired
--   R:fence          HASH    team -> highest token seen
--   R:journal        STREAM  k kind, b body, and for records of the engine a (its wall clock) and r (run-seq)
-- A contact is in exactly one place: ready, later, leases, its person's open attempt (oc), or retired.
-- Keys are built from the root, so all of them live in the root's slot of a Cluster.

local DUE_SPAN = 4398046511104 -- 2^42 ms, the year 2109: rank = due - priority * DUE_SPAN, exact in a double

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- True when a higher token of the team was seen. A higher one than seen is remembered.
local function is_fenced(root, team, token)
  local seen = tonumber(redis.call('HGET', root .. ':fence', team) or 0)
  if seen > token then return true end
  if seen < token then redis.call('HSET', root .. ':fence', team, token) end
  return false
end

local function fenced_reply(team)
  return redis.error_reply('FENCED ' .. team)
end

-- person, campaign, priority of a stored contact
local function header(value)
  local person, campaign, priority = string.match(value, '^([^\n]*)\n([^\n]*)\n(-?%d+)\n')
  return person, campaign, tonumber(priority)
end

-- Put a contact where its due instant belongs. Priorities beyond +-1000 count as +-1000.
local function enqueue(root, campaign, contact, priority, due, now)
  if due <= now then
    local rank = due - math.max(-1000, math.min(1000, priority)) * DUE_SPAN
    redis.call('ZADD', root .. ':ready:' .. campaign, rank, contact)
  else
    redis.call('ZADD', root .. ':later:' .. campaign, due, contact)
  end
end

local function count(root, what, campaign, by)
  redis.call('HINCRBY', root .. ':count', what .. ':' .. campaign, by)
end

-- The contact is nobody's now: due again at `due` (epoch ms), or, with '', retired.
local function schedule(root, campaign, contact, priority, due, now)
  count(root, 'busy', campaign, -1)
  if due == '' then
    count(root, 'done', campaign, 1)
  else
    enqueue(root, campaign, contact, priority, tonumber(due), now)
  end
end

-- Take the claim mark off a person, if it is for this contact; the due instant it kept, or nil.
local function unclaim(root, person, contact)
  local key = root .. ':person:' .. person
  local mark = redis.call('HMGET', key, 'claim', 'cdue')
  if mark[1] ~= contact then return nil end
  redis.call('HDEL', key, 'claim', 'cdue', 'cuntil')
  return tonumber(mark[2])
end

local function note(root, kind, body)
  redis.call('XADD', root .. ':journal', '*', 'k', kind, 'b', body)
end

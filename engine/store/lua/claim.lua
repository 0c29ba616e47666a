-- Take due contacts from the queues under a lease, best first over all given shards: higher priority, then
-- earlier due, then smaller id.
-- KEYS    roots of the shards (on a Cluster: those of one slot)
-- ARGV    team, token, campaign, limit, lease in ms, 'look' to be told only what is there
-- Returns for each contact {stored value, progress or '', fields of the person, end of the lease in epoch ms}.
-- or, for a look, the best ones' ranks and ids. Raises FENCED. Contacts whose lease ran out return first.
-- Atomic because a contact must not be handed out twice, nor two contacts of one person. O(log n + limit):
-- what a call moves is bounded; a backlog of expired leases or of contacts just become due takes a few calls.
local EXPIRE_MOST, PROMOTE_MOST = 20, 40 -- moves per shard and call: a few ms in all
local SKIP_MOST, STEP_BACK_MOST = 100, 400 -- contacts of busy people passed over; moved out of the way
local STEP_BACK_MS = 5000
local team, token, campaign = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local limit, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()

for _, root in ipairs(KEYS) do
  if is_fenced(root, team, token) then return fenced_reply(team) end
end

local function return_expired(root)
  local expired = redis.call('ZRANGE', root .. ':leases', '-inf', now, 'BYSCORE', 'LIMIT', 0, EXPIRE_MOST)
  for _, contact in ipairs(expired) do
    redis.call('ZREM', root .. ':leases', contact)
    local value = redis.call('GET', root .. ':contact:' .. contact)
    local person, its_campaign, priority = header(value)
    schedule(root, its_campaign, contact, priority, unclaim(root, person, contact) or now, now)
  end
end

local function promote(root)
  local later = root .. ':later:' .. campaign
  local due = redis.call('ZRANGE', later, '-inf', now, 'BYSCORE', 'LIMIT', 0, PROMOTE_MOST, 'WITHSCORES')
  for at = 1, #due, 2 do
    local contact = due[at]
    local _, _, priority = header(redis.call('GET', root .. ':contact:' .. contact))
    redis.call('ZREM', later, contact)
    enqueue(root, campaign, contact, priority, tonumber(due[at + 1]), now)
  end
end

-- One cursor per shard over its ready contacts; nothing is removed before the cursors have done their work.
local page = math.max(4, math.ceil(2 * limit / #KEYS))
local cursors = {}
local function load_page(cursor)
  cursor.rows = redis.call('ZRANGE', cursor.ready, cursor.next, cursor.next + page - 1, 'WITHSCORES')
  cursor.next, cursor.at = cursor.next + page, 1
  cursor.rank = tonumber(cursor.rows[2])
end
local function advance(cursor)
  cursor.at = cursor.at + 2
  cursor.rank = tonumber(cursor.rows[cursor.at + 1])
  if not cursor.rank and #cursor.rows == 2 * page then load_page(cursor) end
end
for index, root in ipairs(KEYS) do
  return_expired(root)
  promote(root)
  cursors[index] = {root = root, ready = root .. ':ready:' .. campaign, next = 0}
  load_page(cursors[index])
end
local function best()
  local found
  for _, cursor in ipairs(cursors) do
    if cursor.rank and (not found or cursor.rank < found.rank
        or (cursor.rank == found.rank and cursor.rows[cursor.at] < found.rows[found.at])) then
      found = cursor
    end
  end
  return found
end

if ARGV[6] == 'look' then
  local seen = {}
  while #seen < 2 * limit do
    local cursor = best()
    if not cursor then break end
    seen[#seen + 1], seen[#seen + 2] = string.format('%.0f', cursor.rank), cursor.rows[cursor.at]
    advance(cursor)
  end
  return seen
end

local claimed, gone, busy_people = {}, {}, 0
while #claimed < limit and busy_people < SKIP_MOST + STEP_BACK_MOST do
  local cursor = best()
  if not cursor then break end
  local root, contact, rank = cursor.root, cursor.rows[cursor.at], cursor.rank
  local value = redis.call('GET', root .. ':contact:' .. contact)
  local person, _, priority = header(value)
  local key = root .. ':person:' .. person
  local mark = redis.call('HMGET', key, 'open', 'cuntil')
  if mark[1] or (mark[2] and tonumber(mark[2]) > now) then
    busy_people = busy_people + 1
    if busy_people > SKIP_MOST then
      gone[#gone + 1] = {cursor.ready, contact}
      enqueue(root, campaign, contact, priority, now + STEP_BACK_MS, now)
    end
  else
    gone[#gone + 1] = {cursor.ready, contact}
    redis.call('ZADD', root .. ':leases', now + lease, contact)
    redis.call('HSET', key, 'claim', contact, 'cdue', rank % DUE_SPAN, 'cuntil', now + lease)
    count(root, 'busy', campaign, 1)
    claimed[#claimed + 1] = {
      value, redis.call('GET', root .. ':progress:' .. contact) or '', redis.call('HGETALL', key), now + lease,
    }
  end
  advance(cursor)
end
for _, entry in ipairs(gone) do redis.call('ZREM', entry[1], entry[2]) end
return claimed

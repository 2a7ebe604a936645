-- Take finished messages off the outbox and let each person's next message go.
-- KEYS: outbox, lanes, waiting, inbox, then for each message that something depends on: its status, its early statuses
-- ARGV: consumer group, TTL of a status in seconds, then for each:
--   stream id | status in KEYS (0: nothing depends on it) | what depends on it
--   | 1 if its early statuses are among the news | n news | n × news for the inbox
-- Returns for each its early statuses: a message that has any is finished only when they are among its news. Nothing
-- is added to them meanwhile, since what depends on the message is stored first.
local at = { outbox = KEYS[1], lanes = KEYS[2], waiting = KEYS[3] }
local position = 3
local function take()
  position = position + 1
  return ARGV[position - 1]
end

local function early_statuses(place, matter, known)
  if place == 0 then return {} end
  local rank = string.match(redis.call('GET', KEYS[place]) or '0', '^%d+')
  redis.call('SET', KEYS[place], rank .. ' ' .. matter, 'EX', ARGV[2])
  if known then
    redis.call('DEL', KEYS[place + 1])
    return {}
  end
  return redis.call('LRANGE', KEYS[place + 1], 0, -1)
end

local results = {}
while position <= #ARGV do
  local id, early = take(), early_statuses(tonumber(take()), take(), take() == '1')
  local news = {}
  for i = 1, tonumber(take()) do news[i] = take() end
  if #early == 0 then
    local entry = redis.call('XRANGE', at.outbox, id, id)[1]
    if entry then -- else someone else has finished it, and let the next go
      redis.call('XACK', at.outbox, ARGV[1], id)
      redis.call('XDEL', at.outbox, id)
      next_in_lane(at, place_of(entry))
    end
    for i = 1, #news do redis.call('XADD', KEYS[4], '*', 'e', news[i]) end
  end
  results[#results + 1] = early
end
return results

-- Bring back messages that are to be sent again, and timers, when they are due.
-- KEYS: retries, outbox, timers, inbox, lanes, waiting   ARGV: now, how many at most of each
-- Returns how many were brought back.
local at = { outbox = KEYS[2], lanes = KEYS[5], waiting = KEYS[6] }
local function due(key) return redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2]) end

local messages, events = due(KEYS[1]), due(KEYS[3])
for i = 1, #messages do
  local _, stop, person, number = string.find(messages[i], '^(%S*) (%d+) ')
  local payload = string.sub(messages[i], (stop or 0) + 1)
  if number == '0' and person ~= '' then -- others may have passed it
    line_up(at, person, { payload })
  else
    send(at, person or '', number or 0, payload)
  end
  redis.call('ZREM', KEYS[1], messages[i])
end
for i = 1, #events do
  redis.call('XADD', KEYS[4], '*', 'e', events[i])
  redis.call('ZREM', KEYS[3], events[i])
end
return #messages + #events

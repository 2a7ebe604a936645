-- Finish a batch: for each person the next session, messages to send, timers, and the finished messages.
-- KEYS: inbox or urgent lane, outbox, lanes, waiting, handover, tasks, timers, then one session key for each person
-- ARGV: consumer group, session TTL in seconds, n persons, then for each person:
--   old session | new session | person | n messages | n × stream id
--   | n outbound | n × outbound | n handed over | n × message | n tasks | n × task | n timers set | n × (due, event)
--   | n timers ended | n × event
-- A person is left as they are if their session has changed since it was read, or if someone else has finished one of
-- the messages. Returns for each person: 1 done, 0 left.
local at = { outbox = KEYS[2], lanes = KEYS[3], waiting = KEYS[4] }
local position = 4
local function take()
  position = position + 1
  return ARGV[position - 1]
end
local function take_all()
  local values = {}
  for i = 1, tonumber(take()) do values[i] = take() end
  return values
end

local results = {}
for place = 1, tonumber(ARGV[3]) do
  local session = KEYS[7 + place]
  local old, new, person = take(), take(), take()
  local messages, outbound, handed_over, tasks = take_all(), take_all(), take_all(), take_all()
  local timers = {}
  for i = 1, tonumber(take()) do timers[i] = { take(), take() } end
  local ended = take_all()

  local current = (redis.call('GET', session) or '') == old
  for i = 1, #messages do
    current = current and #redis.call('XRANGE', KEYS[1], messages[i], messages[i]) == 1
  end
  if current then
    redis.call('SET', session, new, 'EX', ARGV[2])
    line_up(at, person, outbound)
    for i = 1, #handed_over do redis.call('XADD', KEYS[5], '*', 'e', handed_over[i]) end
    for i = 1, #tasks do redis.call('XADD', KEYS[6], '*', 'e', tasks[i]) end
    for i = 1, #ended do redis.call('ZREM', KEYS[7], ended[i]) end
    for i = 1, #timers do redis.call('ZADD', KEYS[7], timers[i][1], timers[i][2]) end
    for i = 1, #messages do
      redis.call('XACK', KEYS[1], ARGV[1], messages[i])
      redis.call('XDEL', KEYS[1], messages[i])
    end
  end
  results[place] = current and 1 or 0
end
return results

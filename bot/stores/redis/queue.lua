-- Queue messages that answer nothing, each once, however often that is tried.
-- KEYS: outbox, lanes, waiting, then for each message: the key that says that it was queued
-- ARGV: TTL of those keys in seconds, then for each message: person | payload
local at = { outbox = KEYS[1], lanes = KEYS[2], waiting = KEYS[3] }
for i = 4, #KEYS do
  local person, payload = ARGV[2 * i - 6], ARGV[2 * i - 5]
  if redis.call('SET', KEYS[i], 1, 'NX', 'EX', ARGV[1]) then line_up(at, person, { payload }) end
end
return 1

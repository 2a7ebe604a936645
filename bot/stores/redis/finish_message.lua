-- Take messages that are done with off the outbox and let the next of each person go.
-- KEYS: outbox, lanes, waiting, inbox   ARGV: consumer group, then for each: stream id, news of it for the inbox or ''
local at = { outbox = KEYS[1], lanes = KEYS[2], waiting = KEYS[3] }
for i = 2, #ARGV, 2 do
  local entry = redis.call('XRANGE', at.outbox, ARGV[i], ARGV[i])[1]
  if entry then -- else someone else has finished it, and let the next go
    redis.call('XACK', at.outbox, ARGV[1], ARGV[i])
    redis.call('XDEL', at.outbox, ARGV[i])
    next_in_lane(at, place_of(entry))
  end
  if ARGV[i + 1] ~= '' then redis.call('XADD', KEYS[4], '*', 'e', ARGV[i + 1]) end
end
return 1

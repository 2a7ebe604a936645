-- Take a message off the outbox and keep it until it is to be sent again; those behind it wait.
-- KEYS: outbox, lanes, retries   ARGV: consumer group, stream id, when it is due, payload
-- Returns 1, or 0 when someone else has finished the entry.
local at = { outbox = KEYS[1], lanes = KEYS[2] }
local entry = redis.call('XRANGE', at.outbox, ARGV[2], ARGV[2])[1]
if not entry then return 0 end
redis.call('XACK', at.outbox, ARGV[1], ARGV[2])
redis.call('XDEL', at.outbox, ARGV[2])
local person, number = place_of(entry)
redis.call('ZADD', KEYS[3], ARGV[3], person .. ' ' .. number .. ' ' .. ARGV[4])
hold(at, person, number)
return 1

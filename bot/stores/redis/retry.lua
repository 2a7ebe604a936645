-- Take a message off the outbox and keep it until it is to be sent again. Those behind it wait, or pass it: then it lines
-- up again when it is due, like a new message; its number 0 says so.
-- KEYS: outbox, lanes, retries, waiting
-- ARGV: consumer group, stream id, when it is due, payload, 1 if those behind it pass
-- Returns 1, or 0 when someone else has finished the entry.
local at = { outbox = KEYS[1], lanes = KEYS[2], waiting = KEYS[4] }
local entry = redis.call('XRANGE', at.outbox, ARGV[2], ARGV[2])[1]
if not entry then return 0 end
redis.call('XACK', at.outbox, ARGV[1], ARGV[2])
redis.call('XDEL', at.outbox, ARGV[2])
local person, number = place_of(entry)
local passed = ARGV[5] == '1' and person ~= ''
redis.call('ZADD', KEYS[3], ARGV[3], person .. ' ' .. (passed and 0 or number) .. ' ' .. ARGV[4])
if passed then next_in_lane(at, person, number) else hold(at, person, number) end
return 1

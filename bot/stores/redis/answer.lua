-- Take an entry off a stream and, in the same step, queue what answers it.
-- KEYS: stream, outbox, lanes, waiting   ARGV: consumer group, stream id, person, then the payloads
-- Returns 1, or 0 when someone else has finished the entry.
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if redis.call('XDEL', KEYS[1], ARGV[2]) == 0 then return 0 end
local payloads = {}
for i = 4, #ARGV do payloads[i - 3] = ARGV[i] end
line_up({ outbox = KEYS[2], lanes = KEYS[3], waiting = KEYS[4] }, ARGV[3], payloads)
return 1

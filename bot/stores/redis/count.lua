-- Counts a call in the present window, which begins with its first call.
-- KEYS: count   ARGV: seconds of a window
-- Returns the calls in this window, and milliseconds until it ends.
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('PTTL', KEYS[1]) }

-- A token bucket shared by all processes that send from one number. It uses the server's clock: theirs may differ.
-- KEYS: bucket   ARGV: tokens per second, burst, tokens that are taken if they are there, tokens wanted now
-- Returns how many tokens were taken and, when none was, milliseconds until half a burst, or all wanted, is there.
local rate, burst, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local taken = math.min(most, math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens - taken), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], 60000)
local wait = 0
if taken == 0 then wait = math.ceil((math.min(wanted, math.ceil(burst / 2)) - tokens) * 1000 / rate) end
return { taken, wait }

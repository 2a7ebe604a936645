-- Take an entry off a stream and, in the same step, put what follows from it elsewhere.
-- KEYS: stream, stream to append to, sorted set
-- ARGV: consumer group, stream id, n appended, n × payload, n scheduled, n × (due, payload)
-- Returns 1, or 0 when someone else has finished the entry.
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
local appended = tonumber(ARGV[3])
for i = 1, appended do redis.call('XADD', KEYS[2], '*', 'e', ARGV[3 + i]) end
local first = 5 + appended
for i = 1, tonumber(ARGV[first - 1]) do
  redis.call('ZADD', KEYS[3], ARGV[first + 2 * i - 2], ARGV[first + 2 * i - 1])
end
return 1

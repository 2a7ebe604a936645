-- Move what is due from a sorted set to a stream.
-- KEYS: sorted set, stream   ARGV: now, how many at most   Returns how many were moved.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for i = 1, #due do
  redis.call('XADD', KEYS[2], '*', 'e', due[i])
  redis.call('ZREM', KEYS[1], due[i])
end
return #due

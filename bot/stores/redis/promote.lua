-- Move what is due from sorted sets to streams.
-- KEYS: pairs of sorted set and stream   ARGV: now, how many at most from each   Returns how many were moved.
local moved = 0
for pair = 1, #KEYS, 2 do
  local due = redis.call('ZRANGEBYSCORE', KEYS[pair], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
  for i = 1, #due do
    redis.call('XADD', KEYS[pair + 1], '*', 'e', due[i])
    redis.call('ZREM', KEYS[pair], due[i])
  end
  moved = moved + #due
end
return moved

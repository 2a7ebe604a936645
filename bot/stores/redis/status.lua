-- Apply delivery statuses, which come in any order: a message's status only ever rises.
-- KEYS: one key for each status   ARGV: TTL in seconds, then the rank of each   Returns for each: 1 if it rose.
local results = {}
for i = 1, #KEYS do
  local rose = tonumber(ARGV[i + 1]) > tonumber(redis.call('GET', KEYS[i]) or '0')
  if rose then redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1]) end
  results[i] = rose and 1 or 0
end
return results

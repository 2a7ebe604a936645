-- Apply delivery statuses, which come in any order: a message's status only ever rises.
-- A status is kept as its rank and, if something depends on the message, what that is (finish_message.lua adds it).
-- KEYS: for each status: its key, the key of early statuses
-- ARGV: TTL in seconds, TTL if something depends on the message, TTL of early statuses, then for each: rank,
-- what is kept of it in case it came before the message was finished ('': nothing)
-- Returns for each: 1 if it rose, 1 if nothing better is known, what depends on the message.
local results = {}
for i = 1, #KEYS, 2 do
  local status, early = KEYS[i], KEYS[i + 1]
  local rank, payload = tonumber(ARGV[3 + i]), ARGV[4 + i]
  local before, matter = string.match(redis.call('GET', status) or '0', '^(%d+) ?(.*)$')
  local rose = rank > tonumber(before)
  if rose then
    if matter == '' then
      redis.call('SET', status, rank, 'EX', ARGV[1])
    else
      redis.call('SET', status, rank .. ' ' .. matter, 'EX', ARGV[2])
    end
  end
  if matter == '' and payload ~= '' then
    redis.call('RPUSH', early, payload)
    redis.call('EXPIRE', early, ARGV[3])
  end
  results[#results + 1] = { rose and 1 or 0, rank >= tonumber(before) and 1 or 0, matter }
end
return results

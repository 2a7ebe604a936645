-- Rewrite a stream without a consumer group, keeping its ids: the server keeps all bytes of a deleted entry, in memory
-- and in its files, until every entry of the same node (about a hundred) is deleted.
-- KEYS: stream, a key to write aside   ARGV: entries at a time   Returns how many there are.
redis.call('DEL', KEYS[2])
local start, count = '-', 0
while true do
  local page = redis.call('XRANGE', KEYS[1], start, '+', 'COUNT', ARGV[1])
  if #page == 0 then break end
  for i = 1, #page do redis.call('XADD', KEYS[2], page[i][1], unpack(page[i][2])) end
  count = count + #page
  start = '(' .. page[#page][1]
end
if count > 0 then redis.call('RENAME', KEYS[2], KEYS[1]) else redis.call('DEL', KEYS[1]) end
return count

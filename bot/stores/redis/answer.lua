-- Take entries off a stream and, in the same step, queue what answers them.
-- KEYS: stream, outbox, lanes, waiting
-- ARGV: consumer group, then for each entry: stream id | person | n payloads | n × payload
-- An entry that someone else has finished has been answered already.
local at = { outbox = KEYS[2], lanes = KEYS[3], waiting = KEYS[4] }
local position = 2
while position <= #ARGV do
  local id, person, count = ARGV[position], ARGV[position + 1], tonumber(ARGV[position + 2])
  local payloads = {}
  for i = 1, count do payloads[i] = ARGV[position + 2 + i] end
  position = position + 3 + count
  redis.call('XACK', KEYS[1], ARGV[1], id)
  if redis.call('XDEL', KEYS[1], id) == 1 then line_up(at, person, payloads) end
end
return 1

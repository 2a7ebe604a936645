-- Give up the name of a reader, and the names of dead readers, unless entries are unfinished under it: they would be
-- lost with the name.
-- KEYS: stream   ARGV: consumer group, own name, milliseconds without a request after which a reader is dead
local readers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
for _, fields in ipairs(readers) do -- an error (no stream, no group) has none
  local reader = {}
  for i = 1, #fields, 2 do reader[fields[i]] = fields[i + 1] end
  if reader.pending == 0 and (reader.name == ARGV[2] or reader.idle > tonumber(ARGV[3])) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], reader.name)
  end
end
return 1

-- Take finished entries off a stream.
-- KEYS: stream   ARGV: consumer group, then the stream ids
for i = 2, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
return 1

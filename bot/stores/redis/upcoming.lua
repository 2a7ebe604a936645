-- Count the events to be answered now or soon, in one step, since they move back and forth.
-- KEYS: inbox, timers   ARGV: until when (unix seconds) a timer is soon due
return redis.call('XLEN', KEYS[1]) + redis.call('ZCOUNT', KEYS[2], '-inf', ARGV[1])

-- Take a dead letter and put what it holds back into a queue, in one step.
-- KEYS: dead letters, queue; for a message also lanes, waiting   ARGV: id of the letter, person, what the letter holds
-- Returns 1, or 0 when it is no longer there.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if KEYS[3] then
  line_up({ outbox = KEYS[2], lanes = KEYS[3], waiting = KEYS[4] }, ARGV[2], { ARGV[3] })
else
  redis.call('XADD', KEYS[2], '*', 'e', ARGV[3])
end
return 1

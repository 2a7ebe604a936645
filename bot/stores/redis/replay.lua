-- Take a dead letter and put what it holds back into a queue, in one step.
-- KEYS: dead letters, queue; of a message also lanes, waiting   ARGV: id of the letter, person
-- Returns 1, or 0 when it is no longer there.
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return 0 end
local fields = letter[2]
for i = 1, #fields, 2 do
  if fields[i] == 'e' and KEYS[3] then
    line_up({ outbox = KEYS[2], lanes = KEYS[3], waiting = KEYS[4] }, ARGV[2], { fields[i + 1] })
  elseif fields[i] == 'e' then
    redis.call('XADD', KEYS[2], '*', 'e', fields[i + 1])
  end
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1

-- Store events once each: dedupe, back-pressure and append in one step.
-- KEYS: inbox, then the "seen" sets of the days involved
-- ARGV: inbox limit, seconds to remember, then for each event: index of its set in KEYS, digest, payload,
-- how many older digests it may be known by, and these
-- Returns for each event: 1 stored, 0 known already, -1 refused because the inbox is full
local results = {}
local grown = {}
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local i = 3
while i <= #ARGV do
  local seen = KEYS[tonumber(ARGV[i])]
  local older = i + 3 + tonumber(ARGV[i + 3])
  local known = false
  for j = i + 4, older do
    known = known or redis.call('SISMEMBER', seen, ARGV[j]) == 1
  end
  if known then
    results[#results + 1] = 0
  elseif room <= 0 then
    results[#results + 1] = redis.call('SISMEMBER', seen, ARGV[i + 1]) == 1 and 0 or -1
  elseif redis.call('SADD', seen, ARGV[i + 1]) == 0 then
    results[#results + 1] = 0
  else
    redis.call('XADD', KEYS[1], '*', 'e', ARGV[i + 2])
    grown[seen] = true
    room = room - 1
    results[#results + 1] = 1
  end
  i = older + 1
end
for seen in pairs(grown) do redis.call('EXPIRE', seen, ARGV[2]) end
return results

-- Store events once each: dedupe, a limit for each person, back-pressure and append in one step.
-- KEYS: inbox, urgent lane, the "seen" sets of the days involved, the limits of the persons involved
-- ARGV: entries that the inbox and the urgent lane may hold, bytes of each, seconds to remember, units that a person
-- has, units that come back in a second, then for each event: lane in KEYS | set in KEYS | digest | payload | claim |
-- limit in KEYS (0: none) | when it was written | n digests it may be known by | n × digest
-- Returns for each event: 1 stored, 0 known already, -1 refused because its lane is full, -2 over its person's limit,
-- -3 a withdrawal that says nothing new
local ORDINARY, MATTERS, WITHDRAWAL = 1, 2, 3
local UNIT = 1024 -- bytes; every event takes one unit, and a longer one more

local most_of, bytes, memory = { [KEYS[1]] = ARGV[1], [KEYS[2]] = ARGV[2] }, tonumber(ARGV[3]), tonumber(ARGV[4])
local all, per_second = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local function room_in(lane)
  if tonumber(redis.call('MEMORY', 'USAGE', lane) or 0) >= bytes then return 0 end
  return most_of[lane] - redis.call('XLEN', lane)
end

-- What is known of a person: units left and when they were counted; when the newest ordinary event was written, the
-- newest withdrawal, and the newest withdrawal after another with nothing ordinary in between; and the newest
-- withdrawal that was left out because it said nothing new.
local function load_limit(key)
  local of = {}
  local kept = redis.call('GET', key) or ''
  for number in string.gmatch(kept, '%S+') do of[#of + 1] = tonumber(number) end
  if #of < 6 then of = { all, now, 0, 0, 0, 0 } end
  local units = math.min(all, of[1] + math.max(0, now - of[2]) * per_second)
  return { units = units, ordinary = of[3], once = of[4], twice = of[5], merged = of[6] }
end

local function keep_limit(key, limit)
  -- As long as it takes to regain all units; after a left-out withdrawal, as long as Meta redelivers.
  local seconds = limit.merged > 0 and memory or math.ceil(3 * all / per_second)
  local kept = string.format(
    '%.3f %.3f %d %d %d %d', limit.units, now, limit.ordinary, limit.once, limit.twice, limit.merged)
  redis.call('SET', key, kept, 'EX', seconds)
end

-- A withdrawal counts whatever the limit says, unless two are stored already with nothing after them that could need
-- it: the first may be the answer to something else, the second can't. Events older than a left-out withdrawal must
-- not be taken later, for there would be no withdrawal after them.
local function result_of(limit, claim, at)
  if claim == WITHDRAWAL then
    return (limit.units >= 1 or limit.twice <= limit.ordinary) and 1 or -3
  end
  if at <= limit.merged then return -2 end
  return limit.units >= (claim == MATTERS and 1 - all or 1) and 1 or -2
end

local function take(limit, claim, at, size)
  limit.units = math.max(-2 * all, limit.units - 1 - math.floor(size / UNIT))
  if claim == WITHDRAWAL then
    if limit.once > limit.ordinary then limit.twice = math.max(limit.twice, math.min(limit.once, at)) end
    limit.once = math.max(limit.once, at)
  else
    limit.ordinary = math.max(limit.ordinary, at)
  end
end

local function is_known(seen, digest, first, last)
  local known = redis.call('SISMEMBER', seen, digest) == 1
  for i = first, last do known = known or redis.call('SISMEMBER', seen, ARGV[i]) == 1 end
  return known
end

local room, results, grown = {}, {}, {}
local i = 7
while i <= #ARGV do
  local lane, seen, digest, payload = KEYS[tonumber(ARGV[i])], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]
  local claim, key, at = tonumber(ARGV[i + 4]), KEYS[tonumber(ARGV[i + 5])], math.min(tonumber(ARGV[i + 6]), now)
  local last = i + 7 + tonumber(ARGV[i + 7])
  room[lane] = room[lane] or room_in(lane)
  local limit = key and load_limit(key)
  local result = limit and result_of(limit, claim, at) or 1
  if is_known(seen, digest, i + 8, last) then
    result = 0
  elseif result == 1 and room[lane] <= 0 then
    result = -1
  elseif result == 1 then
    redis.call('SADD', seen, digest)
    redis.call('XADD', lane, '*', 'e', payload)
    grown[seen], room[lane] = true, room[lane] - 1
    if limit then
      take(limit, claim, at, #payload)
      keep_limit(key, limit)
    end
  elseif result == -3 then
    limit.merged = math.max(limit.merged, at)
    keep_limit(key, limit)
  end
  results[#results + 1] = result
  i = last + 1
end
for seen in pairs(grown) do redis.call('EXPIRE', seen, memory) end
return results

-- Lanes: over all processes, only one of a person's messages is on its way at a time; the others wait behind it, so two
-- workers cannot send them in the wrong order. Prepended to the scripts that need it.
-- `at` names the keys: at.outbox, a stream of payload, person and number in the lane; at.lanes, a hash of person → when
-- the lane last moved (unix seconds), number of the message on its way, number of the last message behind it; a person
-- who is not there has nothing queued; at.waiting, a hash of person and number → payload.
local LOST_AFTER = 25 * 3600 -- longer than any message may wait: someone has deleted the message that was on its way

local function now() return tonumber(redis.call('TIME')[1]) end

local function lane_of(at, person)
  local moved, current, last = string.match(redis.call('HGET', at.lanes, person) or '', '^(%d+) (%d+) (%d+)$')
  return moved and { moved = tonumber(moved), current = tonumber(current), last = tonumber(last) }
end

local function keep(at, person, lane)
  redis.call('HSET', at.lanes, person, string.format('%d %d %d', lane.moved, lane.current, lane.last))
end

local function place_of(entry) return entry[2][4] or '', tonumber(entry[2][6]) or 0 end

local function send(at, person, number, payload)
  redis.call('XADD', at.outbox, '*', 'e', payload, 'p', person, 'n', number)
end

local function move(at, person, lane)
  while lane.current < lane.last do
    lane.current = lane.current + 1
    local place = person .. ' ' .. lane.current
    local payload = redis.call('HGET', at.waiting, place)
    if payload then
      redis.call('HDEL', at.waiting, place)
      send(at, person, lane.current, payload)
      lane.moved = now()
      return keep(at, person, lane)
    end
  end
  redis.call('HDEL', at.lanes, person)
end

-- Queue a person's messages: the first goes at once if no other is on its way.
local function line_up(at, person, payloads)
  if #payloads == 0 then return end
  local lane, first = lane_of(at, person), 1
  if not lane then
    lane, first = { moved = now(), current = 1, last = 1 }, 2
    send(at, person, 1, payloads[1])
  end
  for i = first, #payloads do
    lane.last = lane.last + 1
    redis.call('HSET', at.waiting, person .. ' ' .. lane.last, payloads[i])
  end
  if now() - lane.moved > LOST_AFTER then move(at, person, lane) else keep(at, person, lane) end
end

-- Let the next message go after a finished message, unless its lane was taken for lost and has moved on without it.
local function next_in_lane(at, person, number)
  local lane = lane_of(at, person)
  if lane and lane.current == number then move(at, person, lane) end
end

-- Note that a message will come again: its lane is not lost.
local function hold(at, person, number)
  local lane = lane_of(at, person)
  if lane and lane.current == number then
    lane.moved = now()
    keep(at, person, lane)
  end
end


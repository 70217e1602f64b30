-- Precedes the scripts that write records. Numbers are doubles, exact up to 2^53: positions and sums must be turned into text by
-- text(), since tostring() rounds to 14 digits.

local GAP_DISTANCE = 4294967296

local function text(number)
  return string.format('%.0f', number)
end

local function crc32(bytes)
  local crc = -1
  for i = 1, #bytes do
    crc = bit.bxor(crc, string.byte(bytes, i))
    for _ = 1, 8 do
      crc = bit.bxor(bit.rshift(crc, 1), bit.band(0xEDB88320, -bit.band(crc, 1)))
    end
  end
  return bit.bnot(crc)
end

-- The payload of LogGap: docs/formats/batch.md, "Gap".
local function gapPayload(lastBefore)
  local body = struct.pack('<i8', lastBefore)
  return 'OMG\1' .. struct.pack('<i4', crc32(body)) .. body
end

-- Milliseconds of Redis' own clock.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function readHead(key)
  local fields = redis.call('HMGET', key, 'position', 'points', 'bytes', 'ingested', 'trimmedBytes', 'keyScore', 'run')
  return {
    position = tonumber(fields[1] or '0'),
    points = tonumber(fields[2] or '0'),
    bytes = tonumber(fields[3] or '0'),
    ingested = tonumber(fields[4] or '0'),
    trimmedBytes = tonumber(fields[5] or '0'),
    keyScore = tonumber(fields[6] or '0'),
    run = fields[7],
  }
end

local function writeHead(key, head)
  redis.call('HSET', key, 'position', text(head.position), 'points', text(head.points), 'bytes', text(head.bytes),
    'ingested', text(head.ingested), 'keyScore', text(head.keyScore), 'run', head.run)
end

-- Wakes those that wait. They look by themselves too, so nobody fails when it is not allowed.
local function publish(key, head)
  redis.pcall('PUBLISH', key, text(head.position))
end

local function addRecord(key, head, points, payload)
  head.position = head.position + 1
  head.points = head.points + points
  head.bytes = head.bytes + #payload
  redis.call('XADD', key, text(head.position) .. '-0',
    'i', text(head.ingested), 'p', text(head.points), 'b', text(head.bytes), 'd', payload)
end

-- The position after which the log goes on a gap later, when it may have lost its tail: the server was restarted or another one took
-- over since it was last written, or somebody has seen a later position (floor) than it knows. Nil when it is whole.
local function lostAfter(head, floor, run)
  if head.run == run and head.position >= floor then
    return nil
  end
  if not head.run and floor == 0 then
    return nil
  end
  return head.position
end

-- Identity of this run of the server.
local function runId()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or 'unknown'
end

local function addGap(key, head, floor, lastBefore)
  local position = lastBefore + GAP_DISTANCE
  if position <= floor then
    position = floor + GAP_DISTANCE
  end
  head.position = position - 1
  addRecord(key, head, 0, gapPayload(lastBefore))
end
